package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatedModelTest {
  @TempDir Path dir;

  @Test
  void filesBesideAModelThatHoldItsDataAreOfIt() throws IOException {
    Path whole = TestModels.unet(dir.resolve("whole.onnx"), 1, List.of());
    Path model = Files.createDirectory(dir.resolve("parts")).resolve("model.onnx");
    OnnxWriter.write(
        OnnxReader.read(whole).toModel(),
        model,
        OnnxWriter.Options.DEFAULT.withExternalThreshold(0));
    Path data;
    try (Stream<Path> files = Files.list(model.getParent())) {
      data = files.filter(file -> !file.equals(model)).findFirst().orElseThrow();
    }
    EvaluatedModel before = EvaluatedModel.of(model.toString());
    assertTrue(before.inParts());
    assertEquals(before.fingerprint(), EvaluatedModel.of(model.toString()).fingerprint());
    byte[] bytes = Files.readAllBytes(data);
    bytes[bytes.length - 1] ^= 1;
    Files.write(data, bytes);
    assertNotEquals(before.fingerprint(), EvaluatedModel.of(model.toString()).fingerprint());
  }
}
