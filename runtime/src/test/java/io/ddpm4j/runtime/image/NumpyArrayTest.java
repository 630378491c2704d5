package io.ddpm4j.runtime.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The files are NumPy's: src/test/resources/npy/make_arrays.py. */
class NumpyArrayTest {
  private static final Map<String, byte[]> FILES = new HashMap<>();

  @TempDir Path folder;

  @BeforeAll
  static void unpack() throws IOException {
    try (InputStream in = NumpyArrayTest.class.getResourceAsStream("/npy/arrays.zip");
        ZipInputStream zip = new ZipInputStream(in)) {
      for (ZipEntry e = zip.getNextEntry(); e != null; e = zip.getNextEntry()) {
        FILES.put(e.getName().replace(".npy", ""), zip.readAllBytes());
      }
    }
  }

  private static NumpyArray array(String name) throws IOException {
    return NumpyArray.parse(name, FILES.get(name));
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeIsReadInEveryOrder(NumpyType type) throws IOException {
    for (String order : new String[] {"", "_fortran", "_big"}) {
      NumpyArray array = array(type.code() + order);
      assertEquals(type + "[2,3,4]", array.toString());
      assertEquals(24, array.size());
      for (int i = 0; i < 21; i++) {
        double expected = type == NumpyType.BOOL ? i % 2 : i;
        assertEquals(expected, array.doubleAt(i), type + order);
        assertEquals((long) expected, array.longAt(i), type + order);
      }
      double[] ends = {array.doubleAt(21), array.doubleAt(22), array.doubleAt(23)};
      double[] expected =
          switch (type) {
            case BOOL -> new double[] {1, 0, 1};
            case INT8 -> new double[] {21, -128, 127};
            case UINT8 -> new double[] {21, 0, 255};
            case INT16 -> new double[] {21, -32768, 32767};
            case UINT16 -> new double[] {21, 0, 65535};
            case INT32 -> new double[] {21, Integer.MIN_VALUE, Integer.MAX_VALUE};
            case UINT32 -> new double[] {21, 0, 4294967295.0};
            case INT64 -> new double[] {21, -0x1p63, 0x1p63};
            case UINT64 -> new double[] {21, 0, 0x1p64};
            case FLOAT16 -> new double[] {Double.NaN, Double.NEGATIVE_INFINITY, 0x1p-14};
            case FLOAT32 -> new double[] {Double.NaN, Double.NEGATIVE_INFINITY, Float.MIN_NORMAL};
            case FLOAT64 -> new double[] {Double.NaN, Double.NEGATIVE_INFINITY, Double.MIN_NORMAL};
          };
      assertArrayEquals(expected, ends, type + order);
    }
  }

  /** What NumPy wrote for the same array. */
  @ParameterizedTest
  @EnumSource
  void filesAreWrittenAsNumPyWritesThem(NumpyType type) throws IOException {
    for (String order : new String[] {"", "_fortran", "_big"}) {
      Path file = folder.resolve("out.npy");
      array(type.code() + order).write(file);
      assertArrayEquals(FILES.get(type.code()), Files.readAllBytes(file), type + order);
    }
  }

  @Test
  void everyVersionAndRankIsRead() throws IOException {
    assertEquals("int32[2,3,4]", array("version2").toString());
    assertEquals(7, array("version2").longAt(7));
    assertEquals("int32[2,3,4]", array("version3").toString());
    assertEquals(7, array("version3").longAt(7));
    assertEquals("float64[]", array("scalar").toString());
    assertEquals(7.5, array("scalar").doubleAt(0));
    assertEquals("float32[0,3]", array("empty").toString());
    assertEquals(0, array("empty").size());
    assertArrayEquals(new long[] {1, 2}, array("vector").toLongs());
    for (String name : new String[] {"scalar", "empty", "vector"}) {
      assertArrayEquals(FILES.get(name), array(name).toBytes(), name);
    }
  }

  @Test
  void arraysAreMadeFromJava() throws IOException {
    float[] values = {1, 2, 3, 4, 5, 6};
    NumpyArray array = NumpyArray.of(values, 2, 3);
    values[0] = 9; // it was copied
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, array.toFloats());
    assertArrayEquals(new long[] {1, 2}, array.position(5));
    assertArrayEquals(FILES.get("vector"), NumpyArray.of(new long[] {1, 2}, 2).toBytes());
    ByteBuffer big = ByteBuffer.allocate(8).order(ByteOrder.BIG_ENDIAN).putInt(-7).putInt(8).flip();
    assertArrayEquals(new long[] {-7, 8}, NumpyArray.of(NumpyType.INT32, big, 2).toLongs());
    assertEquals(8, big.remaining());
    assertEquals(3f, NumpyArray.of(new float[] {3}).data().getFloat(0));
    String message =
        assertThrows(IllegalArgumentException.class, () -> NumpyArray.of(new float[5], 2, 3))
            .getMessage();
    assertEquals("values: expected 6 for the shape [2,3], found 5", message);
    assertThrows(IllegalArgumentException.class, () -> NumpyArray.of(new float[6], -2, -3));
  }

