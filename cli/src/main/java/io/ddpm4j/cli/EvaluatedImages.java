package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.data.HeldOut;
import io.ddpm4j.trainer.data.ImageDataset;
import java.util.List;
import java.util.stream.IntStream;

/** Images in an order that a seed decides, as a network wants them: values and classes. */
final class EvaluatedImages {
  private final ImageDataset images;
  private final String label;
  private final float[] values; // by byte
  private final int[] labels; // of the network by label of the data; null: it is told none
  private final int fixedLabel; // for all images; -1: their own
  private final byte[] pixels;

  private EvaluatedImages(
      ImageDataset images, String label, ValueRange range, int[] labels, int fixedLabel) {
    this.images = images;
    this.label = label;
    this.values = new float[256];
    for (int level = 0; level < values.length; level++) {
      values[level] = range.toFloat(level);
    }
    this.labels = labels;
    this.fixedLabel = fixedLabel;
    this.pixels = new byte[images.imageBytes()];
  }

  /**
   * The images for a model.
   *
   * @throws UsageException if the network wants classes that the images have not
   */
  static EvaluatedImages of(
      ImageDataset data, EvaluationDataOptions options, long seed, DiffusionPipeline pipeline) {
    ImageDataset shuffled = HeldOut.shuffled(data, seed);
    ModelMetadata metadata = pipeline.metadata();
    String name = pipeline.model().name();
    ValueRange range = pipeline.valueRange();
    if (pipeline.model().signature().classLabels().isEmpty()) {
      if (options.nullClass()) {
        throw new UsageException("--null-class: expected a class-conditional model, found " + name);
      }
      return new EvaluatedImages(shuffled, options.label(), range, null, -1);
    }
    if (options.nullClass()) {
      int none =
          metadata
              .nullClass()
              .orElseThrow(
                  () ->
                      new UsageException(
                          "--null-class: expected a model with a class that stands for none, found "
                              + name));
      return new EvaluatedImages(shuffled, options.label(), range, null, none);
    }
    if (data.classNames().isEmpty()) {
      // Without a word it would be the likelihood of the unconditional network.
      throw new UsageException(
          "--data: expected images with classes%s, since %s is class-conditional, found %s without"
              .formatted(
                  metadata.nullClass().isPresent() ? ", or --null-class" : "",
                  name,
                  options.label()));
    }
    return new EvaluatedImages(
        shuffled, options.label(), range, labels(data.classNames(), metadata, options), -1);
  }

  /** The network's label of each class of the data, by name where the model names its classes. */
  private static int[] labels(
      List<String> classes, ModelMetadata metadata, EvaluationDataOptions options) {
    if (metadata.classNames().isEmpty()) {
      return IntStream.range(0, classes.size()).toArray();
    }
    try {
      return classes.stream().mapToInt(metadata::classLabel).toArray();
    } catch (IllegalArgumentException e) {
      throw new UsageException("--data " + options.label() + ": " + e.getMessage());
    }
  }

  /** How many there are. */
  int size() {
    return images.size();
  }

  /** What the images and their labels are known by, in this order. */
  String fingerprint(Cancellation cancellation) {
    return DataFingerprint.of(images, cancellation);
  }

  /** The data as the user named them. */
  String label() {
    return label;
  }

  /** The data as a model's provenance names them. */
  String dataset() {
    return images.name();
  }

  /** Whether the network is told classes. */
  boolean isLabelled() {
    return labels != null || fixedLabel >= 0;
  }

  /** What the network is told, for messages and to compare settings by. */
  String classes() {
    return labels != null ? "of the images" : fixedLabel >= 0 ? "none" : "unconditional";
  }

  /** The same for the line that says what is going to be measured; empty where it is told none. */
  String told() {
    return labels != null ? ", told the images' classes" : fixedLabel >= 0 ? ", told no class" : "";
  }

  /** Numbers of an image, C·H·W. */
  int elements() {
    return pixels.length;
  }

  /**
   * Reads some.
   *
   * @param x0 receives (images, C, H, W) in the model's values
   * @param classes receives the network's labels
   */
  void read(int first, int count, float[] x0, int[] classes) {
    for (int k = 0; k < count; k++) {
      images.read(first + k, pixels, 0);
      for (int i = 0; i < pixels.length; i++) {
        x0[k * pixels.length + i] = values[pixels[i] & 0xff];
      }
      classes[k] = labels == null ? Math.max(0, fixedLabel) : labels[images.label(first + k)];
    }
  }
}
