package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.proto.OnnxFile;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The files of a training step, and what becomes of a state that was trained with them. */
class TrainStepExporterTest {
  private static final int STEPS = 4;

  @TempDir static Path runs;
  @TempDir Path dir;

  @BeforeAll
  static void train() throws IOException {
    train("run", config());
    train("plain", TrainerTest.config(1, 0, 1e-3, false));
  }

  private static void train(String name, TrainConfig config) throws IOException {
    Trainer.create(runs.resolve(name), config, w -> {})
        .run(new TrainListener() {}, new Cancellation());
  }

  /**
   * Everything that a description tells of: dropout, a null class, two averages, a rate that falls.
   */
  static TrainConfig config() {
    TrainConfig usual = TrainerTest.config(STEPS, 0, 1e-3, true);
    OptimizerConfig adam = usual.optimizer();
    OptimizerConfig optimizer =
        new OptimizerConfig(
            3, 2e-3, 2, 0.8, 0.99, 1e-7, 0.5, 0.9, 2, "cosine", 1e-4, 0.01, List.of(0.99));
    assertFalse(adam.equals(optimizer));
    return new TrainConfig(
        usual.data(),
        usual.network().withDropout(0.25).withLabelDropout(0.125),
        new DiffusionConfig(
            50,
            "linear",
            1e-3,
            0.1,
            "v_prediction",
            List.of(),
            new ObjectiveConfig(null, null, 5, null, 0.0625)),
        optimizer,
        usual.run());
  }

  private static RunSnapshot snapshot() throws IOException {
    return RunSnapshot.newest(runs.resolve("run"));
  }