  /** From, to, the number, and whether the type holds it. */
  @ParameterizedTest
  @CsvSource({
    "INT64, INT32, 2147483647, true",
    "INT64, INT32, 2147483648, false",
    "INT64, FLOAT64, 9007199254740992, true",
    "INT64, FLOAT64, 9007199254740993, false",
    "INT64, FLOAT64, 9223372036854775807, false",
    "INT64, FLOAT32, 16777217, false",
    "INT64, FLOAT16, 2048, true",
    "INT64, FLOAT16, 2049, false",
    "INT64, UINT64, -1, false",
    "INT64, UINT8, 255, true",
    "INT64, UINT8, 256, false",
    "INT64, BOOL, 1, true",
    "INT64, BOOL, 2, false",
    "INT64, INT8, -128, true",
    "FLOAT32, INT64, 12, true",
    "FLOAT32, INT64, 12.5, false",
    "FLOAT32, FLOAT64, 0.1, true",
    "FLOAT64, FLOAT32, 0.1, false",
    "FLOAT64, FLOAT32, NaN, true",
    "FLOAT64, FLOAT32, 1e300, false",
    "FLOAT64, INT64, NaN, false",
    "FLOAT64, INT64, 9.223372036854775808e18, false",
    "FLOAT64, UINT64, 9.223372036854775808e18, true",
    "FLOAT64, UINT64, 18446744073709551616, false",
    "FLOAT32, FLOAT16, 65504, true",
    "FLOAT32, FLOAT16, 65520, false"
  })
  void conversionsKeepTheNumberOrAreRefused(
      NumpyType from, NumpyType to, String number, boolean holds) {
    ByteBuffer bytes = ByteBuffer.allocate(from.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    switch (from) {
      case INT64 -> bytes.putLong(0, Long.parseLong(number));
      case FLOAT32 -> bytes.putFloat(0, Float.parseFloat(number));
      default -> bytes.putDouble(0, Double.parseDouble(number));
    }
    NumpyArray array = NumpyArray.of(from, bytes, 1);
    if (holds) {
      NumpyArray converted = array.as(to);
      assertEquals(to, converted.type());
      assertEquals(array.doubleAt(0), converted.doubleAt(0));
      assertSame(converted, converted.as(to));
    } else {
      String message =
          assertThrows(IllegalArgumentException.class, () -> array.as(to)).getMessage();
      assertTrue(message.startsWith("expected numbers that " + to + " holds, found the "), message);
      assertTrue(message.endsWith(" at [0]"), message);
    }
  }

  private String refusal(String name, byte[] bytes) {
    String message =
        assertThrows(IOException.class, () -> NumpyArray.parse(name, bytes)).getMessage();
    assertTrue(message.startsWith(name + ": "), message);
    return message.substring(name.length() + 2);
  }

  @Test
  void badFilesAreRefusedInOneSentence() {
    String types = "b1, i1, u1, i2, u2, i4, u4, i8, u8, f2, f4, f8";
    assertEquals(
        "descr: expected numbers or truth values (" + types + "), found '<c8'",
        refusal("complex", FILES.get("complex")));
    assertTrue(refusal("text", FILES.get("text")).endsWith("found '<U1'"));
    assertTrue(
        refusal("structured", FILES.get("structured"))
            .startsWith("expected a header that holds descr, one type, found {'descr': [('x',"));
    byte[] whole = FILES.get("f4");
    assertEquals(
        "expected a .npy file, found something else",
        refusal("png", "something else".getBytes(StandardCharsets.UTF_8)));
    assertEquals("expected a .npy file, found something else", refusal("empty", new byte[0]));
    for (int length : new int[] {6, 9, 20, 127}) {
      assertEquals(
          "expected a .npy file, found one that is cut short",
          refusal("cut", Arrays.copyOf(whole, length)));
    }
    assertEquals(
        "expected 96 bytes of data for float32[2,3,4], found 95",
        refusal("cut", Arrays.copyOf(whole, whole.length - 1)));
    assertEquals(
        "expected 96 bytes of data for float32[2,3,4], found 97",
        refusal("long", Arrays.copyOf(whole, whole.length + 1)));
    byte[] newer = whole.clone();
    newer[6] = 4;
    assertEquals("expected version 1 to 3 of .npy, found 4", refusal("newer", newer));
    String text = new String(whole, StandardCharsets.ISO_8859_1);
    assertTrue(
        refusal("n", text.replace("'shape'", "'shapf'").getBytes(StandardCharsets.ISO_8859_1))
            .startsWith("expected a header that holds shape, found {'descr'"));
    assertEquals(
        "shape: expected whole numbers, found (2 2 4)",
        refusal("n", text.replace("2, 3, 4", "2 2 4 ").getBytes(StandardCharsets.ISO_8859_1))
            .replace(" )", ")"));
  }

  @Test
  void whatIsNoFileIsRefused() {
    assertThrows(NoSuchFileException.class, () -> NumpyArray.read(folder.resolve("missing.npy")));
    IOException e = assertThrows(IOException.class, () -> NumpyArray.read(folder));
    assertEquals(folder + ": expected a .npy file, found a folder", e.getMessage());
  }
}
