package io.ddpm4j.trainer.tensorboard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.PngWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files held against the bytes of TensorBoard's own writer, and read by a parser of the test's. */
class EventFileTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.ofEpochMilli(1_700_000_000_500L), ZoneOffset.UTC);

  /** Two grey pixels. */
  private static final byte[] PNG =
      Base64.getDecoder()
          .decode(
              "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAC0lEQVR4nGNgaAAAAIIAgYSqkx0AAAAASUVORK5C"
                  + "YII=");

  @TempDir Path folder;

  private static Map<String, Double> scalars() {
    Map<String, Double> scalars = new LinkedHashMap<>();
    scalars.put("loss/step", 0.25);
    scalars.put("loss/smoothed", 0.1);
    return scalars;
  }

  /** What tensorboard.summary.writer of TensorBoard 2.21.0 writes for the same events. */
  @Test
  void theBytesAreThoseOfTensorBoardsWriter() throws IOException {
    Path file;
    try (EventFile events = EventFile.create(folder, 301, CLOCK)) {
      events.scalars(300, scalars());
      events.image(300, "samples", PNG);
      file = events.file();
    }
    String expected =
        """
        1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110
        100000000000000095fbfe180900002040fc54d94110ad023a020801596f3f79
        36000000000000004f578cef0900002040fc54d94110ac022a280a100a096c6f73732f7374657015
        0000803e0a140a0d6c6f73732f736d6f6f7468656415cdcccc3d5d86fdb4
        6700000000000000baadcdd40900002040fc54d94110ac022a590a570a0773616d706c6573224c08
        0110021801224489504e470d0a1a0a0000000d4948445200000002000000010800000000d1492056
        0000000b49444154789c63606800000082008184aa931d0000000049454e44ae4260821ccb6179
        """
            .replace("\n", "");
    assertEquals(expected, HexFormat.of().formatHex(Files.readAllBytes(file)));
  }

  @Test
  void tensorBoardFindsTheFileByItsName() throws IOException {
    try (EventFile one = EventFile.create(folder.resolve("new"), 1, CLOCK);
        EventFile two = EventFile.create(folder.resolve("new"), 1, CLOCK)) {
      String name = one.file().getFileName().toString();
      assertTrue(
          name.matches("events\\.out\\.tfevents\\.1700000000\\.[A-Za-z0-9-]+\\.\\d+\\.\\d+"), name);
      assertTrue(!one.file().equals(two.file()), "of one second, and yet two files");
    }
  }

  @Test
  void eachEventIsInTheFileWhenItsMethodReturns() throws IOException {
    try (EventFile events = EventFile.create(folder, 1)) {
      for (int step = 1; step <= 3; step++) {
        events.scalars(step, Map.of("a", 1.0 / step));
        List<byte[]> records = records(Files.readAllBytes(events.file()));
        assertEquals(2 + step, records.size());
        Map<Integer, byte[]> event = message(records.get(1 + step));
        assertEquals(step, varint(event.get(2)));
        double time = ByteBuffer.wrap(event.get(1)).order(ByteOrder.LITTLE_ENDIAN).getDouble();
        assertEquals(System.currentTimeMillis() / 1000.0, time, 60);
        Map<Integer, byte[]> value = message(message(event.get(5)).get(1));
        assertEquals("a", new String(value.get(1)));
        float number = ByteBuffer.wrap(value.get(2)).order(ByteOrder.LITTLE_ENDIAN).getFloat();
        assertEquals((float) (1.0 / step), number);
      }
    }
  }

  @Test
  void anInterruptDoesNotCloseTheFile() throws IOException {
    try (EventFile events = EventFile.create(folder, 1)) {
      Thread.currentThread().interrupt();
      events.scalars(1, Map.of("a", 1.0));
      assertTrue(Thread.interrupted(), "the interrupt stays set");
      events.scalars(2, Map.of("a", 2.0));
      assertEquals(4, records(Files.readAllBytes(events.file())).size());
    }
  }

  @ParameterizedTest
  @CsvSource({
    BufferedImage.TYPE_BYTE_GRAY + ", 1",
    BufferedImage.TYPE_INT_RGB + ", 3",
    BufferedImage.TYPE_INT_ARGB + ", 4"
  })
  void imagesTellTheirSize(int type, int channels) throws IOException {
    byte[] png = PngWriter.encode(new BufferedImage(70, 40, type), Map.of());
    try (EventFile events = EventFile.create(folder, 1)) {
      events.image(5, "samples", png);
      List<byte[]> records = records(Files.readAllBytes(events.file()));
      Map<Integer, byte[]> value = message(message(message(records.get(2)).get(5)).get(1));
      assertEquals("samples", new String(value.get(1)));
      Map<Integer, byte[]> image = message(value.get(4));
      assertEquals(40, varint(image.get(1)));
      assertEquals(70, varint(image.get(2)));
      assertEquals(channels, varint(image.get(3)));
      assertArrayEquals(png, image.get(4));
    }
  }

  @Test
  void whatIsNoPngIsRefused() throws IOException {
    try (EventFile events = EventFile.create(folder, 1)) {
      byte[] jpeg = {(byte) 0xff, (byte) 0xd8, (byte) 0xff};
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> events.image(1, "samples", jpeg));
      assertEquals("image: expected a PNG file, found another", e.getMessage());
    }
  }

  @Test
  void aFolderThatCannotBeMadeIsNamed() throws IOException {
    Path inTheWay = Files.writeString(folder.resolve("tensorboard"), "");
    IOException e = assertThrows(IOException.class, () -> EventFile.create(inTheWay, 1));
    assertTrue(e.getMessage().startsWith("cannot write " + inTheWay), e.getMessage());
  }

  /** RFC 3720, B.4. */
  @Test
  void theChecksumIsCrc32c() {
    byte[] bytes = new byte[32];
    assertEquals(masked(0x8a9136aa), TfRecord.maskedCrc(bytes, 32));
    Arrays.fill(bytes, (byte) 0xff);
    assertEquals(masked(0x62a8ab43), TfRecord.maskedCrc(bytes, 32));
    for (int i = 0; i < 32; i++) {
      bytes[i] = (byte) i;
    }
    assertEquals(masked(0x46dd794e), TfRecord.maskedCrc(bytes, 32));
    assertEquals(0x46dd794e, crc32c(bytes), "the test's own");
  }

  private static int masked(int crc) {
    return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
  }

  /** Bit by bit, by the polynomial of Castagnoli. */
  private static int crc32c(byte[] bytes) {
    int crc = -1;
    for (byte b : bytes) {
      crc ^= b & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
      }
    }
    return ~crc;
  }

  /** The data of a file's records, with all checksums looked at. */
  private static List<byte[]> records(byte[] file) {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    List<byte[]> records = new java.util.ArrayList<>();
    while (in.hasRemaining()) {
      byte[] length = new byte[8];
      in.get(length);
      assertEquals(masked(crc32c(length)), in.getInt());
      byte[] data = new byte[(int) in.getLong(in.position() - 12)];
      in.get(data);
      assertEquals(masked(crc32c(data)), in.getInt());
      records.add(data);
    }
    return records;
  }

  /** The fields of a message by number; of repeated ones the last. */
  private static Map<Integer, byte[]> message(byte[] bytes) {
    Map<Integer, byte[]> fields = new LinkedHashMap<>();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    while (in.hasRemaining()) {
      long key = varint(in);
      int size =
          switch ((int) (key & 7)) {
            case 0 -> {
              int from = in.position();
              varint(in);
              int count = in.position() - from;
              in.position(from);
              yield count;
            }
            case 1 -> 8;
            case 2 -> (int) varint(in);
            case 5 -> 4;
            default -> throw new AssertionError("wire type " + (key & 7));
          };
      byte[] value = new byte[size];
      in.get(value);
      fields.put((int) (key >>> 3), value);
    }
    return fields;
  }

  private static long varint(byte[] bytes) {
    return varint(ByteBuffer.wrap(bytes));
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = in.get();
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
  }
}
