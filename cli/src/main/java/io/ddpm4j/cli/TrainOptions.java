package io.ddpm4j.cli;

import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.VarianceType;
import io.ddpm4j.trainer.loop.DataConfig;
import io.ddpm4j.trainer.loop.DiffusionConfig;
import io.ddpm4j.trainer.loop.NetworkConfig;
import io.ddpm4j.trainer.loop.ObjectiveConfig;
import io.ddpm4j.trainer.loop.OptimizerConfig;
import io.ddpm4j.trainer.loop.RunConfig;
import io.ddpm4j.trainer.objective.LossKind;
import io.ddpm4j.trainer.objective.TimestepSampling;
import io.ddpm4j.trainer.optim.Decay;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * The hyperparameters of {@code ddpm train}. A field is null where the user said nothing; then the
 * preset decides. Descriptions take the presets' numbers from {@link PresetDefaults}.
 */
final class TrainOptions {
  /** The options that make a named schedule. */
  private static final Set<String> SCHEDULE =
      Set.of("--schedule", "--train-timesteps", "--beta-start", "--beta-end");

  private TrainOptions() {}

  /** Length, seed, and what is kept. */
  static final class Run {
    @Option(
        names = "--seed",
        paramLabel = "N",
        description = "Decides everything random (default: 0).")
    Long seed;

    @Option(
        names = "--threads",
        paramLabel = "N",
        converter = Numbers.NotNegative.class,
        description = "Processor threads; 0 for all (default: ${bundle:preset.threads}).")
    Integer threads;

    @Option(
        names = "--checkpoint-every",
        paramLabel = "N",
        converter = Numbers.NotNegative.class,
        description =
            "Steps between checkpoints; 0 for one at the end (default:"
                + " ${bundle:preset.checkpointEvery}).")
    Integer checkpointEvery;

    @Option(
        names = "--keep-checkpoints",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "Older ones are deleted (default: ${bundle:preset.keepCheckpoints}).")
    Integer keepCheckpoints;

    @Option(
        names = "--sample-every",
        paramLabel = "N",
        converter = Numbers.NotNegative.class,
        description =
            "Steps between sample grids; 0 for none (default: ${bundle:preset.sampleEvery}).")
    Integer sampleEvery;

    @Option(
        names = "--sample-images",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "Images in a sample grid (default: ${bundle:preset.sampleImages}).")
    Integer sampleImages;

    @Option(
        names = "--sample-steps",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "Sampling steps of a sample grid (default: ${bundle:preset.sampleSteps}).")
    Integer sampleSteps;

    RunConfig over(RunConfig preset, Integer steps) {
      return new RunConfig(
          orElse(steps, preset.steps()),
          seed == null ? preset.seed() : seed,
          orElse(checkpointEvery, preset.checkpointEvery()),
          orElse(keepCheckpoints, preset.keepCheckpoints()),
          orElse(sampleEvery, preset.sampleEvery()),
          orElse(sampleImages, preset.sampleImages()),
          orElse(sampleSteps, preset.sampleSteps()),
          orElse(threads, preset.threads()));
    }
  }

  /** The training images. */
  static final class Data {
    @Option(
        names = "--data-dir",
        paramLabel = "DIR",
        description =
            "Where the files of fashion-mnist or emoji are (default: where Debian's package or npm"
                + " puts them).")
    Path dataDir;

    @Option(
        names = "--labels",
        paramLabel = "FILE",
        description = "idx file of labels beside an idx file of images (default: none).")
    Path labels;

    @Option(
        names = "--labels-from-folders",
        description = "Sub-folders of a folder of images are classes.")
    boolean labelsFromFolders;

    @Option(
        names = "--image-size",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "Height and width of shapes, emoji and images from a folder (default: 32).")
    Integer imageSize;

    @Option(
        names = "--channels",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "1 (grey) or 3 (colour), of images from a folder (default: 3).")
    Integer channels;

    @Option(
        names = "--background",
        paramLabel = "RRGGBB",
        converter = Colour.class,
        description =
            "Colour behind transparent pixels, of images from a folder (default: ffffff).")
    Integer background;

    @Option(
        names = "--horizontal-flips",
        description = "Mirror half of the images; of emoji, no letters, clocks and flags.")
    boolean horizontalFlips;

    /** Refuses images that cannot be halved from level to level. */
    void requireFits(int levels) {
      int factor = 1 << Math.min(levels - 1, 30);
      if (imageSize != null && imageSize % factor != 0) {
        throw new UsageException(
            "--image-size: expected a multiple of %d, for the %d levels of the network, found %d"
                .formatted(factor, levels, imageSize));
      }
    }

