package io.ddpm4j.trainer.loop;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.trainer.data.DatasetOptions;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import io.ddpm4j.trainer.optim.LearningRate;
import io.ddpm4j.trainer.step.TrainStepConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Every hyperparameter of a run. Immutable; {@link #toJson} is what a run keeps as {@code
 * config.json}, and running it again gives the same weights.
 *
 * @param init where the first weights come from; null for random ones
 * @param reporting what it tells of itself; null for {@link Reporting#NONE}
 */
public record TrainConfig(
    Data data,
    Network network,
    Diffusion diffusion,
    Optimizer optimizer,
    Run run,
    @MayBeAbsent Init init,
    @MayBeAbsent Reporting reporting) {

  /** Refuses what is missing or does not fit together. */
  public TrainConfig {
    require(data != null, "data", "a data set", "none");
    require(network != null, "network", "a network", "none");
    require(diffusion != null, "diffusion", "a forward process", "none");
    require(optimizer != null, "optimizer", "an optimizer", "none");
    require(run != null, "run", "a length and a seed", "none");
    reporting = reporting == null ? Reporting.NONE : reporting;
  }

  /** A run that begins with random weights. */
  public TrainConfig(
      Data data, Network network, Diffusion diffusion, Optimizer optimizer, Run run) {
    this(data, network, diffusion, optimizer, run, null);
  }

  /** A run that tells nothing of itself but the metrics of its steps. */
  public TrainConfig(
      Data data, Network network, Diffusion diffusion, Optimizer optimizer, Run run, Init init) {
    this(data, network, diffusion, optimizer, run, init, null);
  }

  /**
   * The training images. Absent options are null: they are left to the data set.
   *
   * @param source a data set's name, or a path
   * @param dataDir where the files of a data set known by name are
   * @param labels idx file of labels
   * @param imageSize side of the images in pixels
   * @param channels 1 or 3
   * @param background 0xRRGGBB behind transparent pixels
   * @param labelsFromFolders whether sub-folders are classes
   * @param horizontalFlips whether half of the images are mirrored
   */
  public record Data(
      String source,
      String dataDir,
      String labels,
      Integer imageSize,
      Integer channels,
      Integer background,
      boolean labelsFromFolders,
      boolean horizontalFlips) {

    /** Refuses a missing source. */
    public Data {
      require(source != null, "data.source", "a data set's name or a path", "none");
    }

    /** A data set with nothing said about it. */
    public static Data of(String source) {
      return new Data(source, null, null, null, null, null, false, false);
    }

    DatasetOptions options() {
      return new DatasetOptions(
          DatasetOptions.DEFAULTS.split(),
          Optional.ofNullable(dataDir).map(Path::of),
          Optional.ofNullable(labels).map(Path::of),
          optional(imageSize),
          optional(channels),
          optional(background),
          labelsFromFolders);
    }

    private static OptionalInt optional(Integer value) {
      return value == null ? OptionalInt.empty() : OptionalInt.of(value);
    }
  }

  /**
   * The U-Net.
   *
   * @param channels of each level, from full resolution down
   * @param attention whether the level of that index has self-attention; the middle always has
   * @param layersPerBlock ResNet blocks of a level on the way down
   * @param groups of the group norms
   * @param attentionHeadDim channels of one attention head
   * @param classConditional whether the data's classes are told to the network
   * @param labelDropout the share of training images whose class is not told, in [0, 1): where it
   *     is above 0 the network has a class more, the null class, for classifier-free guidance (Ho
   *     and Salimans 2022)
   */
  public record Network(
      List<Integer> channels,
      List<Boolean> attention,
      int layersPerBlock,
      int groups,
      int attentionHeadDim,
      boolean classConditional,
      @MayBeAbsent double labelDropout) {

    /** Refuses lists that are not whole or do not fit together. */
    public Network {
      require(isWhole(channels), "--widths", "a width for each level", channels);
      require(isWhole(attention), "--attention", "true or false for each level", attention);
      channels = List.copyOf(channels);
      attention = List.copyOf(attention);
      for (int width : channels) {
        require(width > 0, "--widths", "at least 1 channel", width);
      }
      require(
          attention.size() == channels.size(),
          "--attention",
          "true or false for each of " + channels.size() + " levels",
          attention.size());
      require(layersPerBlock > 0, "--layers", "at least 1", layersPerBlock);
      require(groups > 0, "--groups", "at least 1", groups);
      require(attentionHeadDim >= 0, "--head-channels", "0 or more", attentionHeadDim);
      require(
          labelDropout >= 0 && labelDropout < 1,
          "--label-dropout",
          "a number from 0 to below 1",
          labelDropout);
      require(
          labelDropout == 0 || classConditional,
          "--label-dropout",
          "0, since the network is not told the classes",
          labelDropout);
    }

    /** The same network with another share of labels that are not told. */
    public Network withLabelDropout(double share) {
      return new Network(
          channels, attention, layersPerBlock, groups, attentionHeadDim, classConditional, share);
    }

    /**
     * The label that stands for no class, for data of so many classes: the one after theirs.
     *
     * @return empty in a network that is always told the class, or never
     */
    public OptionalInt nullClass(int classes) {
      return labelDropout > 0 ? OptionalInt.of(classes) : OptionalInt.empty();
    }

    private static boolean isWhole(List<?> list) {
      return list != null && !list.isEmpty() && list.stream().allMatch(Objects::nonNull);
    }

    /**
     * The network for images of a data set.
     *
     * @throws IllegalArgumentException if network and images do not fit each other
     */
    public UNetConfig unet(ImageDataset images) {
      require(
          images.height() == images.width(),
          "the images of " + images.name(),
          "squares",
          images.width() + "x" + images.height());
      int classes = classConditional ? images.classNames().size() : 0;
      require(
          labelDropout == 0 || classes > 0,
          "--label-dropout",
          "0, since the images of " + images.name() + " have no classes",
          labelDropout);
      return unet(images.height(), images.channels(), classes);
    }

    /** The network for square images; of the data's classes only a conditional one is told. */
    UNetConfig unet(int size, int imageChannels, int dataClasses) {
      int classes = classConditional ? dataClasses : 0;
      return UNetConfig.of(
          size,
          imageChannels,
          channels,
          attention,
          layersPerBlock,
          groups,
          attentionHeadDim,
          classes + (nullClass(classes).isPresent() ? 1 : 0));
    }
  }

  /** The forward process and what the network predicts, in diffusers' words. */
  public record Diffusion(
      int trainTimesteps,
      String betaSchedule,
      double betaStart,
      double betaEnd,
      String predictionType) {

    /** Refuses a schedule or a prediction type that nobody knows. */
    public Diffusion {
      require(betaSchedule != null, "diffusion.betaSchedule", "a beta schedule", "none");
      require(predictionType != null, "diffusion.predictionType", "a prediction type", "none");
      BetaSchedule.parse(betaSchedule);
      PredictionType.parse(predictionType);
    }

    /** The configuration that the exported file carries. */
    public SchedulerConfig scheduler() {
      return SchedulerConfig.ddpm()
          .with("num_train_timesteps", trainTimesteps)
          .with("beta_schedule", betaSchedule)
          .with("beta_start", betaStart)
          .with("beta_end", betaEnd)
          .with("prediction_type", predictionType)
          .with("variance_type", "fixed_small")
          .with("clip_sample", true);
    }
  }

  /**
   * Batches and the update.
   *
   * @param batchSize images of a step
   * @param learningRate after the warm-up
   * @param warmupSteps in which the learning rate rises
   * @param beta1 Adam's decay of the mean, in [0, 1)
   * @param beta2 Adam's decay of the mean square, in [0, 1)
   * @param epsilon Adam's guard against division by zero
   * @param maxGradientNorm gradients are scaled down to this global norm; 0 for no clipping
   * @param emaDecay of the averaged weights, which are the ones that are exported
   */
  public record Optimizer(
      int batchSize,
      double learningRate,
      long warmupSteps,
      double beta1,
      double beta2,
      double epsilon,
      double maxGradientNorm,
      double emaDecay) {

    /** Refuses numbers outside their range. */
    public Optimizer {
      require(batchSize > 0, "--batch-size", "at least 1", batchSize);
      require(isPositive(learningRate), "--learning-rate", "a positive number", learningRate);
      require(warmupSteps >= 0, "--warmup-steps", "0 or more", warmupSteps);
      require(isDecay(beta1), "--beta1", "a number from 0 to below 1", beta1);
      require(isDecay(beta2), "--beta2", "a number from 0 to below 1", beta2);
      require(isPositive(epsilon), "--epsilon", "a positive number", epsilon);
      require(
          maxGradientNorm == 0 || isPositive(maxGradientNorm),
          "--max-gradient-norm",
          "a positive number, or 0 for no clipping",
          maxGradientNorm);
      require(isDecay(emaDecay), "--ema-decay", "a number from 0 to below 1", emaDecay);
    }

    /** The same with another learning rate. */
    public Optimizer withLearningRate(double rate) {
      return new Optimizer(
          batchSize, rate, warmupSteps, beta1, beta2, epsilon, maxGradientNorm, emaDecay);
    }

    private static boolean isPositive(double value) {
      return value > 0 && Double.isFinite(value);
    }

    private static boolean isDecay(double value) {
      return value >= 0 && value < 1;
    }

    GradientClipping clipping() {
      return new GradientClipping(
          maxGradientNorm == 0 ? Double.POSITIVE_INFINITY : maxGradientNorm);
    }

    /** The learning rate of each step. */
    public LearningRate rate() {
      return new LearningRate(learningRate, warmupSteps);
    }
  }

  /**
   * Length, seed, and what is kept on the way.
   *
   * @param checkpointEvery steps; 0 for a last checkpoint only
   * @param keepCheckpoints older ones are deleted
   * @param sampleEvery steps; 0 for no sample grids
   * @param sampleSteps sampling steps of a grid
   * @param threads of ONNX Runtime; 0 for one a processor
   */
  public record Run(
      long steps,
      long seed,
      long checkpointEvery,
      int keepCheckpoints,
      long sampleEvery,
      int sampleImages,
      int sampleSteps,
      int threads) {

    /** Refuses numbers outside their range. */
    public Run {
      require(steps > 0, "--steps", "at least 1", steps);
      require(checkpointEvery >= 0, "--checkpoint-every", "0 or more", checkpointEvery);
      require(keepCheckpoints > 0, "--keep-checkpoints", "at least 1", keepCheckpoints);
      require(sampleEvery >= 0, "--sample-every", "0 or more", sampleEvery);
      require(sampleImages > 0, "--sample-images", "at least 1", sampleImages);
      require(sampleSteps > 0, "--sample-steps", "at least 1", sampleSteps);
      require(threads >= 0, "--threads", "0 or more", threads);
    }

    /** The same run up to another step. */
    public Run withSteps(long count) {
      return new Run(
          count,
          seed,
          checkpointEvery,
          keepCheckpoints,
          sampleEvery,
          sampleImages,
          sampleSteps,
          threads);
    }

    int threadCount() {
      return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
    }
  }

  /**
   * A model that the first weights come from.
   *
   * @param model its file
   * @param sha256 of that file, hexadecimal
   */
  public record Init(String model, String sha256) {
    /** Refuses a missing model or hash. */
    public Init {
      require(model != null, "init.model", "a model file", "none");
      require(sha256 != null, "init.sha256", "the file's SHA-256", "none");
    }

    /** The file's folder and name, {@code fashion-mnist/model.onnx}: what is told to others. */
    String name() {
      Path path = Path.of(model).toAbsolutePath().normalize();
      Path folder = path.getParent() == null ? null : path.getParent().getFileName();
      return (folder == null ? "" : folder + "/") + path.getFileName();
    }
  }

  private static void require(boolean ok, String what, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }

  /** The same configuration with another run. */
  public TrainConfig withRun(Run changed) {
    return new TrainConfig(data, network, diffusion, optimizer, changed, init, reporting);
  }

  /** The same configuration with first weights from a model; null for random ones. */
  public TrainConfig withInit(Init changed) {
    return new TrainConfig(data, network, diffusion, optimizer, run, changed);
  }

  /** The same configuration with another optimizer. */
  public TrainConfig withOptimizer(Optimizer changed) {
    return new TrainConfig(data, network, diffusion, changed, run, init, reporting);
  }

  /** The same configuration, telling more or less of itself. */
  public TrainConfig withReporting(Reporting changed) {
    return new TrainConfig(data, network, diffusion, optimizer, run, init, changed);
  }

  TrainStepConfig step(UNetConfig unet) {
    return new TrainStepConfig(
        unet,
        optimizer.batchSize(),
        diffusion.scheduler().noiseSchedule(),
        diffusion.scheduler().predictionType(),
        new Adam(optimizer.beta1(), optimizer.beta2(), optimizer.epsilon()),
        optimizer.clipping(),
        new Ema(optimizer.emaDecay()));
  }

  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

  /** The text of {@code config.json}. */
  public String toJson() {
    return GSON.toJson(this);
  }

  /**
   * Reads {@link #toJson}'s text.
   *
   * @throws IllegalArgumentException if it is no such text
   */
  public static TrainConfig fromJson(String json) {
    try {
      JsonElement element = JsonParser.parseString(json);
      StrictRecords.check(element, TrainConfig.class, "");
      return GSON.fromJson(element, TrainConfig.class);
    } catch (JsonParseException e) {
      throw new IllegalArgumentException(
          "config: expected the JSON of a run, found something else", e);
    } catch (RuntimeException e) { // Gson wraps what a record's constructor throws
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IllegalArgumentException("config: " + cause.getMessage(), e);
    }
  }
}
