package io.ddpm4j.trainer.evaluate.features;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.runtime.image.NumpyArray;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Features as {@code .npy} files. What {@link #write} writes is read piece by piece, so that a
 * matrix takes its own size of memory and no more; files of another type or order are read through
 * {@link NumpyArray}.
 */
final class FeatureFile {
  private static final int PIECE = 1 << 20; // bytes
  private static final int ALIGNMENT = 64; // of the data, as the format asks
  private static final String MAGIC = "\u0093NUMPY\u0001\u0000"; // version 1.0
  private static final int PREFIX = MAGIC.length() + 2;
  private static final Pattern OURS =
      Pattern.compile(
          "\\{'descr': '<f4', 'fortran_order': False, 'shape': \\((\\d{1,9}), (\\d{1,9})\\), \\} *\n");

  private FeatureFile() {}

  static void write(Path file, Features features) throws IOException {
    AtomicFile.write(
        file,
        out -> {
          out.write(header(features.count(), features.dimensions()));
          writeValues(out, features.values());
        });
  }

  private static byte[] header(int rows, int columns) {
    String text =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }".formatted(rows, columns);
    int unpadded = PREFIX + text.length() + 1;
    int length = (unpadded + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - PREFIX;
    return ByteBuffer.allocate(PREFIX + length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC.getBytes(StandardCharsets.ISO_8859_1))
        .putShort((short) length)
        .put(text.getBytes(StandardCharsets.ISO_8859_1))
        .put(" ".repeat(length - text.length() - 1).getBytes(StandardCharsets.ISO_8859_1))
        .put((byte) '\n')
        .array();
  }

  private static void writeValues(OutputStream out, float[] values) throws IOException {
    ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);
    int most = PIECE / Float.BYTES;
    for (int from = 0; from < values.length; from += most) {
      int count = Math.min(most, values.length - from);
      piece.asFloatBuffer().put(values, from, count);
      out.write(piece.array(), 0, count * Float.BYTES);
    }
  }

  static Features read(Path file) throws IOException {
    if (Files.isRegularFile(file)) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        Features features = readOurs(file, channel);
        if (features != null) {
          return features;
        }
      }
    }
    NumpyArray array = NumpyArray.read(file);
    long[] shape = array.shape();
    if (shape.length != 2 || shape[0] < 1 || shape[1] < 1 || !array.type().isFloat()) {
      throw new IOException(
          file + ": expected features, a matrix of floats (images, dimensions), found " + array);
    }
    return checked(file, array.toFloats(), (int) shape[0], (int) shape[1]);
  }

  /** Null if it is no whole file of the kind that {@link #write} writes. */
  private static Features readOurs(Path file, FileChannel channel) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(PREFIX + 4 * ALIGNMENT).order(ByteOrder.LITTLE_ENDIAN);
    fill(channel, start);
    String text = new String(start.array(), 0, start.limit(), StandardCharsets.ISO_8859_1);
    if (!text.startsWith(MAGIC) || start.limit() < PREFIX) {
      return null;
    }
    int length = start.getShort(MAGIC.length()) & 0xFFFF;
    if (PREFIX + length > start.limit()) {
      return null;
    }
    Matcher header = OURS.matcher(text.substring(PREFIX, PREFIX + length));
    if (!header.matches()) {
      return null;
    }
    long rows = Long.parseLong(header.group(1));
    long columns = Long.parseLong(header.group(2));
    long elements = rows * columns;
    if (elements < 1
        || elements > Integer.MAX_VALUE - 8
        || channel.size() != PREFIX + length + elements * Float.BYTES) {
      return null;
    }
    channel.position(PREFIX + length);
    return checked(file, readValues(channel, (int) elements), (int) rows, (int) columns);
  }

  private static float[] readValues(FileChannel channel, int elements) throws IOException {
    float[] values = new float[elements];
    ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    while (at < elements) {
      piece.clear().limit((int) Math.min(PIECE, (long) (elements - at) * Float.BYTES));
      fill(channel, piece);
      int count = piece.limit() / Float.BYTES;
      if (count == 0) {
        throw new IOException("the file became shorter while it was read");
      }
      piece.asFloatBuffer().get(values, at, count);
      at += count;
    }
    return values;
  }

  /** Reads until the buffer is full or the file ends, and flips the buffer. */
  private static void fill(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
      // A channel may give less than was asked for.
    }
    buffer.flip();
  }

  private static Features checked(Path file, float[] values, int rows, int columns)
      throws IOException {
    try {
      return Features.owning(values, rows, columns);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
