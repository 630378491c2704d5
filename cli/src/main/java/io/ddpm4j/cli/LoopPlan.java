package io.ddpm4j.cli;

import io.ddpm4j.exporter.loop.LoopImages;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.sampling.SamplerFactory;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.util.Optional;

/**
 * What kind of loop is made of a network.
 *
 * @param method its name and steps
 * @param settings of the method
 * @param scheduler in place of the model's own
 * @param ports what goes in and out
 * @param form of the network
 */
record LoopPlan(
    LoopMethod method,
    MethodOptions settings,
    Optional<SchedulerConfig> scheduler,
    Ports ports,
    ModelFormOptions form) {

  /**
   * What goes in and out of a loop.
   *
   * @param seeded whether noise is made of a seed; else it is an input
   * @param images how they leave
   */
  record Ports(boolean seeded, LoopImages.Format images) {}

  /** The method for a model. */
  SamplerFactory sampler() {
    return Samplers.changed(model -> settings.configuration(method.name(), model));
  }

  /**
   * The network as a pipeline with the method: what it checks holds for the loop too.
   *
   * @param network of which inputs, outputs and metadata count
   * @param name of the network, for messages
   */
  DiffusionPipeline open(byte[] network, String name) throws IOException {
    DiffusionPipeline.Builder builder = DiffusionPipeline.open(network, name).sampler(sampler());
    scheduler.ifPresent(builder::schedulerConfig);
    if (method.steps() > 0) {
      builder.steps(method.steps());
    }
    try {
      return builder.build();
    } catch (ModelFormatException e) {
      throw named(name, e);
    } catch (IllegalArgumentException e) { // an option that does not fit the model
      throw new UsageException(e.getMessage());
    }
  }

  /**
   * The failure with the options of {@code export} that give what is missing, where it has some.
   */
  private static ModelFormatException named(String name, ModelFormatException e) {
    return switch (e.missingOption().orElse("")) {
      case "imageSize" ->
          new ModelFormatException(
              name
                  + ": expected the images' height and width in the file or as "
                  + ExportCommand.SIZE
                  + ", found neither",
              e);
      case "imageChannels" ->
          new ModelFormatException(
              name + ": expected a graph that fixes the images' channels, found one that does not",
              e);
      case "roleNames" ->
          new ModelFormatException(e.getMessage() + " in the file (docs/model-format.md)", e);
      default -> SchedulerOption.named(name, e);
    };
  }
}
