package io.ddpm4j.exporter.testing;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads NumPy's array files, version 1, row-major. */
public final class Npy {
  private static final Pattern HEADER =
      Pattern.compile("'descr': '([^']+)', 'fortran_order': False, 'shape': \\(([^)]*)\\)");

  private Npy() {}

  /** The array. */
  public static TensorData read(Path file) throws IOException {
    byte[] all = Files.readAllBytes(file);
    int length = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getShort(8) & 0xffff;
    Matcher header = HEADER.matcher(new String(all, 10, length, StandardCharsets.US_ASCII));
    if (!header.find()) {
      throw new IOException(file + ": not a row-major array of version 1");
    }
    DataType type =
        switch (header.group(1)) {
          case "<f4" -> DataType.FLOAT;
          case "<f8" -> DataType.DOUBLE;
          case "<i8" -> DataType.INT64;
          default -> throw new IOException(file + ": type " + header.group(1));
        };
    long[] sizes =
        Arrays.stream(header.group(2).split(","))
            .map(String::strip)
            .filter(s -> !s.isEmpty())
            .mapToLong(Long::parseLong)
            .toArray();
    return TensorData.ofBytes(
        type, Shape.of(sizes), Arrays.copyOfRange(all, 10 + length, all.length));
  }
}
