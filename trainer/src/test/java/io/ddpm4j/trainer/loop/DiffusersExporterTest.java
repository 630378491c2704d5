package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.TrainerTest.SILENT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.convert.CheckpointConverter;
import io.ddpm4j.exporter.convert.CheckpointFile;
import io.ddpm4j.exporter.convert.CheckpointFolder;
import io.ddpm4j.exporter.convert.Conversion;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs as folders that diffusers loads. */
class DiffusersExporterTest {
  /** Every argument of the class in diffusers, and what is about the file. */
  private static final Set<String> DDPM_FIELDS =
      Set.of(
          "_class_name",
          "_diffusers_version",
          "beta_end",
          "beta_schedule",
          "beta_start",
          "clip_sample",
          "clip_sample_range",
          "dynamic_thresholding_ratio",
          "num_train_timesteps",
          "prediction_type",
          "rescale_betas_zero_snr",
          "sample_max_value",
          "steps_offset",
          "thresholding",
          "timestep_spacing",
          "trained_betas",
          "variance_type");

  @TempDir Path dir;

  private OnnxModel model;
  private Map<String, TensorData> ema;

  /** Of a few steps, with classes and a null class, v and a schedule that only we have. */
  @BeforeEach
  void train() throws IOException {
    TrainConfig config =
        new TrainConfig(
            new DataConfig("shapes", null, null, 8, null, null, false, true),
            new NetworkConfig(List.of(8, 8), List.of(false, true), 1, 2, 4, true, 0.2),
            new DiffusionConfig(50, "exp", 1e-3, 0.1, "v_prediction"),
            new OptimizerConfig(4, 1e-3, 10, 0.9, 0.999, 1e-8, 1, 0.99),
            new RunConfig(2, 7, 0, 2, 0, 4, 3, 1));
    Path run = dir.resolve("run");
    Trainer.create(run, config, warning -> {}).run(SILENT, new Cancellation());
    RunSnapshot snapshot = RunSnapshot.newest(run);
    model = RunExporter.model(snapshot, OptionalDouble.empty());
    ema = snapshot.state("ema");
  }

  private static Map<String, TensorData> constants(Graph graph) {
    Map<String, TensorData> constants = new LinkedHashMap<>();
    graph.constants().forEach(value -> constants.put(value.name(), value.data().orElseThrow()));
    return constants;
  }

