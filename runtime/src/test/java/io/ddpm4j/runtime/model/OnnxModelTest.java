package io.ddpm4j.runtime.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.TestModels;
import io.ddpm4j.runtime.image.NumpyArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxModelTest {
  private static final SessionSettings ONE = new SessionSettings(Device.cpu(), 1);

  @TempDir Path folder;

  /** Ones for every input, with extents of 1 where they are open. */
  private static Map<String, NumpyArray> ones(OnnxModel model) {
    Map<String, NumpyArray> inputs = new LinkedHashMap<>();
    for (TensorSpec spec : model.inputs()) {
      long[] shape = spec.shape().stream().mapToLong(extent -> Math.max(1, extent)).toArray();
      int size = 1;
      for (long extent : shape) {
        size *= (int) extent;
      }
      float[] values = new float[size];
      Arrays.fill(values, 1);
      inputs.put(
          spec.name(),
          NumpyArray.of(values, shape).rounded(ElementType.of(spec.type()).orElseThrow().numpy()));
    }
    return inputs;
  }

  @ParameterizedTest
  @ValueSource(strings = {"two_outputs", "unclear_outputs"})
  void someOutputsAreWhatAllOfThemAre(String file) throws IOException {
    try (OnnxModel model = OnnxModel.open(TestModels.path(file), ONE)) {
      Map<String, NumpyArray> inputs = ones(model);
      Map<String, NumpyArray> all = model.run(inputs);
      assertEquals(2, all.size());
      for (String output : all.keySet()) {
        Map<String, NumpyArray> one = model.run(inputs, List.of(output, output));
        assertEquals(Set.of(output), one.keySet());
        assertEquals(all.get(output).data(), one.get(output).data());
      }
      String message =
          assertThrows(IllegalArgumentException.class, () -> model.run(inputs, List.of("nothing")))
              .getMessage();
      assertTrue(message.contains("found the name \"nothing\""), message);
    }
  }

  @Test
  void aModelSaysItsMetadataAndItsHash() throws Exception {
    Path file = folder.resolve("model.onnx");
    Files.copy(TestModels.path("conditional"), file);
    String expected =
        HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)))
            .substring(0, 16);
    try (OnnxModel model = OnnxModel.open(file, ONE)) {
      assertEquals(expected, model.sha256().orElseThrow());
      assertEquals("1", model.metadata().get("ddpm4j.format"));
    }
    try (OnnxModel model = OnnxModel.open(file, ONE)) {
      Files.write(file, new byte[1], StandardOpenOption.APPEND);
      assertFalse(model.sha256().isPresent());
    }
  }
}
