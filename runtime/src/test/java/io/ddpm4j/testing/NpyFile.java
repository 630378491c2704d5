package io.ddpm4j.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A NumPy array file: little-endian, C order, of numbers or truth values.
 *
 * @param type NumPy's type code, such as {@code f4} or {@code i8}
 * @param shape the extents; empty for a scalar
 * @param values all elements, row-major; an int64 beyond 2^53 loses its last bits
 */
public record NpyFile(String type, int[] shape, double[] values) {
  private static final Pattern HEADER =
      Pattern.compile(
          "'descr': *'[<|]([a-z]\\d)'.*'fortran_order': *False.*'shape': *\\(([\\d, ]*)\\)");

  /** Reads a file; one that this class does not understand is an error. */
  public static NpyFile read(Path file) {
    try {
      return parse(file.toString(), Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static NpyFile parse(String name, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int major = bytes[6];
    int headerAt = major == 1 ? 10 : 12;
    int headerLength = major == 1 ? in.getShort(8) & 0xFFFF : in.getInt(8);
    String header = new String(bytes, headerAt, headerLength, StandardCharsets.ISO_8859_1);
    Matcher matcher = HEADER.matcher(header);
    if (!matcher.find()) {
      throw new IllegalArgumentException(name + ": not understood: " + header);
    }
    int[] shape =
        Arrays.stream(matcher.group(2).split(","))
            .map(String::strip)
            .filter(extent -> !extent.isEmpty())
            .mapToInt(Integer::parseInt)
            .toArray();
    double[] values = new double[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
    in.position(headerAt + headerLength);
    for (int i = 0; i < values.length; i++) {
      values[i] = next(in, matcher.group(1));
    }
    return new NpyFile(matcher.group(1), shape, values);
  }

  private static double next(ByteBuffer in, String type) {
    return switch (type) {
      case "f4" -> in.getFloat();
      case "f8" -> in.getDouble();
      case "i8" -> in.getLong();
      case "i4" -> in.getInt();
      case "u1" -> in.get() & 0xFF;
      case "i1", "b1" -> in.get();
      default -> throw new IllegalArgumentException("type not understood: " + type);
    };
  }

  /** All elements as floats. */
  public float[] floats() {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** All elements as longs. */
  public long[] longs() {
    return Arrays.stream(values).mapToLong(value -> (long) value).toArray();
  }
}
