package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.AttentionHeads;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.testing.GoldenUNets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks that diffusers saved come back as they were. */
class DiffusersFolderTest {
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";
  private static final String SCHEDULER =
      "{\"_class_name\": \"DDPMScheduler\", \"beta_start\": 0.0001, \"trained_betas\": null}";

  @TempDir Path dir;

  static List<GoldenUNets.Case> cases() throws IOException {
    return GoldenUNets.withStored();
  }

  private static Conversion convert(TensorSource tensors, String config) throws IOException {
    return CheckpointConverter.convert(
        CheckpointConverter.Request.of(tensors).withConfig(config).withScheduler(SCHEDULER));
  }

  private static Map<String, TensorData> constants(Conversion conversion) {
    return conversion.graph().constants().stream()
        .collect(
            Collectors.toMap(
                Value::name, v -> v.data().orElseThrow(), (a, b) -> a, LinkedHashMap::new));
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  private static DiffusersFolder folder(Conversion conversion) {
    return new DiffusersFolder(
        UNetConfig.fromJson(conversion.metadata().get("ddpm4j.unet")),
        constants(conversion),
        conversion.metadata().get("ddpm4j.scheduler"));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void whatDiffusersSavedComesBack(GoldenUNets.Case c) throws IOException {
    Conversion there = convert(TensorSource.of(c.weights()), c.json());
    Path back = dir.resolve("made/pipeline");
    folder(there).write(back);

    Safetensors found = Safetensors.read(back.resolve("unet").resolve(WEIGHTS));
    assertEquals(c.weights(), found.tensors(), "types, shapes and bytes by name");
    assertEquals(
        List.copyOf(new TreeSet<>(c.weights().keySet())), List.copyOf(found.tensors().keySet()));
    assertEquals(Map.of("format", "pt"), found.metadata());
    requireConfig(c, json(back.resolve("unet/config.json")));

    CheckpointFolder again = CheckpointFolder.of(back, Optional.empty());
    try (CheckpointFile file = CheckpointFile.open(again.weights())) {
      Conversion here = convert(file, Files.readString(again.config().orElseThrow()));
      assertEquals(there.graph().toString(), here.graph().toString());
      assertEquals(constants(there), constants(here));
    }
  }

  /** Every field that diffusers saves and no other, each with the value that it had. */
  private static void requireConfig(GoldenUNets.Case c, JsonObject written) {
    JsonObject saved = JsonParser.parseString(c.json()).getAsJsonObject();
    if (saved.has("_diffusers_version")) { // else only what is not the default
      assertEquals(saved.keySet(), written.keySet());
      assertEquals(List.copyOf(saved.keySet()), List.copyOf(written.keySet()), "in this order");
      for (String key : saved.keySet()) {
        assertTrue(same(saved.get(key), written.get(key)), key + ": " + written.get(key));
      }
    }
    assertEquals(c.config().orElseThrow(), UNetConfig.fromJson(written.toString()));
  }

  private static boolean same(JsonElement a, JsonElement b) {
    boolean numbers = a.isJsonPrimitive() && a.getAsJsonPrimitive().isNumber();
    return numbers ? a.getAsDouble() == b.getAsDouble() : a.equals(b);
  }

  // --- a small network ---------------------------------------------------------------------------

  private static final UNetConfig SMALL =
      UNetConfig.of(8, 3, List.of(8, 16), List.of(false, true), 1, 4, 4, 5);

  private final Map<String, TensorData> weights =
      new LinkedHashMap<>(UNet.parameters(SMALL).initialize(3));

  private List<String> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void aPipelineNamesItsParts() throws IOException {
    Path out = Files.createDirectory(dir.resolve("empty"));
    new DiffusersFolder(SMALL, weights, SCHEDULER).write(out);
    assertEquals(
        List.of(
            "model_index.json",
            "scheduler/scheduler_config.json",
            "unet/config.json",
            "unet/" + WEIGHTS),
        files(out));
    assertEquals(
        """
        {
          "_class_name": "DDPMPipeline",
          "_diffusers_version": "0.35.2",
          "scheduler": [
            "diffusers",
            "DDPMScheduler"
          ],
          "unet": [
            "diffusers",
            "UNet2DModel"
          ]
        }
        """,
        Files.readString(out.resolve("model_index.json")));
    JsonObject scheduler = json(out.resolve("scheduler/scheduler_config.json"));
    assertEquals("0.35.2", scheduler.remove("_diffusers_version").getAsString());
    assertEquals(JsonParser.parseString(SCHEDULER), scheduler);
    assertEquals(
        5, json(out.resolve("unet/config.json")).get("num_class_embeds").getAsInt(), "all rows");
  }

  @Test
  void halvesBecomeFloats() throws IOException {
    byte[] half = new byte[16];
    for (int i = 0; i < 8; i++) {
      half[2 * i + 1] = 0x3e; // 1.5
    }
    weights.put("conv_in.bias", TensorData.ofBytes(DataType.FLOAT16, Shape.of(8), half));
    Path out = dir.resolve("out");
    new DiffusersFolder(SMALL, weights, SCHEDULER).write(out);
    Safetensors found = Safetensors.read(out.resolve("unet").resolve(WEIGHTS));
    float[] expected = new float[8];
    Arrays.fill(expected, 1.5f);
    assertEquals(TensorData.ofFloats(expected, 8), found.tensors().get("conv_in.bias"));
  }

  private void refuses(UNetConfig network, String scheduler, String message) {
    Exception e =
        assertThrows(
            IllegalArgumentException.class, () -> new DiffusersFolder(network, weights, scheduler));
    assertEquals(message, e.getMessage());
  }

  @Test
  void whatItCannotBeIsNamed() {
    refuses(
        SMALL.toBuilder().timestepScale(0.25).build(),
        SCHEDULER,
        "U-Net config: timestep_scale: expected 1, as UNet2DModel has it, found 0.25");
    refuses(
        SMALL.toBuilder().attentionHeads(new AttentionHeads.Fixed(2, 4)).build(),
        SCHEDULER,
        "U-Net config: num_heads: expected heads of a fixed width or a single one, as UNet2DModel"
            + " has, found Fixed[down=2, up=4]");
    refuses(
        SMALL,
        "{\"_class_name\": \"EulerDiscreteScheduler\"}",
        "scheduler: expected one of DDIMScheduler, DDPMScheduler, ScoreSdeVeScheduler, found"
            + " EulerDiscreteScheduler");
    weights.put("conv_in.bias", TensorData.longs(1, 2, 3, 4, 5, 6, 7, 8));
    refuses(
        SMALL,
        SCHEDULER,
        "parameter conv_in.bias: expected float numbers of shape [8], found INT64[8]");
    weights.remove("conv_in.bias");
    refuses(
        SMALL,
        SCHEDULER,
        "parameter conv_in.bias: expected float numbers of shape [8], found none");
  }

  @Test
  void nothingIsReplaced() throws IOException {
    Path out = dir.resolve("out");
    DiffusersFolder pipeline = new DiffusersFolder(SMALL, weights, SCHEDULER);
    pipeline.write(out);
    Set<String> before = Set.copyOf(files(out));
    for (Path there : List.of(out, out.resolve("model_index.json"))) {
      Exception e = assertThrows(IOException.class, () -> pipeline.write(there));
      assertEquals(
          there
              + ": expected a new or an empty folder, found "
              + (there.equals(out) ? "model_index.json in it" : "a file"),
          e.getMessage());
    }
    assertEquals(before, Set.copyOf(files(out)));
    try (Stream<Path> beside = Files.list(dir)) {
      assertEquals(List.of(out), beside.toList());
    }
  }
}