    DataConfig over(DataConfig preset) {
      return new DataConfig(
          preset.source(),
          dataDir == null ? preset.dataDir() : dataDir.toString(),
          labels == null ? preset.labels() : labels.toString(),
          imageSize == null ? preset.imageSize() : imageSize,
          channels == null ? preset.channels() : channels,
          background == null ? preset.background() : background,
          labelsFromFolders || preset.labelsFromFolders(),
          horizontalFlips || preset.horizontalFlips());
    }
  }

  /** The U-Net. */
  static final class Network {
    @Option(
        names = "--widths",
        paramLabel = "N",
        split = ",",
        converter = Numbers.Positive.class,
        description =
            "Channels of each level, from full resolution down (default: ${bundle:preset.widths}).")
    List<Integer> widths;

    @Option(
        names = "--attention",
        paramLabel = "LEVEL",
        split = ",",
        converter = Numbers.NotNegative.class,
        description =
            "Levels with self-attention, from 1; 0 for none but the middle"
                + " (default: ${bundle:preset.attention}).")
    List<Integer> attention;

    @Option(
        names = "--layers",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "ResNet blocks of a level (default: ${bundle:preset.layers}).")
    Integer layers;

    @Option(
        names = "--groups",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "Groups of the group norms (default: ${bundle:preset.groups}).")
    Integer groups;

    @Option(
        names = "--head-channels",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "Channels of an attention head (default: ${bundle:preset.headChannels}).")
    Integer headChannels;

    @Option(
        names = "--unconditional",
        description = "Do not tell the network the classes of the data.")
    boolean unconditional;

    @Option(
        names = "--label-dropout",
        paramLabel = "X",
        description =
            "Share of images whose class is not told, for classifier-free guidance; 0.1 is usual"
                + " (default: ${bundle:preset.labelDropout}).")
    Double labelDropout;

    @Option(
        names = "--dropout",
        paramLabel = "X",
        description =
            "Share of elements that training drops in each ResNet block (default:"
                + " ${bundle:preset.dropout}).")
    Double dropout;

    NetworkConfig over(NetworkConfig preset) {
      List<Integer> channels = widths == null ? preset.channels() : widths;
      int groupCount = orElse(groups, preset.groups());
      int headWidth = orElse(headChannels, preset.attentionHeadDim());
      try {
        NetworkConfig network =
            new NetworkConfig(
                channels,
                attention(preset, channels.size()),
                orElse(layers, preset.layersPerBlock()),
                groupCount,
                headWidth,
                preset.classConditional() && !unconditional,
                orElse(labelDropout, preset.labelDropout()),
                orElse(dropout, preset.dropout()),
                preset.unet());
        network.requireWidths();
        return network;
      } catch (IllegalArgumentException e) { // names the option
        throw new UsageException(e.getMessage());
      }
    }

    /** Whether an option says something of widths, or of what divides them. */
    boolean saysWidths() {
      return widths != null || groups != null || headChannels != null;
    }

    /**
     * Refuses what contradicts the network of a model that a run begins with.
     *
     * @param name of the model, for the message
     */
    void requireSame(NetworkConfig model, String name) {
      requireSame("--widths", widths, model.channels(), name);
      List<Integer> levels =
          IntStream.rangeClosed(1, model.attention().size())
              .filter(level -> model.attention().get(level - 1))
              .boxed()
              .toList();
      List<Integer> asked =
          attention == null
              ? null
              : attention.stream().filter(level -> level > 0).distinct().sorted().toList();
      requireSame("--attention", asked, levels, name);
      requireSame("--layers", layers, model.layersPerBlock(), name);
      requireSame("--groups", groups, model.groups(), name);
      requireSame("--head-channels", headChannels, model.attentionHeadDim(), name);
      if (unconditional && model.classConditional()) {
        throw new UsageException(
            "--unconditional does not apply: the network of " + name + " is told the class");
      }
    }

    private static void requireSame(String option, Object said, Object model, String name) {
      if (said != null && !said.equals(model)) {
        throw new UsageException(
            "%s: expected %s, as in %s, found %s"
                .formatted(option, joined(model), name, joined(said)));
      }
    }

    /** As the option is written: 32,64. */
    private static String joined(Object value) {
      String text = value.toString().replaceAll("[\\[\\] ]", "");
      return text.isEmpty() ? "0" : text;
    }