  private DiffusersExporter.Result export(Map<String, String> metadata, Path folder)
      throws IOException {
    return DiffusersExporter.export(
        "source", metadata, constants(model.graph()), Optional.empty(), folder);
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  /** The model's metadata with another scheduler. */
  private Map<String, String> with(String scheduler) {
    Map<String, String> metadata = new LinkedHashMap<>(model.metadata());
    metadata.put("ddpm4j.scheduler", scheduler);
    return metadata;
  }

  @Test
  void aRunComesBackFromDiffusersAsItWas() throws IOException {
    Path folder = dir.resolve("pipeline");
    DiffusersExporter.Result result = export(model.metadata(), folder);
    assertEquals("DDPMPipeline", result.pipeline());
    JsonObject unet = json(folder.resolve("unet/config.json"));
    int rows = unet.get("num_class_embeds").getAsInt();
    assertEquals(1, result.notes().size());
    assertTrue(
        result.notes().get(0).contains("class_labels (" + (rows - 1) + " stands for no class)"),
        result.notes().toString());

    CheckpointFolder found = CheckpointFolder.of(folder, Optional.empty());
    try (CheckpointFile file = CheckpointFile.open(found.weights())) {
      assertEquals(ema.keySet(), file.names());
      for (String name : file.names()) {
        assertEquals(ema.get(name), file.data(name), name);
      }
      Conversion back =
          CheckpointConverter.convert(
              CheckpointConverter.Request.of(file)
                  .withConfig(Files.readString(found.config().orElseThrow()))
                  .withScheduler(Files.readString(found.scheduler().orElseThrow())));
      assertEquals(model.graph().toString(), back.graph().toString());
      assertEquals(constants(model.graph()), constants(back.graph()));
    }
  }

  @Test
  void theSchedulerSaysAllAndTheSame() throws IOException {
    Path folder = dir.resolve("pipeline");
    export(model.metadata(), folder);
    JsonObject written = json(folder.resolve("scheduler/scheduler_config.json"));
    assertEquals(DDPM_FIELDS, written.keySet());
    SchedulerConfig own = SchedulerConfig.parse(model.metadata().get("ddpm4j.scheduler"));
    SchedulerConfig theirs = SchedulerConfig.parse(written.toString());
    assertArrayEquals(own.noiseSchedule().betas(), theirs.noiseSchedule().betas());
    assertEquals("linear", written.get("beta_schedule").getAsString(), "one that diffusers knows");
    assertEquals(own.predictionType(), theirs.predictionType());
    assertEquals(own.varianceType(), theirs.varianceType());
    assertEquals(own.clipSample(), theirs.clipSample());
  }

  @Test
  void aSchedulerThatNoPipelineDrivesBecomesDdpm() throws IOException {
    Path folder = dir.resolve("pipeline");
    DiffusersExporter.Result result =
        export(
            with(
                "{\"_class_name\": \"EulerDiscreteScheduler\", \"beta_schedule\":"
                    + " \"scaled_linear\", \"prediction_type\": \"v_prediction\"}"),
            folder);
    assertTrue(
        result.notes().get(0).startsWith("the scheduler is DDPMScheduler of the same noise"),
        result.notes().toString());
    JsonObject written = json(folder.resolve("scheduler/scheduler_config.json"));
    assertEquals(DDPM_FIELDS, written.keySet());
    assertEquals("scaled_linear", written.get("beta_schedule").getAsString());
    assertEquals("v_prediction", written.get("prediction_type").getAsString());
    Path ddim = dir.resolve("ddim");
    assertEquals(
        "DDIMPipeline", export(with("{\"_class_name\": \"DDIMScheduler\"}"), ddim).pipeline());
    JsonObject steps = json(ddim.resolve("scheduler/scheduler_config.json"));
    assertTrue(steps.get("set_alpha_to_one").getAsBoolean() && !steps.has("eta"), steps.toString());
  }

  private void refuses(Map<String, String> metadata, String message) {
    Path folder = dir.resolve("refused");
    Exception e = assertThrows(IOException.class, () -> export(metadata, folder));
    assertEquals("source: " + message, e.getMessage());
    assertFalse(Files.exists(folder));
  }

  @Test
  void whatIsNoUNet2DModelIsNamed() {
    refuses(
        with("{\"_class_name\": \"EDMEulerScheduler\"}"),
        "scheduler: expected a class with a schedule of betas, or one of DDIMScheduler,"
            + " DDPMScheduler, ScoreSdeVeScheduler, found EDMEulerScheduler");
    Map<String, String> other = new LinkedHashMap<>(model.metadata());
    other.put(
        "ddpm4j.unet", other.get("ddpm4j.unet").replaceFirst("\\{", "{\"timestep_scale\": 4,"));
    refuses(other, "U-Net config: timestep_scale: expected 1, as UNet2DModel has it, found 4.0");
    other.remove("ddpm4j.unet");
    refuses(
        other,
        "expected a network that is a UNet2DModel of diffusers, as ddpm4j.unet would say, found"
            + " another one");
    refuses(
        Map.of(),
        "expected a model that ddpm4j wrote, with ddpm4j.unet in its metadata, found one that says"
            + " nothing of itself");
  }

  @Test
  void aSchedulerIsGivenWhereTheModelHasNone() throws IOException {
    Map<String, String> without = new LinkedHashMap<>(model.metadata());
    without.remove("ddpm4j.scheduler");
    refuses(without, "expected a noise schedule in ddpm4j.scheduler, found none");
    Path folder = dir.resolve("given");
    SchedulerConfig given =
        SchedulerConfig.parse("{\"_class_name\": \"DDIMScheduler\", \"beta_end\": 0.03}");
    for (Map<String, String> metadata : List.of(without, model.metadata())) {
      Path each = folder.resolve("" + metadata.size());
      assertEquals(
          "DDIMPipeline",
          DiffusersExporter.export(
                  "source", metadata, constants(model.graph()), Optional.of(given), each)
              .pipeline());
      JsonObject steps = json(each.resolve("scheduler/scheduler_config.json"));
      assertEquals(0.03, steps.get("beta_end").getAsDouble());
    }
  }
}
