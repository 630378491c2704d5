package io.ddpm4j.trainer.classifier;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.nn.ClassifierConfig;
import io.ddpm4j.trainer.data.BatchOptions;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.loop.DataConfig;
import io.ddpm4j.trainer.loop.StrictRecords;
import io.ddpm4j.trainer.objective.CrossEntropy;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Decay;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import io.ddpm4j.trainer.optim.LearningRate;
import java.util.List;

/**
 * Every hyperparameter of the training of a classifier. Immutable; {@link #toJson} is what a run
 * keeps as {@code classifier.json}, and running it again gives the same weights.
 *
 * @param data the labelled images, and whether half of them are mirrored
 * @param shift pixels by which an image is moved at most
 * @param heldOutShare of the images, by which the best epoch is chosen, above 0 and below 1
 * @param widths channels of each level
 * @param blocks residual blocks of each level
 * @param groups of every norm
 * @param epochs how often the images are gone through
 * @param batchSize images of a step
 * @param learningRate the highest; it rises to it, then falls to 0 like half a cosine
 * @param warmupSteps in which the learning rate rises
 * @param weightDecay AdamW's
 * @param maxGradientNorm to which longer gradients are shortened
 * @param emaDecay of the averaged weights, which are the ones that are kept
 * @param labelSmoothing see {@link CrossEntropy}
 * @param seed of everything random
 * @param threads 0 for all processors
 */
public record ClassifierTrainConfig(
    DataConfig data,
    int shift,
    double heldOutShare,
    List<Integer> widths,
    List<Integer> blocks,
    int groups,
    int epochs,
    int batchSize,
    double learningRate,
    long warmupSteps,
    double weightDecay,
    double maxGradientNorm,
    double emaDecay,
    double labelSmoothing,
    long seed,
    int threads) {
  private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

  /** Refuses numbers outside their range; the message names the option of the command line. */
  public ClassifierTrainConfig {
    widths = List.copyOf(widths);
    blocks = List.copyOf(blocks);
    require(data != null, "--data", "a data set", "none");
    require(shift >= 0, "--shift", "0 or more pixels", shift);
    require(
        heldOutShare > 0 && heldOutShare < 1,
        "--held-out",
        "a number above 0 and below 1",
        heldOutShare);
    require(epochs > 0, "--epochs", "at least 1", epochs);
    require(batchSize > 0, "--batch-size", "at least 1", batchSize);
    require(
        LearningRate.isUsable(learningRate),
        "--learning-rate",
        "a positive number that a float holds",
        learningRate);
    require(warmupSteps >= 0, "--warmup-steps", "0 or more", warmupSteps);
    require(
        weightDecay >= 0 && Double.isFinite(weightDecay),
        "--weight-decay",
        "a number of 0 or more",
        weightDecay);
    require(maxGradientNorm > 0, "--max-gradient-norm", "a positive number", maxGradientNorm);
    require(emaDecay >= 0 && emaDecay < 1, "--ema-decay", "a number from 0 to below 1", emaDecay);
    require(
        labelSmoothing >= 0 && labelSmoothing < 1,
        "--label-smoothing",
        "a number from 0 to below 1",
        labelSmoothing);
    require(threads >= 0, "--threads", "0 or more", threads);
  }

  private static void require(boolean ok, String option, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(option + ": expected " + expected + ", found " + found);
    }
  }

  /**
   * The network for images of a data set.
   *
   * @throws IllegalArgumentException if the data have fewer than two classes
   */
  public ClassifierConfig network(ImageDataset images) {
    int classes = images.classNames().size();
    require(
        classes > 1,
        "--data " + data.source(),
        "images of at least two classes",
        classes == 0 ? "images without labels" : "one class");
    return new ClassifierConfig(
        images.channels(), images.height(), images.width(), widths, blocks, groups, classes);
  }

  /** What a step computes. */
  ClassifierStep step(ClassifierConfig network) {
    Adam adam =
        new Adam(Adam.DEFAULT.beta1(), Adam.DEFAULT.beta2(), Adam.DEFAULT.epsilon(), weightDecay);
    return new ClassifierStep(
        network,
        batchSize,
        new CrossEntropy(labelSmoothing),
        adam,
        new GradientClipping(maxGradientNorm),
        List.of(new Ema(emaDecay)));
  }

  /** How the batches are made. */
  BatchOptions batches() {
    return BatchOptions.of(batchSize, seed)
        .withHorizontalFlips(data.horizontalFlips())
        .withShift(shift);
  }

  /**
   * The step in which an epoch ends: its last image is among that step's.
   *
   * @param epoch 1 for the first
   * @param images that are trained on
   */
  long endOf(int epoch, int images) {
    return ((long) epoch * images + batchSize - 1) / batchSize;
  }

  /** The learning rate of each step. */
  LearningRate rate(int images) {
    return new LearningRate(learningRate, warmupSteps, Decay.COSINE, endOf(epochs, images), 0);
  }

  /** At least 1. */
  int threadCount() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  /** The text of {@code classifier.json}. */
  public String toJson() {
    return GSON.toJson(this);
  }

  /**
   * Reads {@link #toJson}'s text.
   *
   * @throws IllegalArgumentException if it is no such text
   */
  public static ClassifierTrainConfig fromJson(String json) {
    JsonElement element;
    try {
      element = JsonParser.parseString(json);
    } catch (JsonParseException e) {
      throw new IllegalArgumentException(
          "expected the JSON of a classifier's training, found something else", e);
    }
    StrictRecords.check(element, ClassifierTrainConfig.class, "");
    try {
      return GSON.fromJson(element, ClassifierTrainConfig.class);
    } catch (RuntimeException e) { // Gson wraps what a record's constructor throws
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IllegalArgumentException(String.valueOf(cause.getMessage()), e);
    }
  }
}
