package io.ddpm4j.runtime;

import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.ModelSignature;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * What sampling needs to know of a model: from the graph, from the metadata, or from an option of
 * the builder. Refuses what is missing and what contradicts.
 */
final class ModelRequirements {
  private ModelRequirements() {}

  /** The option's configuration (null: none), else the file's. */
  static SchedulerConfig schedulerConfig(OnnxEpsilonModel model, SchedulerConfig given)
      throws ModelFormatException {
    if (given != null) {
      return given;
    }
    return model
        .metadata()
        .scheduler()
        .orElseThrow(
            () ->
                ModelFormatException.lacking(
                    "schedulerConfig",
                    model.name()
                        + ": expected a noise schedule, in the file as ddpm4j.scheduler or given"
                        + " as schedulerConfig, found neither"));
  }

  /** What a user should know of the model's files and the configuration in use. */
  static List<String> warnings(OnnxEpsilonModel model, SchedulerConfig config) {
    List<String> warnings = new ArrayList<>(model.warnings());
    List<String> unknown = config.unknownFields();
    if (!unknown.isEmpty()) {
      warnings.add(
          "the scheduler configuration holds %s that %s does not know: %s"
              .formatted(
                  unknown.size() == 1 ? "a field" : "fields",
                  config.className(),
                  String.join(", ", unknown)));
    }
    return warnings;
  }

  /**
   * The size of the images.
   *
   * @param channels of the option, -1 for none
   * @param height likewise
   * @param width likewise
   */
  static ImageShape imageShape(OnnxEpsilonModel model, int channels, int height, int width)
      throws ModelFormatException {
    ModelSignature signature = model.signature();
    int[] graph = {signature.channels(), signature.height(), signature.width()};
    int[] said =
        model
            .metadata()
            .image()
            .map(image -> new int[] {image.channels(), image.height(), image.width()})
            .orElse(new int[] {-1, -1, -1});
    int[] asked = {channels, height, width};
    String[] names = {"channels", "height", "width"};
    int[] chosen = new int[3];
    for (int i = 0; i < 3; i++) {
      if (graph[i] > 0 && said[i] > 0 && graph[i] != said[i]) {
        throw new ModelFormatException(
            "%s: ddpm4j.image: %s: expected %d as in %s, found %d"
                .formatted(model.name(), names[i], graph[i], signature.sample(), said[i]));
      }
      if (graph[i] > 0 && asked[i] > 0 && graph[i] != asked[i]) {
        throw new IllegalArgumentException(
            "image %s: expected %d, which the model fixes, found %d"
                .formatted(names[i], graph[i], asked[i]));
      }
      chosen[i] = graph[i] > 0 ? graph[i] : asked[i] > 0 ? asked[i] : said[i];
      if (chosen[i] < 1) {
        String option = i == 0 ? "imageChannels" : "imageSize";
        throw ModelFormatException.lacking(
            option,
            "%s: expected the image's %s, in the graph, in ddpm4j.image or given as %s, found none"
                .formatted(model.name(), names[i], option));
      }
    }
    long row = 2L * Float.BYTES * chosen[0] * chosen[2]; // the variance may be learned
    if (chosen[0] > Integer.MAX_VALUE / 8 || row > Integer.MAX_VALUE / chosen[1]) {
      throw new IllegalArgumentException(
          "image size: expected at most 1 GB for the numbers of an image, found %dx%dx%d"
              .formatted(chosen[0], chosen[1], chosen[2]));
    }
    return new ImageShape(chosen[0], chosen[1], chosen[2]);
  }

  /**
   * Images that go through the network at once.
   *
   * @param asked of the option, 0 for none
   */
  static int batchSize(OnnxEpsilonModel model, int asked, ImageShape shape, Device device) {
    int fixed = model.signature().fixedBatch();
    if (fixed > 0 && asked > 0 && asked != fixed) {
      throw new IllegalArgumentException(
          "batch size: expected " + fixed + ", which the model fixes, found " + asked);
    }
    if (fixed > 0) {
      return fixed;
    }
    return asked > 0 ? asked : BatchSizes.choose(model.metadata(), shape, device);
  }

  /** Refuses a model that does not predict the variance which the sampler needs. */
  static void requireVariance(
      OnnxEpsilonModel model, Sampler sampler, ImageShape shape, boolean learnsVariance)
      throws ModelFormatException {
    if (sampler.learnsVariance() && !learnsVariance) {
      throw new ModelFormatException(
          "%s: variance_type: expected an output of %d channels, found %s"
              .formatted(model.name(), 2 * shape.channels(), model.signature().output()));
    }
  }

  /** Refuses a model of whole timesteps for a sampler that tells noise levels. */
  static void requireTimesteps(OnnxEpsilonModel model, Sampler sampler) {
    if (!sampler.tellsTimesteps() && !model.signature().timestep().isFloat()) {
      throw new IllegalArgumentException(
          "sampler: expected one that tells whole timesteps, which %s takes (%s), found %s, which tells noise levels"
              .formatted(model.name(), model.signature().timestep(), sampler.name()));
    }
  }
}
