package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.convert.DiffusersFolder;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.schedule.PipelineScheduler;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Turns a model that describes itself into a folder that diffusers loads. */
public final class DiffusersExporter {
  private DiffusersExporter() {}

  /**
   * What was written.
   *
   * @param pipeline the class that diffusers loads the folder as
   * @param notes what a user should know, a sentence each
   */
  public record Result(String pipeline, List<String> notes) {
    /** Copies the list. */
    public Result {
      notes = List.copyOf(notes);
    }
  }

  /**
   * Writes the folder of a pipeline: {@link DiffusersFolder}.
   *
   * @param source of the model, for messages
   * @param metadata of the model
   * @param tensors the model's constants by name
   * @param folder that is not there, or has nothing in it
   * @throws IOException if the model's network is no {@code UNet2DModel}, or the folder cannot be
   *     written; the message is one sentence
   */
  public static Result export(
      String source, Map<String, String> metadata, Map<String, TensorData> tensors, Path folder)
      throws IOException {
    ModelMetadata model = ModelMetadata.parse(source, metadata);
    String unet =
        model
            .unet()
            .orElseThrow(
                () ->
                    new ModelFormatException(
                        source
                            + ": expected a model whose network is UNet2DModel, as ddpm4j.unet says"
                            + " of it, found another network"));
    SchedulerConfig own = model.scheduler().orElseThrow(); // there is ddpm4j.unet
    SchedulerConfig scheduler;
    UNetConfig network;
    DiffusersFolder pipeline;
    try {
      scheduler = PipelineScheduler.of(own);
      network = UNetConfig.fromJson(unet);
      pipeline = new DiffusersFolder(network, tensors, scheduler.toJson());
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(source + ": " + e.getMessage(), e);
    }
    pipeline.write(folder);
    return new Result(pipeline.pipeline(), notes(model, network, own, scheduler));
  }

  private static List<String> notes(
      ModelMetadata model, UNetConfig network, SchedulerConfig own, SchedulerConfig scheduler) {
    List<String> notes = new ArrayList<>();
    if (!own.className().equals(scheduler.className())) {
      notes.add(
          "the scheduler is "
              + scheduler.className()
              + " of the same noise schedule, since no pipeline of a network alone drives "
              + own.className());
    }
    if (network.isConditional()) {
      notes.add(
          "the network is told a class, which the pipeline does not give: call unet with"
              + " class_labels"
              + nullClass(model)
              + " in a loop of your own");
    }
    return notes;
  }

  private static String nullClass(ModelMetadata model) {
    return model.nullClass().isPresent()
        ? " (" + model.nullClass().getAsInt() + " stands for no class)"
        : "";
  }
}
