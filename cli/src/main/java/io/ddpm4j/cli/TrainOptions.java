package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.Preset;
import io.ddpm4j.trainer.loop.TrainConfig;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ListResourceBundle;
import java.util.Locale;
import java.util.ResourceBundle;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * The hyperparameters of {@code ddpm train}. A field is null where the user said nothing; then the
 * preset decides. Descriptions take the presets' numbers from {@link #presetDefaults}.
 */
final class TrainOptions {
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

    TrainConfig.Run over(TrainConfig.Run preset, Integer steps) {
      return new TrainConfig.Run(
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
            "Where the files of fashion-mnist are (default: where Debian's package puts them).")
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
        description = "Height and width of shapes and images from a folder (default: 32).")
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

    @Option(names = "--horizontal-flips", description = "Mirror half of the images.")
    boolean horizontalFlips;

    TrainConfig.Data over(TrainConfig.Data preset) {
      return new TrainConfig.Data(
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

    TrainConfig.Network over(TrainConfig.Network preset) {
      List<Integer> channels = widths == null ? preset.channels() : widths;
      return new TrainConfig.Network(
          channels,
          attention(preset, channels.size()),
          orElse(layers, preset.layersPerBlock()),
          orElse(groups, preset.groups()),
          orElse(headChannels, preset.attentionHeadDim()),
          preset.classConditional() && !unconditional);
    }

    private List<Boolean> attention(TrainConfig.Network preset, int levels) {
      if (attention == null && preset.attention().size() == levels) {
        return preset.attention();
      }
      // Another number of levels: attention at the coarsest, as in every preset.
      List<Integer> chosen = attention == null ? List.of(levels) : attention;
      for (int level : chosen) {
        if (level > levels) {
          throw new IllegalArgumentException(
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
        description = "Images of a step (default: ${bundle:preset.batchSize}).")
    Integer batchSize;

    @Option(
        names = "--learning-rate",
        paramLabel = "X",
        description = "Of Adam (default: ${bundle:preset.learningRate}).")
    Double learningRate;

    @Option(
        names = "--warmup-steps",
        paramLabel = "N",
        converter = Numbers.NotNegative.class,
        description =
            "Steps in which the learning rate rises (default: ${bundle:preset.warmupSteps}).")
    Integer warmupSteps;

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
        description = "Decay of the averaged weights (default: ${bundle:preset.emaDecay}).")
    Double emaDecay;

    TrainConfig.Optimizer over(TrainConfig.Optimizer preset) {
      return new TrainConfig.Optimizer(
          orElse(batchSize, preset.batchSize()),
          orElse(learningRate, preset.learningRate()),
          warmupSteps == null ? preset.warmupSteps() : warmupSteps,
          orElse(beta1, preset.beta1()),
          orElse(beta2, preset.beta2()),
          orElse(epsilon, preset.epsilon()),
          orElse(maxGradientNorm, preset.maxGradientNorm()),
          orElse(emaDecay, preset.emaDecay()));
    }
  }

  /** The forward process and what the network predicts. */
  static final class Diffusion {
    @Option(
        names = "--train-timesteps",
        paramLabel = "N",
        converter = Numbers.Positive.class,
        description = "T (default: ${bundle:preset.trainTimesteps}).")
    Integer trainTimesteps;

    @Option(
        names = "--schedule",
        paramLabel = "NAME",
        description =
            "Noise schedule: linear, scaled_linear, squaredcos_cap_v2, sigmoid, laplace or exp"
                + " (default: ${bundle:preset.schedule}).")
    String schedule;

    @Option(
        names = "--beta-start",
        paramLabel = "B",
        description = "First beta of the linear schedules (default: ${bundle:preset.betaStart}).")
    Double betaStart;

    @Option(
        names = "--beta-end",
        paramLabel = "B",
        description = "Last beta of the linear schedules (default: ${bundle:preset.betaEnd}).")
    Double betaEnd;

    @Option(
        names = "--prediction",
        paramLabel = "NAME",
        description =
            "What the network predicts: epsilon, sample or v_prediction"
                + " (default: ${bundle:preset.prediction}).")
    String prediction;

    TrainConfig.Diffusion over(TrainConfig.Diffusion preset) {
      return new TrainConfig.Diffusion(
          orElse(trainTimesteps, preset.trainTimesteps()),
          schedule == null ? preset.betaSchedule() : schedule,
          orElse(betaStart, preset.betaStart()),
          orElse(betaEnd, preset.betaEnd()),
          prediction == null ? preset.predictionType() : prediction);
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

  /** For help: what the presets say. */
  static ResourceBundle presetDefaults() {
    return new ListResourceBundle() {
      @Override
      protected Object[][] getContents() {
        return new Object[][] {
          entry("threads", c -> c.run().threads()),
          entry("checkpointEvery", c -> c.run().checkpointEvery()),
          entry("keepCheckpoints", c -> c.run().keepCheckpoints()),
          entry("sampleEvery", c -> c.run().sampleEvery()),
          entry("sampleImages", c -> c.run().sampleImages()),
          entry("sampleSteps", c -> c.run().sampleSteps()),
          entry("widths", c -> joined(c.network().channels())),
          entry("attention", c -> joined(levels(c.network().attention()))),
          entry("layers", c -> c.network().layersPerBlock()),
          entry("groups", c -> c.network().groups()),
          entry("headChannels", c -> c.network().attentionHeadDim()),
          entry("batchSize", c -> c.optimizer().batchSize()),
          entry("learningRate", c -> number(c.optimizer().learningRate())),
          entry("warmupSteps", c -> c.optimizer().warmupSteps()),
          entry("beta1", c -> number(c.optimizer().beta1())),
          entry("beta2", c -> number(c.optimizer().beta2())),
          entry("epsilon", c -> number(c.optimizer().epsilon())),
          entry("maxGradientNorm", c -> number(c.optimizer().maxGradientNorm())),
          entry("emaDecay", c -> number(c.optimizer().emaDecay())),
          entry("trainTimesteps", c -> c.diffusion().trainTimesteps()),
          entry("schedule", c -> c.diffusion().betaSchedule()),
          entry("betaStart", c -> number(c.diffusion().betaStart())),
          entry("betaEnd", c -> number(c.diffusion().betaEnd())),
          entry("prediction", c -> c.diffusion().predictionType()),
        };
      }
    };
  }

  /** One value where all presets agree, else each with its preset's name. */
  private static Object[] entry(String key, Function<TrainConfig, Object> value) {
    List<String> each = new ArrayList<>();
    Set<String> distinct = new LinkedHashSet<>();
    for (Preset preset : Preset.values()) {
      String text = value.apply(preset.config("", 1, 0)).toString();
      distinct.add(text);
      each.add(preset.name().toLowerCase(Locale.ROOT) + " " + text);
    }
    return new Object[] {
      "preset." + key, distinct.size() == 1 ? distinct.iterator().next() : String.join("; ", each)
    };
  }

  private static List<Integer> levels(List<Boolean> attention) {
    return IntStream.rangeClosed(1, attention.size())
        .filter(level -> attention.get(level - 1))
        .boxed()
        .toList();
  }

  private static String joined(List<Integer> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** 0.001 and 1e-8, not 1.0E-3. */
  private static String number(double value) {
    String text = Double.toString(value).toLowerCase(Locale.ROOT).replace(".0e", "e");
    return value < 1e-4 || value == Math.rint(value)
        ? text.replaceAll("\\.0$", "")
        : new BigDecimal(text).toPlainString();
  }
}
