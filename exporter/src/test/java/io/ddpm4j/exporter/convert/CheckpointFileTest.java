package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.convert.torch.TorchFile;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoint files of every kind. */
class CheckpointFileTest {
  @TempDir Path dir;

  private static Map<String, TensorData> read(Path file) throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    try (CheckpointFile checkpoint = CheckpointFile.open(file)) {
      for (String name : checkpoint.names()) {
        tensors.put(name, checkpoint.data(name));
        assertEquals(checkpoint.type(name), tensors.get(name).type());
      }
    }
    return tensors;
  }

  private void write(String name, Map<String, TensorData> tensors) throws IOException {
    try (OutputStream out = Files.newOutputStream(dir.resolve(name))) {
      new Safetensors(tensors, Map.of("format", "pt")).write(out);
    }
  }

  /** Where a folder of golden/unets has both forms of a checkpoint, they hold the same tensors. */
  @Test
  void torchFilesHoldWhatTheSafetensorsBesideThemDo() throws IOException {
    int compared = 0;
    for (Path file : goldens(".bin")) {
      String name = file.getFileName().toString().replaceAll("\\.bin$", ".safetensors");
      Path other = file.resolveSibling(name);
      if (Files.exists(other)) {
        assertEquals(read(other), read(file), file.toString());
        compared++;
      }
    }
    assertTrue(compared > 0 || !SharedData.exists("golden/unets"));
  }

  @Test
  void everyStoredCheckpointIsRead() throws IOException {
    for (String ending : List.of(".bin", ".pt", ".safetensors")) {
      for (Path file : goldens(ending)) {
        assertTrue(read(file).size() > 10, file.toString());
      }
    }
  }

  private static List<Path> goldens(String ending) throws IOException {
    if (!SharedData.exists("golden/unets")) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(SharedData.path("golden/unets"))) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    }
  }

  /** The file begins with the length of its header, whose bytes look like anything. */
  @Test
  void headersOfAllLengthsAreSafetensors() throws IOException {
    for (int length = 0; length < 1 << 12; length += 8) {
      Map<String, TensorData> tensors =
          Map.of("w" + "x".repeat(length % 900), TensorData.scalar(1f));
      try (OutputStream out = Files.newOutputStream(dir.resolve("w.safetensors"))) {
        new Safetensors(tensors, Map.of("pad", "p".repeat(length))).write(out);
      }
      assertEquals(tensors, read(dir.resolve("w.safetensors")));
    }
  }

  /** Protocols 0 and 1 have no mark of their own: such a file begins with a number as text. */
  @Test
  void picklesOfEveryProtocolAreTorchFiles() throws IOException {
    for (int protocol = 0; protocol < 256; protocol++) {
      byte[] start = {(byte) 0x80, (byte) protocol, 'N', '.'};
      assertEquals(protocol <= 5, TorchFile.isOne(start), "protocol " + protocol);
    }
    Path one = Path.of("src/test/resources/torch/old1.pt");
    assertEquals(Map.of("w", TensorData.ofFloats(new float[] {0, 1, 2, 3, 4, 5}, 2, 3)), read(one));
    Path file = Files.writeString(dir.resolve("old.pt"), "L119547037146038801333356L\n.N.");
    IOException e = assertThrows(IOException.class, () -> CheckpointFile.open(file));
    assertTrue(e.getMessage().contains("a checkpoint of torch.save"), e.getMessage());
  }

  /** 8-bit floats and the like need not be read where nothing needs them. */
  @Test
  void tensorsOfOtherTypesAreNamedWithTheirType() throws IOException {
    try (CheckpointFile file = CheckpointFile.open(Path.of("src/test/resources/torch/kinds.pt"))) {
      assertEquals(Set.of("w", "losses.0"), file.names());
      assertEquals(
          Map.of("f8", "a tensor of torch.float8_e4m3fn", "p", "a tensor of torch.float8_e5m2"),
          file.unread());
      assertEquals(2L, file.values().get("losses.1"));
    }
    String header =
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            + "\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[2,2],\"data_offsets\":[4,8]},"
            + "\"b\":{\"dtype\":\"F4\",\"shape\":[6],\"data_offsets\":[8,11]},"
            + "\"c\":{\"dtype\":\"C64\",\"shape\":[],\"data_offsets\":[11,19]}}";
    Path safetensors = dir.resolve("kinds.safetensors");
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length() + 19).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
    Files.write(safetensors, bytes.array());
    Path index =
        Files.writeString(
            dir.resolve("index.json"),
            "{\"weight_map\": {\"w\": \"kinds.safetensors\", \"a\": \"kinds.safetensors\","
                + " \"b\": \"kinds.safetensors\", \"c\": \"kinds.safetensors\"}}");
    for (Path each : List.of(safetensors, index)) {
      try (CheckpointFile file = CheckpointFile.open(each)) {
        assertEquals(Set.of("w"), file.names());
        assertEquals(
            Map.of(
                "a", "a tensor of F8_E4M3[2, 2]",
                "b", "a tensor of F4[6]",
                "c", "a tensor of C64[]"),
            file.unread());
        assertEquals(TensorData.ofFloats(new float[1], 1), file.data("w"));
        assertEquals(
            each.equals(index) ? List.of(index, safetensors) : List.of(safetensors), file.files());
      }
    }
    IOException e = assertThrows(IOException.class, () -> Safetensors.read(safetensors));
    assertTrue(e.getMessage().endsWith("found a tensor of F8_E4M3[2, 2]"), e.getMessage());
  }

  @Test
  void severalFilesAreOneCheckpoint() throws IOException {
    TensorData large = TensorData.ofFloats(new float[40_000], 200, 200); // mapped
    write("a-1.safetensors", Map.of("w", large));
    write("a-2.safetensors", Map.of("b", TensorData.ofFloats(new float[] {2, 3}, 2)));
    Path index =
        Files.writeString(
            dir.resolve("a.safetensors.index.json"),
            """
            {"metadata": {"total_size": 9},
             "weight_map": {"w": "a-1.safetensors", "b": "a-2.safetensors"}}
            """);
    Map<String, TensorData> tensors = read(index);
    assertEquals(List.of("w", "b"), List.copyOf(tensors.keySet()));
    assertEquals(large, tensors.get("w"));
    assertEquals(3, tensors.get("b").floats()[1]);
    try (CheckpointFile file = CheckpointFile.open(index)) {
      assertEquals("pt", file.values().get("format"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"weight_map\": {\"w\": \"../a.safetensors\"}}",
        "{\"weight_map\": {\"w\": \"/a.safetensors\"}}",
        "{\"weight_map\": {\"w\": \"..\"}}",
        "{\"weight_map\": {\"w\": \"index.json\"}}",
        "{\"weight_map\": {\"w\": 1}}",
        "{\"weight_map\": {\"w\": \"\"}}",
        "{\"weight_map\": {\"w\": \"missing.safetensors\"}}",
        "{\"weight_map\": {\"other\": \"a.safetensors\"}}",
        "{\"weight_map\": {\"w\": \"a.safetensors\"}}",
        "{\"weight_map\": {}}",
        "{\"weight_map\": []}",
        "{}",
        "{\"weight_map\": ",
        "  text"
      })
  void badIndicesAreRefusedInASentence(String json) throws IOException {
    TensorData one = TensorData.scalar(1f);
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put("w", one);
    tensors.put("not in the index", one);
    write("a.safetensors", tensors);
    Path index = Files.writeString(dir.resolve("index.json"), json);
    IOException e = assertThrows(IOException.class, () -> CheckpointFile.open(index));
    assertTrue(e.getMessage().startsWith(dir.toString()), e.getMessage());
    assertTrue(e.getMessage().contains(": expected "), e.getMessage());
  }

  @Test
  void namesInAnIndexAreNotLong() throws IOException {
    String name = "n".repeat(1001);
    write("a.safetensors", Map.of("w", TensorData.scalar(1f)));
    badIndicesAreRefusedInASentence("{\"weight_map\": {\"" + name + "\": \"a.safetensors\"}}");
    Path index = dir.resolve("index.json");
    IOException e = assertThrows(IOException.class, () -> CheckpointFile.open(index));
    assertTrue(e.getMessage().endsWith("1000 characters, found a longer one"), e.getMessage());
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    Path file = dir.resolve("x.safetensors");
    assertRefused(file, "no such file");
    Files.write(file, new byte[0]);
    assertRefused(file, "an empty file");
    Files.writeString(file, "version https://git-lfs.github.com/spec/v1\n");
    assertRefused(file, "a pointer of Git LFS in place of the file itself");
    Files.writeString(file, "<!DOCTYPE html><title>404</title>");
    assertRefused(file, "a web page or XML in place of the file itself");
    Files.write(file, new byte[] {1, 2, (byte) 0xff});
    assertRefused(file, "a file that begins with 01 02 ff");
    byte[] tar = new byte[1024];
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
    Files.write(file, tar);
    assertRefused(file, "a tar archive, which only the first versions of PyTorch wrote");
    assertRefused(dir, "a folder");
  }

  private static void assertRefused(Path file, String found) {
    IOException e = assertThrows(IOException.class, () -> CheckpointFile.open(file));
    assertTrue(e.getMessage().startsWith(file + ": expected "), e.getMessage());
    assertTrue(e.getMessage().endsWith(found), e.getMessage());
  }
}