  private TrainStepExporter.Files export(RunSnapshot run, OptionalInt batch) throws IOException {
    TrainStepExporter.Files files = TrainStepExporter.Files.beside(dir.resolve("step.onnx"));
    TrainStepExporter.export(run, files, batch);
    return files;
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  @Test
  void theFilesAreFourBesideEachOther() throws IOException {
    TrainStepExporter.Files files = export(snapshot(), OptionalInt.empty());
    List<String> names =
        List.of("step-predictor.onnx", "step.json", "step.onnx", "step.safetensors");
    try (Stream<Path> found = Files.list(dir)) {
      assertEquals(names, found.map(file -> file.getFileName().toString()).sorted().toList());
    }
    assertEquals(
        names, files.all().stream().map(f -> f.getFileName().toString()).sorted().toList());
    for (Path model : List.of(files.step(), files.predictor())) {
      Graph graph = OnnxReader.read(model).toModel().graph();
      assertEquals(17, graph.opSet().version());
      assertTrue(graph.nodes().stream().allMatch(node -> node.schema().domain().isEmpty()));
    }
    JsonObject named = json(files.description()).getAsJsonObject("files");
    assertEquals("step.onnx", named.get("train_step").getAsString());
    assertEquals("step-predictor.onnx", named.get("predictor").getAsString());
    assertEquals("step.safetensors", named.get("state").getAsString());
  }

  /** What the description says of tensors is what the graph has. */
  @Test
  void theDescriptionTellsOfEveryInputAndOutput() throws IOException {
    TrainStepExporter.Files files = export(snapshot(), OptionalInt.of(2));
    JsonObject said = json(files.description());
    OnnxFile file = OnnxReader.read(files.step());
    Graph graph = file.toModel().graph();
    Map<String, String> types = Map.of("FLOAT", "float32", "INT64", "int64", "UINT8", "uint8");
    Map<String, String> roles = new LinkedHashMap<>();
    JsonArray inputs = said.getAsJsonArray("inputs");
    assertEquals(graph.inputs().size(), inputs.size());
    for (int i = 0; i < inputs.size(); i++) {
      JsonObject input = inputs.get(i).getAsJsonObject();
      Value value = graph.inputs().get(i);
      String name = input.get("name").getAsString();
      assertEquals(value.name(), name);
      assertEquals(types.get(value.dataType().name()), input.get("type").getAsString(), name);
      assertArrayEquals(value.shape().sizes(), longs(input.getAsJsonArray("shape")), name);
      roles.put(name, input.get("role").getAsString());
    }
    List<String> state = List.of("weights", "first_moment", "second_moment", "ema", "ema_0.99");
    for (Map.Entry<String, String> each : roles.entrySet()) {
      String expected =
          state.contains(each.getKey())
              ? "state"
              : each.getKey().endsWith(".dropout") ? "dropout_mask" : each.getKey();
      assertEquals(expected, each.getValue(), each.getKey());
    }
    assertTrue(roles.containsValue("dropout_mask") && roles.containsKey("class_labels"));
    List<String> outputs = new ArrayList<>();
    for (JsonElement each : said.getAsJsonArray("outputs")) {
      String name = each.getAsJsonObject().get("name").getAsString();
      String role = each.getAsJsonObject().get("role").getAsString();
      assertEquals(name.startsWith("new_") ? "state" : name, role);
      outputs.add(name);
    }
    assertEquals(List.copyOf(graph.outputs().keySet()), outputs);
    List<String> pairs = new ArrayList<>();
    for (JsonElement each : said.getAsJsonArray("state")) {
      JsonObject pair = each.getAsJsonObject();
      String input = pair.get("input").getAsString();
      assertEquals("new_" + input, pair.get("output").getAsString());
      assertEquals(input.startsWith("ema"), pair.has("decay"), input);
      pairs.add(input);
    }
    assertEquals(state, pairs);
    assertEquals(2, said.get("batch_size").getAsInt());
    said.remove("files");
    said.remove("steps_done");
    assertEquals(said, JsonParser.parseString(file.metadata().get("ddpm4j.train_step")));
  }

  private static long[] longs(JsonArray array) {
    return array.asList().stream().mapToLong(JsonElement::getAsLong).toArray();
  }

  @Test
  void theDescriptionTellsTheHyperparametersOfTheRun() throws IOException {
    JsonObject said = json(export(snapshot(), OptionalInt.empty()).description());
    assertEquals(STEPS, said.get("steps_done").getAsInt());
    assertEquals(6, said.get("batch_size").getAsInt(), "two batches of three to a step");
    assertEquals(
        JsonParser.parseString(
            """
            {"peak": 0.002, "warmup_steps": 2, "decay": "cosine", "steps": 4, "floor": 1.0E-4}
            """),
        said.get("learning_rate"));
    assertEquals(
        JsonParser.parseString(
            """
            {"beta1": 0.8, "beta2": 0.99, "epsilon": 1.0E-7, "weight_decay": 0.01,
             "max_gradient_norm": 0.5}
            """),
        said.get("optimizer"));
    assertEquals(
        JsonParser.parseString(
            """
            {"timesteps": 50, "offset_noise": 0.0625, "dropout": 0.25, "label_dropout": 0.125,
             "null_class": 6, "horizontal_flips": true}
            """),
        said.get("draws"));
    assertEquals(
        JsonParser.parseString("{\"loss\": \"simple\", \"min_snr\": 5.0, \"model_guidance\": 1.0}"),
        said.get("objective"));
    assertEquals("v_prediction", field(said, "scheduler", "prediction_type"));
    assertEquals("8", field(said, "image", "height"));
    assertEquals(6, said.getAsJsonArray("classes").size());

    RunSnapshot plain = RunSnapshot.newest(runs.resolve("plain"));
    JsonObject other = json(export(plain, OptionalInt.empty()).description());
    assertTrue(other.getAsJsonObject("draws").get("null_class").isJsonNull());
    assertEquals(0, other.getAsJsonArray("classes").size());
  }

  private static String field(JsonObject json, String object, String field) {
    return json.getAsJsonObject(object).get(field).getAsString();
  }

  /** Every number of the checkpoint lies where the description says. */
  @Test
  void theStateIsThatOfTheCheckpoint() throws IOException {
    RunSnapshot run = snapshot();
    TrainStepExporter.Files files = export(run, OptionalInt.empty());
    JsonArray parameters = json(files.description()).getAsJsonArray("parameters");
    Safetensors state = Safetensors.read(files.state());
    assertEquals(Integer.toString(STEPS), state.metadata().get("step"));
    assertEquals(
        List.copyOf(UNet.parameters(run.unet()).specs().keySet()),
        parameters.asList().stream()
            .map(p -> p.getAsJsonObject().get("name").getAsString())
            .toList());
    assertEquals(5, state.tensors().size());
    for (Map.Entry<String, TensorData> vector : state.tensors().entrySet()) {
      float[] values = vector.getValue().floats();
      int end = 0;
      for (JsonElement each : parameters) {
        JsonObject parameter = each.getAsJsonObject();
        String name = parameter.get("name").getAsString();
        TensorData expected = run.state(vector.getKey()).get(name);
        assertEquals(end, parameter.get("offset").getAsInt(), name);
        long[] shape = longs(parameter.getAsJsonArray("shape"));
        assertArrayEquals(expected.shape().sizes(), shape, name);
        int from = end;
        end += expected.floats().length;
        assertArrayEquals(expected.floats(), Arrays.copyOfRange(values, from, end), name);
      }
      assertEquals(values.length, end);
    }
  }

  @Test
  void aFileThatCannotBeWrittenLeavesNone() throws IOException {
    Files.createDirectory(dir.resolve("step.json"));
    IOException e = assertThrows(IOException.class, () -> export(snapshot(), OptionalInt.empty()));
    assertTrue(e.getMessage().contains("step.json"), e.getMessage());
    try (Stream<Path> found = Files.list(dir)) {
      assertEquals(List.of(dir.resolve("step.json")), found.toList());
    }
  }

  @Test
  void namesAndBatchesThatCannotBeAreRefused() throws IOException {
    RunSnapshot run = snapshot();
    refused("--batch: expected 1 to ", () -> export(run, OptionalInt.of(0)));
    refused("--batch: expected 1 to ", () -> export(run, OptionalInt.of(Integer.MAX_VALUE)));
    for (String name : List.of("step.json", ".onnx", "step")) {
      refused(
          "--train-step: expected a file name that ends in .onnx, found " + name,
          () -> TrainStepExporter.Files.beside(Path.of(name)));
    }
  }

  private static void refused(String said, Executable action) {
    String message = assertThrows(IllegalArgumentException.class, action).getMessage();
    assertTrue(message.startsWith(said), message);
  }

  // --- the way back ------------------------------------------------------------------------------

  @Test
  void aStateBecomesTheModelOfItsWeights() throws IOException {
    RunSnapshot run = snapshot();
    Path state = export(run, OptionalInt.empty()).state();
    for (OptionalDouble decay : List.of(OptionalDouble.empty(), OptionalDouble.of(0.99))) {
      Path direct = dir.resolve("direct.onnx");
      Path back = dir.resolve("back.onnx");
      RunExporter.export(run, direct, decay);
      RunExporter.export(run.withState(state), back, decay);
      OnnxFile expected = OnnxReader.read(direct);
      OnnxFile found = OnnxReader.read(back);
      assertEquals(expected.initializers(), found.initializers());
      Map<String, String> told = ModelMetadata.parse("back", found.metadata()).provenance();
      assertNotNull(told.get("state_sha256"));
      assertEquals(Integer.toString(STEPS), told.get("steps"));
      Map<String, String> here = ModelMetadata.parse("direct", expected.metadata()).provenance();
      assertFalse(here.containsKey("state_sha256"));
    }
  }

  @Test
  void whatWasTrainedElsewhereIsWhatIsExported() throws IOException {
    RunSnapshot run = snapshot();
    Safetensors state = Safetensors.read(export(run, OptionalInt.empty()).state());
    float[] ema = state.tensors().get("ema").floats();
    for (int i = 0; i < ema.length; i++) {
      ema[i] = i;
    }
    Path changed = write(Map.of("ema", TensorData.ofFloats(ema, ema.length)), 120);
    RunSnapshot later = run.withState(changed);
    assertEquals(120, later.step());
    Path model = dir.resolve("model.onnx");
    RunExporter.export(later, model, OptionalDouble.empty());
    OnnxFile file = OnnxReader.read(model);
    int at = 0;
    for (String parameter : UNet.parameters(run.unet()).specs().keySet()) {
      for (float value : file.initializers().get(parameter).floats()) {
        assertEquals(at++, value, parameter);
      }
    }
    assertEquals(ema.length, at);
    ModelMetadata metadata = ModelMetadata.parse("model", file.metadata());
    assertEquals("120", metadata.provenance().get("steps"));
    IOException e =
        assertThrows(
            IOException.class, () -> RunExporter.export(later, model, OptionalDouble.of(0.99)));
    assertEquals(changed + ": expected the state vector ema_0.99, found [ema]", e.getMessage());
    assertThrows(IOException.class, () -> export(later, OptionalInt.empty()));
  }

  @Test
  void statesThatAreNoneOfTheRunAreRefused() throws IOException {
    RunSnapshot run = snapshot();
    int size = (int) UNet.parameters(run.unet()).count();
    TensorData zeros = TensorData.ofFloats(new float[size], size);
    float[] broken = new float[size];
    broken[size - 2] = Float.NaN;
    wrong(
        run,
        write(Map.of("ema", TensorData.ofFloats(new float[size + 1], size + 1)), 1),
        "ema: expected FLOAT[" + size + "]",
        "found FLOAT[" + (size + 1) + "]");
    wrong(
        run,
        write(Map.of("ema", TensorData.ofFloats(new float[size], 1, size)), 1),
        "found FLOAT[1, " + size + "]");
    wrong(
        run,
        write(Map.of("ema", TensorData.ofFloats(broken, size)), 1),
        "ema: expected finite numbers, found NaN at " + (size - 2));
    wrong(
        run,
        write(Map.of("conv_in.weight", zeros), 1),
        "expected tensors of [weights, first_moment, second_moment, ema, ema_0.99]",
        "found one called conv_in.weight");
    Path file = dir.resolve("state.safetensors");
    for (String step : new String[] {null, "-1", "many"}) {
      Map<String, String> metadata = step == null ? Map.of() : Map.of("step", step);
      try (var out = Files.newOutputStream(file)) {
        new Safetensors(Map.of("ema", zeros), metadata).write(out);
      }
      wrong(run, file, "expected the number of steps done as step in the metadata");
    }
    Files.writeString(file, "{}");
    wrong(run, file, "no whole safetensors file");
    wrong(run, dir.resolve("none"), "found no such file");
  }

  private Path write(Map<String, TensorData> vectors, long step) throws IOException {
    Path file = dir.resolve("changed.safetensors");
    try (var out = Files.newOutputStream(file)) {
      new StateFile(step, vectors).write(out);
    }
    return file;
  }

  private static void wrong(RunSnapshot run, Path state, String... said) {
    String message = assertThrows(IOException.class, () -> run.withState(state)).getMessage();
    assertTrue(message.startsWith(state.toString()), message);
    for (String words : said) {
      assertTrue(message.contains(words), words + " in: " + message);
    }
  }
}
