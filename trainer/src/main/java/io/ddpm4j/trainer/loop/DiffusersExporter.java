package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.convert.DiffusersFolder;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.MetadataKeys;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.schedule.PipelineScheduler;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

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
   * @param given the scheduler in place of the model's own; empty for that
   * @param folder that is not there, or has nothing in it
   * @throws ModelFormatException if the model does not say that its network is a {@code
   *     UNet2DModel}, or that is another one; with the missing option {@code schedulerConfig} if
   *     there is no scheduler
   * @throws IOException if the folder cannot be written; the message is one sentence
   */
  public static Result export(
      String source,
      Map<String, String> metadata,
      Map<String, TensorData> tensors,
      Optional<SchedulerConfig> given,
      Path folder)
      throws IOException {
    ModelMetadata model = ModelMetadata.parse(source, metadata);
    requireFloats(source, metadata);
    String unet =
        model
            .unet()
            .orElseThrow(
                () ->
                    new ModelFormatException(
                        source
                            + (ModelMetadata.isOurs(metadata)
                                ? ": expected a network that is a UNet2DModel of diffusers, as"
                                    + " ddpm4j.unet would say, found another one"
                                : ": expected a model that ddpm4j wrote, with ddpm4j.unet in its"
                                    + " metadata, found one that says nothing of itself")));
    SchedulerConfig own =
        given
            .or(model::scheduler)
            .orElseThrow(
                () ->
                    ModelFormatException.lacking(
                        "schedulerConfig",
                        source + ": expected a noise schedule in ddpm4j.scheduler, found none"));
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

  /** Refuses 8-bit weights: they are under other names, and not what was trained. */
  private static void requireFloats(String source, Map<String, String> metadata)
      throws ModelFormatException {
    if (metadata
        .getOrDefault(MetadataKeys.FORM, "")
        .matches("(?s).*\"weights\"\\s*:\\s*\"int8\".*")) {
      throw new ModelFormatException(
          source
              + ": expected weights as they were trained, found 8-bit ones, which cannot go back;"
              + " give the model that this one was made of");
    }
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
