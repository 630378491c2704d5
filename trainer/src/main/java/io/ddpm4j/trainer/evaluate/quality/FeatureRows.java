package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.image.NumpyType;
import io.ddpm4j.trainer.data.FileBlocks;
import io.ddpm4j.trainer.evaluate.features.Features;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A float32 matrix (n, d) in a file of NumPy, of which rows are written where they belong before
 * all of them are there. Knows nothing of whether they are right.
 */
final class FeatureRows implements Closeable {
  private final Path file;
  private final FileChannel channel;
  private final int dimensions;
  private final int headBytes;

  private FeatureRows(Path file, FileChannel channel, int dimensions, int headBytes) {
    this.file = file;
    this.channel = channel;
    this.dimensions = dimensions;
    this.headBytes = headBytes;
  }

  /** Opens a file, or begins one; a head that is not this matrix's is overwritten. */
  static FeatureRows open(Path file, int count, int dimensions) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    ByteBuffer head = ByteBuffer.wrap(NumpyArray.head(NumpyType.FLOAT32, count, dimensions));
    FeatureRows rows = new FeatureRows(file, channel, dimensions, head.limit());
    try {
      Optional<ByteBuffer> found = rows.readAt(0, head.limit());
      if (found.isEmpty() || !found.get().equals(head)) {
        rows.writeAt(head, 0);
      }
      channel.truncate(rows.position(count)); // what another matrix has left behind it
      return rows;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  int dimensions() {
    return dimensions;
  }

  private long position(int row) {
    return headBytes + (long) row * dimensions * Float.BYTES;
  }

  /** The bytes of rows; empty if they are not all there. */
  Optional<ByteBuffer> read(int first, int count) throws IOException {
    return readAt(position(first), Math.multiplyExact(count, dimensions * Float.BYTES));
  }

  private Optional<ByteBuffer> readAt(long position, int length) throws IOException {
    return FileBlocks.read(channel, position, length);
  }

  /** The matrix of such bytes. */
  Features matrix(ByteBuffer bytes) {
    float[] values = new float[bytes.limit() / Float.BYTES];
    bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return Features.of(values, values.length / dimensions, dimensions);
  }

  /** Its bytes. */
  static ByteBuffer bytes(Features matrix) {
    int d = matrix.dimensions();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(matrix.count(), d * Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < matrix.count(); i++) {
      for (float value : matrix.row(i)) {
        bytes.putFloat(value);
      }
    }
    return bytes.flip();
  }

  /** Writes rows; they are on the disk when this returns. */
  void write(int first, ByteBuffer bytes) throws IOException {
    writeAt(bytes.duplicate(), position(first));
  }

  private void writeAt(ByteBuffer bytes, long position) throws IOException {
    FileBlocks.write(file, channel, bytes, position);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
