package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.model.ModelMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every folder of {@code models/}: whole, unchanged, described. */
class ShippedModelsTest {
  private static final Path MODELS =
      Path.of(System.getProperty("ddpm4j.root", "..")).resolve("models");

  static List<Path> models() throws IOException {
    try (Stream<Path> folders = Files.list(MODELS)) {
      return folders.filter(Files::isDirectory).sorted().toList();
    }
  }

  @Test
  void theDefaultModelIsThere() {
    assertTrue(Files.isRegularFile(MODELS.resolve(Models.DEFAULT).resolve(Models.FILE)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void filesHaveTheirHashes(Path folder) throws IOException, NoSuchAlgorithmException {
    Map<String, String> expected = new TreeMap<>();
    for (String line : Files.readAllLines(folder.resolve("SHA256SUMS"))) {
      String[] parts = line.split("\\s+", 2);
      expected.put(parts[1], parts[0]);
    }
    assertTrue(expected.keySet().containsAll(List.of("model.onnx", "samples.png")));
    for (Map.Entry<String, String> file : expected.entrySet()) {
      byte[] bytes = Files.readAllBytes(folder.resolve(file.getKey()));
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      assertEquals(file.getValue(), HexFormat.of().formatHex(hash), file.getKey());
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void theCardAgreesWithTheFile(Path folder) throws IOException {
    Path file = folder.resolve("model.onnx");
    assertTrue(Files.size(file) < 8_000_000, "fp32, under 8 MB: " + Files.size(file));
    ModelMetadata metadata =
        ModelMetadata.parse(file.toString(), OnnxReader.read(file).summary().metadata());
    String card = Files.readString(folder.resolve("README.md"));
    for (String key : List.of("steps", "seed", "batch_size")) {
      String value = metadata.provenance().get(key).toString();
      assertTrue(card.replace(",", "").contains(value), key + " " + value + " in the card");
    }
    metadata.classNames().forEach(name -> assertTrue(card.contains(name), name));
  }
}