    private List<Boolean> attention(NetworkConfig preset, int levels) {
      if (attention == null && preset.attention().size() == levels) {
        return preset.attention();
      }
      // Another number of levels: attention at the coarsest, as in every preset.
      List<Integer> chosen = attention == null ? List.of(levels) : attention;
      for (int level : chosen) {
        if (level > levels) {
          throw new UsageException(
              "--attention: expected levels from 1 to " + levels + ", found " + level);
        }
      }
      return IntStream.rangeClosed(1, levels).mapToObj(chosen::contains).toList();
    }
  }

  /** The update. */
  static final class Optimizer {
    @Option(
        names = "--batch-size",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "Images of a batch (default: ${bundle:preset.batchSize}).")
    Integer batchSize;

    @Option(
        names = "--accumulate",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description =
            "Batches whose gradients make one step (default: ${bundle:preset.accumulate}).")
    Integer accumulate;

    @Option(
        names = "--learning-rate",
        paramLabel = "X",
        converter = Numbers.AboveZero.class,
        description = "Of Adam; may change with --resume (default: ${bundle:preset.learningRate}).")
    Double learningRate;

    @Option(
        names = "--warmup-steps",
        paramLabel = "N",
        converter = Numbers.NotNegative.class,
        description =
            "Steps in which the learning rate rises (default: ${bundle:preset.warmupSteps}).")
    Integer warmupSteps;

    @Option(
        names = "--lr-schedule",
        paramLabel = "NAME",
        converter = Names.LearningRates.class,
        description =
            "How the learning rate goes on after that: constant, linear or cosine, down to"
                + " --min-learning-rate at the end of the run (default:"
                + " ${bundle:preset.lrSchedule}).")
    Decay lrSchedule;

    @Option(
        names = "--min-learning-rate",
        paramLabel = "X",
        description =
            "Where a linear or cosine schedule ends (default: ${bundle:preset.minLearningRate}).")
    Double minLearningRate;

    @Option(
        names = "--weight-decay",
        paramLabel = "X",
        description =
            "Of all weights, as AdamW has it; 0 for Adam (default: ${bundle:preset.weightDecay}).")
    Double weightDecay;

    @Option(
        names = "--beta1",
        paramLabel = "X",
        description = "Adam's decay of the mean (default: ${bundle:preset.beta1}).")
    Double beta1;

    @Option(
        names = "--beta2",
        paramLabel = "X",
        description = "Adam's decay of the mean square (default: ${bundle:preset.beta2}).")
    Double beta2;

    @Option(
        names = "--epsilon",
        paramLabel = "X",
        description = "Adam's guard against division by zero (default: ${bundle:preset.epsilon}).")
    Double epsilon;

    @Option(
        names = "--max-gradient-norm",
        paramLabel = "X",
        description =
            "Longer gradients are scaled down; 0 for no clipping"
                + " (default: ${bundle:preset.maxGradientNorm}).")
    Double maxGradientNorm;

    @Option(
        names = "--ema-decay",
        paramLabel = "X",
        split = ",",
        description =
            "Decay of the averaged weights; further ones average them another time, for export"
                + " --ema (default: ${bundle:preset.emaDecay}).")
    List<Double> emaDecay;

    OptimizerConfig over(OptimizerConfig preset) {
      return new OptimizerConfig(
          orElse(batchSize, preset.batchSize()),
          orElse(learningRate, preset.learningRate()),
          warmupSteps == null ? preset.warmupSteps() : warmupSteps,
          orElse(beta1, preset.beta1()),
          orElse(beta2, preset.beta2()),
          orElse(epsilon, preset.epsilon()),
          orElse(maxGradientNorm, preset.maxGradientNorm()),
          emaDecay == null ? preset.emaDecay() : emaDecay.get(0),
          orElse(accumulate, (int) preset.accumulate()),
          lrSchedule == null ? preset.lrSchedule() : lrSchedule.label(),
          orElse(minLearningRate, preset.minLearningRate()),
          orElse(weightDecay, preset.weightDecay()),
          emaDecay == null ? preset.furtherEmaDecays() : emaDecay.subList(1, emaDecay.size()));
    }
  }

  /** The forward process and what the network predicts. */
  static final class Diffusion extends ScheduleOptions.WithPrediction {
    @Option(
        names = "--betas",
        paramLabel = "FILE",
        description =
            "A schedule of your own: a JSON list of betas, or a .npy file (default: --schedule).")
    private Path betas;

    @Override
    List<String> given() {
      List<String> given = super.given();
      addIf(betas != null, "--betas", given);
      return given;
    }

