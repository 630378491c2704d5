package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.step.TrainStepConfig;

/**
 * Every hyperparameter of a run. Immutable; {@link #toJson} is what a run keeps as {@code
 * run.json}, and running it again gives the same weights.
 *
 * @param init where the first weights come from; null for random ones
 * @param reporting what it tells of itself; null for {@link ReportingConfig#NONE}
 */
public record TrainConfig(
    DataConfig data,
    NetworkConfig network,
    DiffusionConfig diffusion,
    OptimizerConfig optimizer,
    RunConfig run,
    @MayBeAbsent InitConfig init,
    @MayBeAbsent ReportingConfig reporting) {

  /** Refuses what is missing or does not fit together. */
  public TrainConfig {
    require(data != null, "data", "a data set", "none");
    require(network != null, "network", "a network", "none");
    require(diffusion != null, "diffusion", "a forward process", "none");
    require(optimizer != null, "optimizer", "an optimizer", "none");
    require(run != null, "run", "a length and a seed", "none");
    reporting = reporting == null ? ReportingConfig.NONE : reporting;
    boolean guided = diffusion.training().isGuided(); // refuses what does not go together
    require(
        !guided || network.labelDropout() > 0,
        "--model-guidance",
        "with --label-dropout, of which the network learns what an image of any class is",
        "without");
    require(
        !guided || network.dropout() == 0,
        "--model-guidance",
        "with --dropout 0, since two predictions are compared",
        "with --dropout " + network.dropout());
  }

  /** A run that begins with random weights and tells nothing but the metrics of its steps. */
  public TrainConfig(
      DataConfig data,
      NetworkConfig network,
      DiffusionConfig diffusion,
      OptimizerConfig optimizer,
      RunConfig run) {
    this(data, network, diffusion, optimizer, run, null, null);
  }

  /** The same configuration with another run. */
  public TrainConfig withRun(RunConfig changed) {
    return new TrainConfig(data, network, diffusion, optimizer, changed, init, reporting);
  }

  /** The same configuration with first weights from a model; null for random ones. */
  public TrainConfig withInit(InitConfig changed) {
    return new TrainConfig(data, network, diffusion, optimizer, run, changed, reporting);
  }

  /** The same configuration with another optimizer. */
  public TrainConfig withOptimizer(OptimizerConfig changed) {
    return new TrainConfig(data, network, diffusion, changed, run, init, reporting);
  }

  /** The same configuration, telling more or less of itself. */
  public TrainConfig withReporting(ReportingConfig changed) {
    return new TrainConfig(data, network, diffusion, optimizer, run, init, changed);
  }

  /**
   * The network for images of a data set.
   *
   * @throws IllegalArgumentException if network and images do not fit each other
   */
  UNetConfig unet(ImageDataset images) {
    return withOutput(network.unet(images));
  }

  /** The network for square images; of the data's classes only a conditional one is told. */
  UNetConfig unet(int size, int imageChannels, int dataClasses) {
    return withOutput(network.unet(size, imageChannels, dataClasses));
  }

  private UNetConfig withOutput(UNetConfig unet) {
    return unet.withOutChannels(diffusion.training().outputChannels(unet.inChannels()));
  }

  TrainStepConfig step(UNetConfig unet) {
    require(
        unet.timeEmbedding() == UNetConfig.TimeEmbedding.POSITIONAL
            || diffusion.trainTimesteps() <= unet.numTrainTimesteps(),
        "--train-timesteps",
        "at most " + unet.numTrainTimesteps() + ", the rows of the network's time embedding",
        diffusion.trainTimesteps());
    long numbers = (long) unet.inChannels() * unet.sampleSize() * unet.sampleSize();
    require(
        optimizer.stepImages() <= Integer.MAX_VALUE / numbers,
        "--batch-size",
        "at most "
            + Integer.MAX_VALUE / numbers
            + " images in a step (--batch-size times --accumulate), "
            + numbers
            + " numbers each",
        optimizer.stepImages());
    return new TrainStepConfig(
        unet,
        optimizer.stepImages(),
        diffusion.training(),
        optimizer.adam(),
        optimizer.clipping(),
        optimizer.averages());
  }

  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

  /** The text of {@code run.json}. */
  public String toJson() {
    return GSON.toJson(this);
  }

  /**
   * Reads {@link #toJson}'s text.
   *
   * @throws IllegalArgumentException if it is no such text
   */
  public static TrainConfig fromJson(String json) {
    JsonElement element;
    try {
      element = JsonParser.parseString(json);
    } catch (JsonParseException e) {
      throw new IllegalArgumentException("expected the JSON of a run, found something else", e);
    }
    return fromJson(element);
  }

  /**
   * Reads {@link #toJson}'s elements.
   *
   * @throws IllegalArgumentException if they are others; the message begins with the field
   */
  static TrainConfig fromJson(JsonElement json) {
    StrictRecords.check(json, TrainConfig.class, "");
    try {
      return GSON.fromJson(json, TrainConfig.class);
    } catch (RuntimeException e) { // Gson wraps what a record's constructor throws
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IllegalArgumentException(ConfigFields.named(String.valueOf(cause.getMessage())), e);
    }
  }
}
