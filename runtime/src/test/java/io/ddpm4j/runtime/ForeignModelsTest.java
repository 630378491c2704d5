package io.ddpm4j.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.RoleNames;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that ddpm4j has not written: folders of diffusers and optimum, and lone files. */
class ForeignModelsTest {
  private static final SchedulerConfig CONFIG =
      SchedulerConfig.ddpm()
          .with("num_train_timesteps", 20)
          .with("beta_start", 0.005)
          .with("beta_end", 0.5);

  @TempDir Path folder;

  private void model(String name, String place) throws IOException {
    write(place, Files.readString(TestModels.path(name), StandardCharsets.ISO_8859_1));
  }

  private Path write(String place, String text) throws IOException {
    Path file = folder.resolve(place);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text, StandardCharsets.ISO_8859_1);
  }

  private DiffusionPipeline.Builder open() {
    return DiffusionPipeline.open(folder).threads(1);
  }

  private static float[] images(DiffusionPipeline.Builder builder) throws IOException {
    try (DiffusionPipeline pipeline = builder.build()) {
      return pipeline.generate(3, 5).values();
    }
  }

  @Test
  void aFolderOfDiffusersIsEnough() throws IOException {
    write("model_index.json", "{\"_class_name\": \"DDIMPipeline\"}");
    model("open_all", "unet/model.onnx");
    write("unet/config.json", "{\"in_channels\": 1, \"sample_size\": [4, 8]}");
    write(
        "scheduler/scheduler_config.json",
        """
        {"_class_name": "DDIMScheduler", "_diffusers_version": "0.30.0", "num_train_timesteps": 20,
         "beta_start": 0.005, "beta_end": 0.5, "set_alpha_to_one": true, "later": 1, "newer": 2}
        """);
    try (DiffusionPipeline pipeline = open().build()) {
      assertEquals("ddim", pipeline.sampler().name());
      assertEquals(new ImageShape(1, 4, 8), pipeline.imageShape());
      assertEquals(CONFIG.noiseSchedule(), pipeline.schedule());
      assertEquals(
          List.of(
              "the scheduler configuration holds fields that DDIMScheduler does not know: later,"
                  + " newer"),
          pipeline.warnings());
      assertEquals(folder.getFileName() + "/unet/model.onnx", tail(pipeline.model().name(), 3));
      assertEquals(3, pipeline.generate(3, 1).images());
    }
  }

  private static String tail(String path, int names) {
    Path whole = Path.of(path);
    int count = whole.getNameCount();
    return whole.subpath(count - names, count).toString().replace('\\', '/');
  }

  @Test
  void theFilesMayLieBesideEachOther() throws IOException {
    model("open_size", "model.onnx");
    write("config.json", "{\"in_channels\": 1, \"sample_size\": 4}");
    write("scheduler_config.json", CONFIG.toJson());
    DiffusionPipeline.Builder alone =
        DiffusionPipeline.open(TestModels.path("open_size"))
            .schedulerConfig(CONFIG)
            .imageSize(4, 4);
    assertArrayEquals(images(alone), images(open()));
    try (DiffusionPipeline pipeline = open().build()) {
      assertEquals("ddpm", pipeline.sampler().name());
      assertEquals(List.of(), pipeline.warnings());
    }
  }

  /** The configuration of the network helps where the graph is open, and only there. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"in_channels\": 3, \"sample_size\": 32}",
        "{\"in_channels\": 1, \"sample_size\": null}",
        "{}"
      })
  void theGraphKnowsBetter(String config) throws IOException {
    model("scalar_int64", "unet/model.onnx");
    write("unet/config.json", config);
    write("scheduler/scheduler_config.json", CONFIG.toJson());
    try (DiffusionPipeline pipeline = open().build()) {
      assertEquals(new ImageShape(1, 4, 4), pipeline.imageShape());
    }
  }

  @Test
  void ourModelKeepsItsOwnSchedule() throws IOException {
    model("unconditional", "model.onnx");
    Path scheduler = write("scheduler_config.json", SchedulerConfig.ddpm().toJson());
    try (DiffusionPipeline pipeline = open().build()) {
      assertEquals(20, pipeline.schedule().trainTimesteps());
      assertEquals(
          List.of(
              scheduler
                  + " is not used, since "
                  + folder.resolve("model.onnx")
                  + " holds a schedule of its own"),
          pipeline.warnings());
    }
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(folder.resolve("model.onnx")).build()) {
      assertEquals(List.of(), pipeline.warnings());
    }
  }

  private String refusal() {
    return assertThrows(IOException.class, () -> open().build().close()).getMessage();
  }

  @ParameterizedTest
  @CsvSource({
    "unet/diffusion_pytorch_model.safetensors",
    "unet/diffusion_pytorch_model.bin",
    "diffusion_pytorch_model.fp16.safetensors",
    "model.pt"
  })
  void weightsAloneHaveToBeConverted(String weights) throws IOException {
    write(weights, "...");
    write("scheduler/scheduler_config.json", "{}");
    assertThrows(FileNotFoundException.class, () -> open().build().close());
    assertEquals(
        folder
            + ": this folder holds no model.onnx but weights without a graph ("
            + Path.of(weights)
            + "): it has to be converted to ONNX first",
        refusal());
  }

  @Test
  void whatIsWrongInAFolderIsNamed() throws IOException {
    assertEquals(folder + ": this folder holds no model.onnx", refusal());
    Files.createDirectory(folder.resolve("unet"));
    assertEquals(
        folder + ": this folder holds no model.onnx, nor has its folder unet one", refusal());
    model("scalar_int64", "unet/model.onnx");
    assertTrue(refusal().contains("expected a noise schedule"), refusal());
    Path scheduler = write("scheduler/scheduler_config.json", "{\"_class_name\": \"Foo\"}");
    assertTrue(refusal().startsWith(scheduler + ": _class_name: expected one of "), refusal());
    write("scheduler/scheduler_config.json", "\u00FF\u00FE");
    assertEquals(scheduler + ": expected JSON, found something that is no text", refusal());
    write("scheduler/scheduler_config.json", CONFIG.toJson());
    Path config = write("unet/config.json", "[1]");
    assertEquals(config + ": expected a JSON object, found something else", refusal());
  }

  @Test
  void aScheduleMayBeGivenNumberByNumber() throws IOException {
    SchedulerConfig listed =
        SchedulerConfig.parse(
            "{\"betas\": %s}".formatted(Arrays.toString(CONFIG.noiseSchedule().betas())));
    DiffusionPipeline.Builder builder =
        DiffusionPipeline.open(TestModels.path("scalar_int64")).schedulerConfig(listed);
    assertArrayEquals(
        images(DiffusionPipeline.open(TestModels.path("scalar_int64")).schedulerConfig(CONFIG)),
        images(builder));
  }

  private static DiffusionPipeline.Builder lone(String model) {
    return DiffusionPipeline.open(TestModels.path(model)).schedulerConfig(CONFIG).threads(1);
  }

  @Test
  void whatTheGraphLeavesOpenIsGiven() throws IOException {
    try (DiffusionPipeline pipeline = lone("open_all").imageChannels(2).imageSize(3, 5).build()) {
      assertEquals(new ImageShape(2, 3, 5), pipeline.imageShape());
      assertEquals(2 * 2 * 3 * 5, pipeline.generate(2, 1).values().length);
    }
    ModelFormatException e =
        assertThrows(ModelFormatException.class, () -> lone("open_all").build().close());
    assertEquals("imageChannels", e.missingOption().orElse(""), e.getMessage());
    assertTrue(
        e.getMessage()
            .endsWith(
                ": expected the image's channels, in the graph, in ddpm4j.image or given as"
                    + " imageChannels, found none"),
        e.getMessage());
    DiffusionPipeline.Builder wrong = lone("scalar_int64").imageChannels(3);
    assertEquals(
        "image channels: expected 1, which the model fixes, found 3",
        assertThrows(IllegalArgumentException.class, wrong::build).getMessage());
  }

  /** The network that has a say in the variance says none: 0 is in the middle of the range. */
  @ParameterizedTest
  @CsvSource({"open_learned", "no_output_shape_learned"})
  void aLearnedVarianceIsFoundByATrial(String name) throws IOException {
    SchedulerConfig learned = CONFIG.with("variance_type", "learned_range");
    DiffusionPipeline.Builder builder = lone(name).schedulerConfig(learned).imageChannels(1);
    DiffusionPipeline.Builder known =
        DiffusionPipeline.open(TestModels.path("learned")).schedulerConfig(learned);
    assertArrayEquals(images(known), images(builder.imageSize(4, 4)), 1e-6f);
    DiffusionPipeline.Builder none = lone("no_output_shape").schedulerConfig(learned);
    IOException e = assertThrows(ModelFormatException.class, none::build);
    assertTrue(e.getMessage().contains("variance_type: expected an output of 2 channels"));
  }

  @Test
  void lessPreciseModelsGiveNearlyTheSameImages() throws IOException {
    float[] expected = images(lone("vector_int32"));
    assertArrayEquals(expected, images(lone("double_image")), 1e-5f);
    assertArrayEquals(expected, images(lone("half_in")), 0.02f);
    assertArrayEquals(expected, images(lone("half_out")), 0.02f);
    assertArrayEquals(expected, images(lone("half")), 0.02f);
    assertArrayEquals(expected, images(lone("bfloat16")), 0.15f);
  }

  @Test
  void namesReachTheModel() throws IOException {
    RoleNames names = RoleNames.none().withTimestep("b").withClassLabels("a");
    try (DiffusionPipeline pipeline = lone("ambiguous").roleNames(names).build()) {
      assertEquals("b", pipeline.model().signature().timestep().name());
    }
  }

  @Test
  void theValueRangeSaysWhatIsBlackAndWhite() throws IOException {
    try (DiffusionPipeline signed = lone("scalar_int64").build();
        DiffusionPipeline unit = lone("scalar_int64").valueRange(0, 1).build()) {
      assertEquals(ValueRange.SIGNED, signed.metadata().valueRange());
      assertEquals(new ValueRange(0, 1), unit.metadata().valueRange());
      assertEquals(new ValueRange(0, 1), unit.model().metadata().valueRange());
      ImageBatch one = signed.generate(1, 3);
      ImageBatch other = unit.generate(1, 3);
      assertArrayEquals(one.values(), other.values()); // clipping is the schedule's business
      int x = 1;
      float value = one.values()[x];
      assertEquals(
          Math.round((value + 1) / 2 * 255),
          one.toBufferedImage(0).getRaster().getSample(x, 0, 0),
          1);
      assertEquals(
          Math.max(0, Math.min(255, Math.round(value * 255))),
          other.toBufferedImage(0).getRaster().getSample(x, 0, 0),
          1);
      assertFalse(unit.metadata().equals(signed.metadata()));
    }
    assertThrows(IllegalArgumentException.class, () -> lone("scalar_int64").valueRange(1, 1));
  }
}
