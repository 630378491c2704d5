package io.ddpm4j.testing;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A NumPy array file, versions 1 and 2, little endian, row-major.
 *
 * @param dtype {@code f4}, {@code f8}, {@code i8} or {@code i4}
 */
public record NpyFile(String dtype, long[] shape, ByteBuffer data) {
  private static final Pattern HEADER =
      Pattern.compile(
          "'descr': '[<|](\\w+)', 'fortran_order': False, 'shape': \\(([^)]*)\\)", Pattern.DOTALL);

  public static NpyFile read(Path file) throws IOException {
    ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    int major = all.get(6);
    int length = major == 1 ? all.getShort(8) & 0xffff : all.getInt(8);
    int start = major == 1 ? 10 : 12;
    String header = new String(all.array(), start, length, StandardCharsets.ISO_8859_1);
    Matcher matcher = HEADER.matcher(header);
    if (!matcher.find()) {
      throw new IOException(file + ": unexpected header " + header);
    }
    long[] shape =
        Arrays.stream(matcher.group(2).split(","))
            .map(String::trim)
            .filter(s -> !s.isEmpty())
            .mapToLong(Long::parseLong)
            .toArray();
    ByteBuffer data =
        all.slice(start + length, all.capacity() - start - length).order(ByteOrder.LITTLE_ENDIAN);
    return new NpyFile(matcher.group(1), shape, data);
  }

  /** The elements, whatever their type. */
  public double[] doubles() {
    int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    double[] values = new double[size];
    for (int i = 0; i < size; i++) {
      values[i] =
          switch (dtype) {
            case "f4" -> data.getFloat(i * 4);
            case "f8" -> data.getDouble(i * 8);
            case "i8" -> data.getLong(i * 8);
            case "i4" -> data.getInt(i * 4);
            default -> throw new IllegalStateException("no such type: " + dtype);
          };
    }
    return values;
  }

  public float[] floats() {
    double[] wide = doubles();
    float[] values = new float[wide.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) wide[i];
    }
    return values;
  }

  public long[] longs() {
    return Arrays.stream(doubles()).mapToLong(d -> (long) d).toArray();
  }
}
