package io.ddpm4j.runtime.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An array of numbers or truth values with a shape, as NumPy keeps it in a {@code .npy} file.
 * Immutable. Elements are counted in row-major order (the last axis runs fastest), whatever the
 * order in the file was.
 *
 * <p>Reads versions 1 to 3 of the format, both byte orders, and C and Fortran order; writes what
 * {@code numpy.save} writes for a little-endian array in C order.
 */
public final class NumpyArray {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64; // of the data in a file, as the format asks
  private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([\\d,\\sL]*)\\)");
  private static final Pattern KIND = Pattern.compile("([<>|=]?)([a-z]\\d+)");
  private static final double TWO_63 = 0x1p63;

  private final NumpyType type;
  private final long[] shape;
  private final int size;
  private final ByteBuffer data; // little-endian, C order; only absolute reads

  private NumpyArray(NumpyType type, long[] shape, ByteBuffer data) {
    this.type = type;
    this.shape = shape;
    this.size = data.capacity() / type.bytes();
    this.data = data.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A float32 array; the values are copied. */
  public static NumpyArray of(float[] values, long... shape) {
    ByteBuffer data = room(NumpyType.FLOAT32, shape, values.length);
    data.asFloatBuffer().put(values);
    return new NumpyArray(NumpyType.FLOAT32, shape.clone(), data);
  }

  /** An int64 array; the values are copied. */
  public static NumpyArray of(long[] values, long... shape) {
    ByteBuffer data = room(NumpyType.INT64, shape, values.length);
    data.asLongBuffer().put(values);
    return new NumpyArray(NumpyType.INT64, shape.clone(), data);
  }

  /**
   * An array of any type from its bytes, which are copied.
   *
   * @param data from its position to its limit, elements in row-major order, in the byte order of
   *     the buffer
   */
  public static NumpyArray of(NumpyType type, ByteBuffer data, long... shape) {
    if (data.remaining() % type.bytes() != 0) {
      throw new IllegalArgumentException(
          "data: expected a multiple of %d bytes, found %d"
              .formatted(type.bytes(), data.remaining()));
    }
    ByteBuffer copy = room(type, shape, data.remaining() / type.bytes());
    copy.put(data.duplicate()).clear();
    if (data.order() == ByteOrder.BIG_ENDIAN) {
      reverseBytes(copy, type.bytes());
    }
    return new NumpyArray(type, shape.clone(), copy);
  }

  private static ByteBuffer room(NumpyType type, long[] shape, int found) {
    long expected = 1;
    for (long extent : shape) {
      if (extent < 0) {
        throw new IllegalArgumentException(
            "shape: expected extents of at least 0, found " + text(shape));
      }
      expected = Math.multiplyExact(expected, extent);
    }
    if (expected != found) {
      throw new IllegalArgumentException(
          "values: expected %d for the shape %s, found %d".formatted(expected, text(shape), found));
    }
    return ByteBuffer.allocate(Math.multiplyExact(found, type.bytes()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads a file.
   *
   * @throws IOException if the file is missing, or no array of numbers or truth values; one
   *     sentence that names it
   */
  public static NumpyArray read(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString());
    }
    if (!Files.isRegularFile(file)) {
      throw new IOException(
          file
              + ": expected a .npy file, found "
              + (Files.isDirectory(file) ? "a folder" : "a device or a pipe"));
    }
    if (Files.size(file) > Integer.MAX_VALUE - ALIGNMENT) {
      throw new IOException(
          file + ": expected a .npy file below 2 GiB, found " + Files.size(file) + " bytes");
    }
    return parse(file.toString(), Files.readAllBytes(file));
  }

  /**
   * Reads the bytes of a file.
   *
   * @param name stands for the file in messages
   * @throws IOException as {@link #read}
   */
  public static NumpyArray parse(String name, byte[] bytes) throws IOException {
    int start = headerStart(name, bytes);
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long length = start == 10 ? in.getShort(8) & 0xFFFF : in.getInt(8) & 0xFFFF_FFFFL;
    if (start + length > bytes.length) {
      throw new IOException(name + ": expected a .npy file, found one that is cut short");
    }
    int end = start + (int) length;
    String header = new String(bytes, start, (int) length, StandardCharsets.UTF_8);
    String descr = field(name, header, DESCR, "descr, one type");
    Matcher kind = KIND.matcher(descr);
    NumpyType type = kind.matches() ? NumpyType.ofCode(kind.group(2)).orElse(null) : null;
    if (type == null) {
      throw new IOException(
          name
              + ": descr: expected numbers or truth values ("
              + NumpyType.codes()
              + "), found '"
              + descr
              + "'");
    }
    boolean fortran = field(name, header, ORDER, "fortran_order").equals("True");
    long[] shape = shape(name, field(name, header, SHAPE, "shape"));
    requireLength(name, type, shape, bytes.length - end);
    ByteBuffer data =
        ByteBuffer.wrap(Arrays.copyOfRange(bytes, end, bytes.length))
            .order(ByteOrder.LITTLE_ENDIAN);
    if (kind.group(1).equals(">")) {
      reverseBytes(data, type.bytes());
    }
    return new NumpyArray(type, shape, fortran ? rowMajor(data, type.bytes(), shape) : data);
  }

  private static int headerStart(String name, byte[] bytes) throws IOException {
    if (bytes.length < MAGIC.length || !Arrays.equals(MAGIC, 0, 6, bytes, 0, 6)) {
      throw new IOException(name + ": expected a .npy file, found something else");
    }
    int version = bytes.length > 6 ? bytes[6] : 0;
    int start = version == 1 ? 10 : 12;
    if (bytes.length < start) {
      throw new IOException(name + ": expected a .npy file, found one that is cut short");
    }
    if (version < 1 || version > 3) {
      throw new IOException(name + ": expected version 1 to 3 of .npy, found " + version);
    }
    return start;
  }

  private static String field(String name, String header, Pattern field, String what)
      throws IOException {
    Matcher matcher = field.matcher(header);
    if (!matcher.find()) {
      String shown = header.strip();
      throw new IOException(
          name
              + ": expected a header that holds "
              + what
              + ", found "
              + (shown.length() <= 80 ? shown : shown.substring(0, 77) + "..."));
    }
    return matcher.group(1);
  }

  private static long[] shape(String name, String text) throws IOException {
    try {
      return Arrays.stream(text.replace("L", "").split(",")) // Python 2 wrote 3L
          .map(String::strip)
          .filter(extent -> !extent.isEmpty())
          .mapToLong(Long::parseLong)
          .toArray();
    } catch (NumberFormatException e) {
      throw new IOException(name + ": shape: expected whole numbers, found (" + text + ")", e);
    }
  }

  private static void requireLength(String name, NumpyType type, long[] shape, int found)
      throws IOException {
    double expected = type.bytes();
    for (long extent : shape) {
      expected *= extent;
    }
    if (expected != found) {
      throw new IOException(
          "%s: expected %.0f bytes of data for %s%s, found %d"
              .formatted(name, expected, type, text(shape), found));
    }
  }

  private static void reverseBytes(ByteBuffer data, int width) {
    byte[] bytes = data.array();
    for (int from = 0; from < bytes.length; from += width) {
      for (int i = from, j = from + width - 1; i < j; i++, j--) {
        byte swapped = bytes[i];
        bytes[i] = bytes[j];
        bytes[j] = swapped;
      }
    }
  }

  /** The elements of an array whose first axis runs fastest, with the last axis running fastest. */
  private static ByteBuffer rowMajor(ByteBuffer data, int width, long[] shape) {
    byte[] from = data.array();
    byte[] to = new byte[from.length];
    int[] index = new int[shape.length];
    for (int at = 0; at < to.length; at += width) {
      long element = 0;
      for (int axis = shape.length - 1; axis >= 0; axis--) {
        element = element * shape[axis] + index[axis];
      }
      System.arraycopy(from, (int) element * width, to, at, width);
      for (int axis = shape.length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) {
        index[axis] = 0;
      }
    }
    return ByteBuffer.wrap(to).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The type of the elements. */
  public NumpyType type() {
    return type;
  }

  /** The extents, a copy; empty for a single number. */
  public long[] shape() {
    return shape.clone();
  }

  /** How many elements there are. */
  public int size() {
    return size;
  }

  /** All elements, read only, little-endian, in row-major order. */
  public ByteBuffer data() {
    return data.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** An element as a number; one of int64 beyond 2^53 is rounded. Truth values are 0 and 1. */
  public double doubleAt(int index) {
    return switch (type) {
      case FLOAT16 -> HalfPrecision.toFloat(data.getShort(2 * index));
      case FLOAT32 -> data.getFloat(4 * index);
      case FLOAT64 -> data.getDouble(8 * index);
      case UINT64 -> {
        long bits = data.getLong(8 * index);
        // Halved, so that it has no sign; the bit that falls out still decides the rounding.
        yield bits >= 0 ? bits : 2.0 * (bits >>> 1 | bits & 1);
      }
      default -> longAt(index);
    };
  }

  /** An element as a whole number: a float loses its fraction, uint64 from 2^63 on is negative. */
  public long longAt(int index) {
    return switch (type) {
      case BOOL -> data.get(index) == 0 ? 0 : 1;
      case INT8 -> data.get(index);
      case UINT8 -> data.get(index) & 0xFF;
      case INT16 -> data.getShort(2 * index);
      case UINT16 -> data.getShort(2 * index) & 0xFFFF;
      case INT32 -> data.getInt(4 * index);
      case UINT32 -> data.getInt(4 * index) & 0xFFFF_FFFFL;
      case INT64, UINT64 -> data.getLong(8 * index);
      default -> (long) doubleAt(index);
    };
  }

  /** All elements as floats, each the nearest. */
  public float[] toFloats() {
    float[] floats = new float[size];
    for (int i = 0; i < size; i++) {
      floats[i] = (float) doubleAt(i);
    }
    return floats;
  }

  /** All elements as {@link #longAt} gives them. */
  public long[] toLongs() {
    long[] longs = new long[size];
    for (int i = 0; i < size; i++) {
      longs[i] = longAt(i);
    }
    return longs;
  }

  /**
   * The same numbers in another type; this array itself where it has that type.
   *
   * @throws IllegalArgumentException naming the first element that the type cannot hold exactly
   */
  public NumpyArray as(NumpyType target) {
    if (target == type) {
      return this;
    }
    NumpyArray result = rounded(target);
    for (int i = 0; i < size; i++) {
      if (!same(result, i)) {
        throw new IllegalArgumentException(
            "expected numbers that %s holds, found the %s %s at %s"
                .formatted(target, type, textAt(i), text(position(i))));
      }
    }
    return result;
  }

  /**
   * The numbers as another type can hold them: rounded to the nearest by a floating type, in a
   * whole one the low bits of the number without its fraction. This array itself where it has that
   * type.
   */
  public NumpyArray rounded(NumpyType target) {
    if (target == type) {
      return this;
    }
    ByteBuffer converted =
        ByteBuffer.allocate(Math.multiplyExact(size, target.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < size; i++) {
      put(target, converted, i);
    }
    return new NumpyArray(target, shape, converted);
  }

  /** The element as well as the type can hold it. */
  private void put(NumpyType target, ByteBuffer to, int i) {
    switch (target) {
      case FLOAT16 -> to.putShort(2 * i, HalfPrecision.ofFloat((float) doubleAt(i)));
      case FLOAT32 -> to.putFloat(4 * i, (float) doubleAt(i));
      case FLOAT64 -> to.putDouble(8 * i, doubleAt(i));
      case UINT64 -> {
        double value = type.isFloat() ? doubleAt(i) : 0;
        to.putLong(8 * i, value < TWO_63 ? longAt(i) : (long) (value - TWO_63) ^ Long.MIN_VALUE);
      }
      case BOOL, INT8, UINT8 -> to.put(i, (byte) longAt(i));
      case INT16, UINT16 -> to.putShort(2 * i, (short) longAt(i));
      case INT32, UINT32 -> to.putInt(4 * i, (int) longAt(i));
      case INT64 -> to.putLong(8 * i, longAt(i));
    }
  }

  /** Whether both elements are the same number, bit by bit where they are whole. */
  private boolean same(NumpyArray other, int i) {
    double here = doubleAt(i);
    double there = other.doubleAt(i);
    if (Double.isNaN(here) || Double.isNaN(there)) {
      return Double.isNaN(here) && Double.isNaN(there);
    }
    // Whole numbers beyond 2^53 look the same as doubles; their bits, of the same sign, do not.
    return here == there && (here != Math.rint(here) || bits(i) == other.bits(i));
  }

  /** A whole number modulo 2^64. */
  private long bits(int i) {
    if (!type.isFloat()) {
      return longAt(i);
    }
    double value = doubleAt(i);
    if (value >= 2 * TWO_63) {
      return 0;
    }
    return value < TWO_63 ? (long) value : (long) (value - TWO_63) ^ Long.MIN_VALUE;
  }

  private String textAt(int i) {
    return type.isFloat()
        ? Double.toString(doubleAt(i))
        : type == NumpyType.UINT64 ? Long.toUnsignedString(longAt(i)) : Long.toString(longAt(i));
  }

  /** Where an element is: an index for every axis. */
  public long[] position(int index) {
    long[] position = new long[shape.length];
    long rest = index;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    return position;
  }

  /**
   * Writes the file, whole or not at all.
   *
   * @throws IOException naming the file and what prevents writing it
   */
  public void write(Path file) throws IOException {
    WholeFile.write(file, toBytes());
  }

  /** The bytes of the file. */
  public byte[] toBytes() {
    byte[] head = head(type, shape);
    return ByteBuffer.allocate(head.length + data.capacity())
        .put(head)
        .put(data.duplicate().clear())
        .array();
  }

  /**
   * What stands in a file before the numbers, which follow little-endian in C order: for those who
   * write them a part at a time.
   */
  public static byte[] head(NumpyType type, long... shape) {
    String tuple =
        Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(", ", "(", ""))
            + (shape.length == 1 ? ",)" : ")");
    String header =
        "{'descr': '%s%s', 'fortran_order': False, 'shape': %s, }"
            .formatted(type.bytes() == 1 ? "|" : "<", type.code(), tuple);
    int start = MAGIC.length + 4;
    int padding = ALIGNMENT - (start + header.length() + 1) % ALIGNMENT;
    String padded = header + " ".repeat(padding % ALIGNMENT) + "\n";
    return ByteBuffer.allocate(start + padded.length())
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC)
        .put((byte) 1)
        .put((byte) 0)
        .putShort((short) padded.length())
        .put(padded.getBytes(StandardCharsets.ISO_8859_1))
        .array();
  }

  private static String text(long[] shape) {
    return Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(",", "[", "]"));
  }

  /** Type and shape, such as {@code float32[16,1,28,28]}. */
  @Override
  public String toString() {
    return type + text(shape);
  }
}
