package io.ddpm4j.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ValueRange;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelMetadataTest {
  private static final Map<String, String> GOOD =
      Map.of(
          "ddpm4j.format", "1",
          "ddpm4j.scheduler", "{\"num_train_timesteps\": 50}",
          "ddpm4j.image",
              "{\"channels\": 3, \"height\": 8, \"width\": 16, \"value_range\": [0, 1]}",
          "ddpm4j.classes", "[\"T-shirt/top\", \"Sneaker\"]",
          "ddpm4j.null_class", "2",
          "ddpm4j.unet", "{\"block_out_channels\": [32, 64]}",
          "ddpm4j.provenance", "{\"dataset\": \"x\", \"steps\": 2000, \"extra\": [1, 2]}");

  @Test
  void everyKeyIsRead() throws ModelFormatException {
    ModelMetadata metadata = ModelMetadata.parse("m.onnx", GOOD);
    assertEquals(50, metadata.scheduler().orElseThrow().trainTimesteps());
    assertEquals(new ModelMetadata.ImageShape(3, 8, 16), metadata.image().orElseThrow());
    assertEquals(new ValueRange(0, 1), metadata.valueRange());
    assertEquals(List.of("T-shirt/top", "Sneaker"), metadata.classNames());
    assertEquals(OptionalInt.of(2), metadata.nullClass());
    assertEquals(Map.of("dataset", "x", "steps", "2000", "extra", "[1,2]"), metadata.provenance());
    assertEquals(1, metadata.classLabel("sneaker"));
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> metadata.classLabel("trainer"));
    assertEquals("class: expected one of T-shirt/top, Sneaker, found \"trainer\"", e.getMessage());
  }

  @Test
  void aNullClassMayBeAbsent() throws ModelFormatException {
    Map<String, String> properties = new HashMap<>(GOOD);
    properties.remove("ddpm4j.null_class");
    assertEquals(OptionalInt.empty(), ModelMetadata.parse("m.onnx", properties).nullClass());
  }

  @Test
  void aForeignFileSaysNothing() throws ModelFormatException {
    assertEquals(ModelMetadata.foreign(), ModelMetadata.parse("m.onnx", Map.of("author", "x")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ddpm4j.format     | 2                  | ddpm4j.format: expected 1, found \"2\"",
        "ddpm4j.scheduler  | []                 | ddpm4j.scheduler: expected a JSON object, found"
            + " []",
        "ddpm4j.image      | {\"channels\": 1}  | ddpm4j.image: height: expected an integer of at"
            + " least 1, found null",
        "ddpm4j.image      | {\"channels\": 0}  | ddpm4j.image: channels: expected an integer of at"
            + " least 1, found 0",
        "ddpm4j.image      | {\"channels\": 1, \"height\": 1.5} | ddpm4j.image: height: expected an"
            + " integer of at least 1, found 1.5",
        "ddpm4j.image      | nothing {          | ddpm4j.image: expected JSON, found nothing {",
        "ddpm4j.image      | {\"channels\": 1, \"height\": 1, \"width\": 1, \"value_range\": [1,"
            + " 0]} | ddpm4j.image: value_range: expected [low, high] with low < high, found [1,0]",
        "ddpm4j.classes    | {\"a\": 1}         | ddpm4j.classes: expected a JSON array of names,"
            + " found {\"a\":1}",
        "ddpm4j.null_class | 1                  | ddpm4j.null_class: expected a label of at least"
            + " 2, found 1",
        "ddpm4j.null_class | 2.5                | ddpm4j.null_class: expected a label of at least"
            + " 2, found 2.5",
        "ddpm4j.null_class | 4294967298         | ddpm4j.null_class: expected a label of at least"
            + " 2, found 4294967298",
        "ddpm4j.null_class | [2]x               | ddpm4j.null_class: expected JSON, found [2]x",
        "ddpm4j.null_class | {}                 | ddpm4j.null_class: expected a label of at least"
            + " 2, found {}",
        "ddpm4j.provenance | 3                  | ddpm4j.provenance: expected a JSON object, found"
            + " 3"
      })
  void whatIsWrongIsNamed(String key, String value, String message) {
    Map<String, String> properties = new HashMap<>(GOOD);
    properties.put(key.strip(), value.strip());
    Exception e =
        assertThrows(ModelFormatException.class, () -> ModelMetadata.parse("m.onnx", properties));
    assertEquals("m.onnx: " + message.strip(), e.getMessage());
  }

  @Test
  void theRestIsReadWhereNobodyKnowsTheSchedule() throws ModelFormatException {
    Map<String, String> properties = new HashMap<>(GOOD);
    properties.remove("ddpm4j.scheduler");
    ModelMetadata without = ModelMetadata.parse("m.onnx", properties);
    ModelMetadata with = ModelMetadata.parse("m.onnx", GOOD);
    assertEquals(Optional.empty(), without.scheduler());
    assertEquals(with.withScheduler(Optional.empty()), without);
    assertTrue(without.image().isPresent());
  }

  @Test
  void ambiguousInputsAreListed() {
    TensorSpec image = TensorSpec.of("x", "float", -1, 3, 8, 8);
    TensorSpec out = TensorSpec.of("y", "float", -1, 3, 8, 8);
    TensorSpec a = TensorSpec.of("a", "int64", -1);
    TensorSpec b = TensorSpec.of("b", "int64", -1);
    Exception e =
        assertThrows(
            ModelFormatException.class, () -> find("m.onnx", List.of(image, a, b), List.of(out)));
    assertTrue(e.getMessage().contains("[x float[?,3,8,8], a int64[?], b int64[?]]"));
    TensorSpec wrong = TensorSpec.of("y", "float", -1, 5, 8, 8);
    e =
        assertThrows(
            ModelFormatException.class, () -> find("m.onnx", List.of(image, a), List.of(wrong)));
    assertTrue(e.getMessage().contains("found the outputs [y float[?,5,8,8]]"), e.getMessage());
  }

  @Test
  void labelsAreToldFromTimesteps() throws ModelFormatException {
    TensorSpec image = TensorSpec.of("x", "float", -1, 3, 8, 8);
    TensorSpec out = TensorSpec.of("y", "float", -1, 3, 8, 8);
    TensorSpec labels = TensorSpec.of("class_labels", "int64", -1);
    for (TensorSpec t :
        List.of(
            TensorSpec.of("timestep", "int64", -1),
            TensorSpec.of("t", "float", -1),
            TensorSpec.of("t", "int64"))) {
      ModelSignature found = find("m.onnx", List.of(labels, image, t), List.of(out));
      assertEquals(labels, found.classLabels().orElseThrow());
      assertEquals(t, found.timestep());
    }
  }

  private static ModelSignature find(String file, List<TensorSpec> inputs, List<TensorSpec> outputs)
      throws ModelFormatException {
    return new RoleFinder(file, RoleNames.none(), inputs, outputs).find();
  }
}