    /**
     * A forward process with what the user said in its place.
     *
     * @throws IOException if the file of betas cannot be read
     */
    DiffusionConfig over(DiffusionConfig preset) throws IOException {
      requireOneSchedule();
      List<Double> list = betas == null ? List.of() : BetaFiles.read(betas);
      SchedulerConfig config = over(named(preset, list.size()));
      boolean kept = betas == null && !given().stream().anyMatch(SCHEDULE::contains);
      return new DiffusionConfig(
          config.trainTimesteps(),
          config.betaSchedule().label(),
          config.betaStart(),
          config.betaEnd(),
          config.predictionType().label(),
          kept ? preset.trainedBetas() : list,
          preset.objective());
    }

    /** The preset without betas of its own, of so many timesteps if that is above 0. */
    private static SchedulerConfig named(DiffusionConfig preset, int trainTimesteps) {
      SchedulerConfig config =
          new DiffusionConfig(
                  preset.trainTimesteps(),
                  preset.betaSchedule(),
                  preset.betaStart(),
                  preset.betaEnd(),
                  preset.predictionType())
              .scheduler();
      return trainTimesteps > 0 ? config.with("num_train_timesteps", trainTimesteps) : config;
    }

    private void requireOneSchedule() {
      for (String option : given()) {
        if (betas != null && SCHEDULE.contains(option) && !option.equals("--train-timesteps")) {
          throw new UsageException(
              "--betas: expected a file or the options of a named schedule, found both it and "
                  + option);
        }
      }
    }
  }

  /** What the network is trained for. */
  static final class Objective {
    @Option(
        names = "--loss",
        paramLabel = "NAME",
        converter = Names.Losses.class,
        description =
            "simple, vlb (the variational bound) or hybrid (both, with a learned variance)"
                + " (default: ${bundle:preset.loss}).")
    LossKind loss;

    @Option(
        names = "--variance",
        paramLabel = "NAME",
        converter = Names.TrainedVariance.class,
        description =
            "Of a sampling step: fixed_small, fixed_large or learned_range (default: fixed_small;"
                + " with --loss hybrid: learned_range).")
    VarianceType variance;

    @Option(
        names = "--min-snr",
        paramLabel = "G",
        arity = "0..1",
        fallbackValue = "5",
        converter = Numbers.AboveZero.class,
        description =
            "Weigh timesteps by the signal-to-noise ratio, G at most; 5 without a number (default:"
                + " all alike).")
    Double minSnr;

    @Option(
        names = "--timestep-sampling",
        paramLabel = "NAME",
        converter = Names.Timesteps.class,
        description =
            "uniform, or loss-second-moment: timesteps of large losses more often (default:"
                + " ${bundle:preset.timestepSampling}).")
    TimestepSampling timestepSampling;

    @Option(
        names = "--offset-noise",
        paramLabel = "X",
        description =
            "Add X times one number for each image and channel to the noise; 0.1 is usual"
                + " (default: ${bundle:preset.offsetNoise}).")
    Double offsetNoise;

    DiffusionConfig over(DiffusionConfig preset) {
      ObjectiveConfig said = preset.objective();
      return preset.withObjective(
          new ObjectiveConfig(
              loss(said),
              variance(said),
              orElse(minSnr, said.minSnr()),
              timestepSampling == null ? said.timestepSampling() : timestepSampling.label(),
              orElse(offsetNoise, said.offsetNoise())));
    }

    /** Who asks for a learned variance alone means the loss that trains it. */
    private String loss(ObjectiveConfig preset) {
      if (loss != null) {
        return loss.label();
      }
      boolean learned = variance == VarianceType.LEARNED_RANGE;
      return learned && preset.loss().equals(LossKind.SIMPLE.label())
          ? LossKind.HYBRID.label()
          : preset.loss();
    }

    private String variance(ObjectiveConfig preset) {
      if (variance != null) {
        return variance.label();
      }
      return loss == LossKind.HYBRID ? null : preset.varianceType();
    }
  }

  /** A colour as in HTML, with or without #. */
  static final class Colour implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String value) {
      if (!value.matches("#?[0-9a-fA-F]{6}")) {
        throw new TypeConversionException(
            "expected a colour such as ffffff for white, found '" + value + "'");
      }
      return Integer.parseInt(value.replace("#", ""), 16);
    }
  }

  private static int orElse(Integer said, int preset) {
    return said == null ? preset : said;
  }

  private static long orElse(Integer said, long preset) {
    return said == null ? preset : said;
  }

  private static double orElse(Double said, double preset) {
    return said == null ? preset : said;
  }
}
