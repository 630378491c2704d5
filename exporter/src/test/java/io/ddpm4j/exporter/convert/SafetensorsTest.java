package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("w.safetensors");
  }

  /** A file with that header and {@code data} zeros behind it, which take no room on the disk. */
  private void write(String header, long data) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json).flip();
    Files.deleteIfExists(file);
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.WRITE)) {
      channel.write(bytes);
      if (data > 0) {
        channel.write(ByteBuffer.allocate(1), 8 + json.length + data - 1);
      }
    }
  }

  private void refuses(String message) {
    IOException e = assertThrows(IOException.class, () -> Safetensors.read(file));
    assertEquals(message.replace("FILE", file.toString()), e.getMessage());
  }

  private void refuses(String header, long data, String expectedAndFound) throws IOException {
    write(header, data);
    refuses("FILE is no whole safetensors file: " + expectedAndFound);
  }

  @Test
  void whatIsWrittenIsReadBack() throws Exception {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put("w", TensorData.ofFloats(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
    tensors.put("scalar", TensorData.scalar(7L));
    tensors.put("empty", TensorData.ofFloats(new float[0], 3, 0));
    for (DataType type : List.of(DataType.UINT16, DataType.UINT32, DataType.UINT64)) {
      tensors.put(type.name(), TensorData.scalar(type, 9));
    }
    Safetensors before = new Safetensors(tensors, Map.of("format", "pt", "ü", "\"quoted\""));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    before.write(out);
    Files.write(file, out.toByteArray());
    Safetensors after = Safetensors.read(file);
    assertEquals(before, after);
    assertEquals(List.copyOf(tensors.keySet()), List.copyOf(after.tensors().keySet()));
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, after.tensors().get("w").floats());
  }

  @Test
  void tensorsMayLieInAnotherOrderThanInTheHeader() throws Exception {
    write(
        """
        {"b": {"dtype": "U8", "shape": [3], "data_offsets": [2, 5]},
         "a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]}}   \
        """,
        5);
    assertEquals(List.of("b", "a"), List.copyOf(Safetensors.read(file).tensors().keySet()));
  }

  @Test
  void onlyStrictJsonOfTensorsIsAHeader() throws Exception {
    String json = "expected a JSON header of tensors, found something else at ";
    refuses("{\"__metadata__\":[]}", 0, json + "$.__metadata__");
    refuses("{\"__metadata__\":{\"a\":1}}", 0, json + "$.__metadata__.a");
    refuses("{\"a\":[]}", 0, json + "$.a");
    refuses("[{}]", 0, json + "$");
    refuses("{} {}", 0, json + "$");
    refuses("{a:{}}", 0, json + "$.");
    refuses("{'a':{}}", 0, json + "$.");
    String start = "{\"a\":{\"dtype\":\"U8\",\"shape\":";
    refuses(start + "[1.0],\"data_offsets\":[0,1]}}", 1, json + "$.a.shape[1]");
    refuses(start + "[\"1\"],\"data_offsets\":[0,1]}}", 1, json + "$.a.shape[0]");
    refuses(start + "[-1],\"data_offsets\":[0,1]}}", 1, json + "$.a.shape[1]");
    refuses(start + "[1],\"data_offsets\":[0,1],\"b\":1}}", 1, json + "$.a.b");
    refuses("{\"a\":{}}", 0, "expected dtype, shape and data_offsets for a, found not all of them");
    String big = Long.toString(Long.MAX_VALUE);
    refuses(
        start + "[" + big + ",2],\"data_offsets\":[0,1]}}",
        1,
        "expected a shape that fits into a file for a, found [" + big + ", 2]");
    refuses(
        start.replace("U8", "X4") + "[1],\"data_offsets\":[0,1]}}",
        1,
        "expected a known dtype for a, found X4");
  }

  @Test
  void namesOfTensorsAreNotLong() throws Exception {
    String entry = "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
    write("{\"" + "n".repeat(1000) + entry, 1);
    assertEquals(1, Safetensors.read(file).tensors().size());
    refuses(
        "{\"" + "n".repeat(1001) + entry,
        1,
        "expected names of at most 1000 characters, found a longer one");
  }

  @Test
  void elementsOfHalfAByteFillWholeBytes() throws Exception {
    refuses(
        "{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,1]}}",
        1,
        "expected whole bytes for a, found 12 bits");
  }

  @Test
  void everyByteBelongsToOneTensor() throws Exception {
    String a = "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}";
    String b = "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[%d,%d]}";
    refuses("{" + a + "," + a + "}", 4, "expected each name once, found a twice");
    String gap = "expected tensors without gap or overlap, the next from byte 4, found b at ";
    refuses("{" + a + "," + b.formatted(6, 10) + "}", 10, gap + "6 to 10");
    refuses("{" + a + "," + b.formatted(2, 6) + "}", 6, gap + "2 to 6");
    refuses("{" + a + "}", 5, "expected 4 bytes of tensors, found 5 bytes");
    refuses("{" + a + "}", 3, "expected 4 bytes of tensors, found 3 bytes");
    refuses("{" + b.formatted(0, 5) + "}", 5, "expected 4 bytes for b, found offsets 0 to 5");
    refuses("{" + b.formatted(4, 0) + "}", 4, "expected 4 bytes for b, found offsets 4 to 0");
  }

  @Test
  void filesOfOtherKindsAreOneSentence() throws Exception {
    refuses("FILE: expected a safetensors file, found no such file");
    Files.write(file, new byte[3]);
    refuses("FILE is no whole safetensors file: expected a header length from 2 to 2, found -1");
    Files.write(file, new byte[20]);
    refuses("FILE is no whole safetensors file: expected a header length from 2 to 12, found 0");
    write("", 200_000_000);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {1, (byte) 0xe1, (byte) 0xf5, 5})); // 100000001
    }
    refuses(
        "FILE is no whole safetensors file: expected a header length from 2 to 100000000,"
            + " found 100000001");
    byte[] notUtf8 = {2, 0, 0, 0, 0, 0, 0, 0, '{', (byte) 0xff};
    Files.write(file, notUtf8);
    refuses("FILE is no whole safetensors file: expected a header in UTF-8, found other bytes");
  }

  /** The files are sparse: gigabytes that take no room. */
  @Test
  void tensorsBehindTwoGibibytesAreFound() throws Exception {
    long far = 3L << 30;
    write(
        """
        {"a": {"dtype": "U8", "shape": [%d], "data_offsets": [0, %d]},
         "b": {"dtype": "F32", "shape": [2], "data_offsets": [%d, %d]}}\
        """
            .formatted(far, far, far, far + 8),
        far + 8);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer two = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      channel.write(two.putFloat(1.5f).putFloat(-2).flip(), channel.size() - 8);
      SafetensorsHeader header = SafetensorsHeader.read(file, channel);
      assertEquals(Shape.of(far), header.entries().get(0).shape());
      TensorData b = header.tensor(channel, header.entries().get(1));
      assertArrayEquals(new float[] {1.5f, -2}, b.floats());
    }
    refuses("FILE: tensor a: expected at most 2147483639 bytes in one tensor, found 3221225472");
  }

  @Test
  void theNameOfTheMetadataIsNoTensors() {
    Map<String, TensorData> tensors = Map.of("__metadata__", TensorData.scalar(1f));
    assertThrows(IllegalArgumentException.class, () -> new Safetensors(tensors, Map.of()));
  }
}
