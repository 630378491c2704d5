package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.NetworkOutput;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.zip.CRC32C;

/**
 * What a network says of a set of images, in a file that grows by some images at a time:
 *
 * <pre>
 * header  "ddpm4j features 1" and a line feed, 32 bytes SHA-256 of network and images, int32
 *         images n, int32 images of a chunk r, int32 features d, int32 logits c (0: none),
 *         int32 CRC-32C of the header up to here
 * chunk   float32 features (r, d), float32 logits (r, c), int32 CRC-32C of both; the last chunk
 *         has the rows that are left
 * </pre>
 *
 * <p>All big-endian. Each chunk has its place, whether those before it are whole or not. Not
 * thread-safe; one process at a time has the file.
 */
final class FeatureEntry implements Closeable {
  private static final byte[] MAGIC = "ddpm4j features 1\n".getBytes(StandardCharsets.US_ASCII);
  private static final int PATIENCE = 20; // times
  private static final long PAUSE = 100; // milliseconds

  private final Path file;
  private final FileChannel channel;
  private final Key key;
  private int features; // 0: not known yet
  private int logits;

  /**
   * What an entry is of.
   *
   * @param hash SHA-256 of network and images
   * @param images n
   * @param rows images of a chunk
   */
  record Key(byte[] hash, int images, int rows) {
    int chunks() {
      return (images + rows - 1) / rows;
    }

    int first(int chunk) {
      return chunk * rows;
    }

    int count(int chunk) {
      return Math.min(rows, images - first(chunk));
    }
  }

  private FeatureEntry(Path file, FileChannel channel, Key key) {
    this.file = file;
    this.channel = channel;
    this.key = key;
  }

  /**
   * Opens an entry, or begins one. What is something else, or of other images, is overwritten.
   *
   * @return empty if somebody else has it, for longer than reading it takes
   */
  static Optional<FeatureEntry> open(Path file, Key key, Work work) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (!lock(channel, work)) {
        channel.close();
        return Optional.empty();
      }
      FeatureEntry entry = new FeatureEntry(file, channel, key);
      entry.readHead();
      return Optional.of(entry);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static boolean lock(FileChannel channel, Work work) throws IOException {
    for (int attempt = 0; attempt < PATIENCE; attempt++) {
      work.cancellation().throwIfCancelled();
      try {
        if (channel.tryLock() != null) {
          return true;
        }
      } catch (OverlappingFileLockException e) {
        // Somebody else within this process: they are waited for, too.
      }
      try {
        Thread.sleep(PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("interrupted");
      }
    }
    return false;
  }

  private byte[] head(int dimensions, int classes) {
    ByteBuffer head = ByteBuffer.allocate(headBytes());
    head.put(MAGIC).put(key.hash).putInt(key.images).putInt(key.rows);
    head.putInt(dimensions).putInt(classes);
    head.putInt(crc(head.duplicate().flip()));
    return head.array();
  }

  private int headBytes() {
    return MAGIC.length + key.hash.length + 5 * Integer.BYTES;
  }

  private void readHead() throws IOException {
    if (channel.size() < headBytes()) {
      return;
    }
    ByteBuffer found = read(0, headBytes());
    int at = headBytes() - 3 * Integer.BYTES;
    int dimensions = found.getInt(at);
    int classes = found.getInt(at + Integer.BYTES);
    if (dimensions > 0 && classes >= 0 && Arrays.equals(found.array(), head(dimensions, classes))) {
      features = dimensions;
      logits = classes;
    }
  }

  private long chunkBytes(int rows) {
    return (long) rows * (features + logits) * Float.BYTES + Integer.BYTES;
  }

  private long position(int chunk) {
    return headBytes() + chunk * chunkBytes(key.rows);
  }

  /** Whether these are of as many dimensions as what is there. */
  boolean fits(NetworkOutput output) {
    return features == output.features().dimensions()
        && logits == output.logits().map(Features::dimensions).orElse(0);
  }

  /** The rows of a chunk; empty where it is not there, or damaged. */
  Optional<NetworkOutput> read(int chunk) throws IOException {
    int rows = key.count(chunk);
    long length = chunkBytes(rows);
    if (features == 0
        || length > Integer.MAX_VALUE - 64
        || position(chunk) + length > channel.size()) {
      return Optional.empty();
    }
    ByteBuffer bytes = read(position(chunk), (int) length);
    int end = (int) length - Integer.BYTES;
    if (crc(bytes.slice(0, end)) != bytes.getInt(end)) {
      return Optional.empty();
    }
    FloatBuffer floats = bytes.slice(0, end).asFloatBuffer();
    Features first = matrix(floats, rows, features);
    return Optional.of(
        new NetworkOutput(
            first, logits == 0 ? Optional.empty() : Optional.of(matrix(floats, rows, logits))));
  }

  private static Features matrix(FloatBuffer from, int rows, int dimensions) {
    float[] values = new float[rows * dimensions];
    from.get(values);
    return Features.of(values, rows, dimensions);
  }

  /**
   * Keeps a chunk; it is on the disk when this returns. Rows of other dimensions than those that
   * are there take the place of all of them.
   *
   * @throws IOException naming the file and what prevents writing it
   */
  void write(int chunk, NetworkOutput rows) throws IOException {
    if (!fits(rows)) {
      features = rows.features().dimensions();
      logits = rows.logits().map(Features::dimensions).orElse(0);
      channel.truncate(0);
      write(ByteBuffer.wrap(head(features, logits)), 0);
    }
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(chunkBytes(rows.features().count())));
    put(rows.features(), bytes);
    rows.logits().ifPresent(matrix -> put(matrix, bytes));
    bytes.putInt(crc(bytes.duplicate().flip()));
    write(bytes.flip(), position(chunk));
  }

  private static void put(Features matrix, ByteBuffer to) {
    for (int i = 0; i < matrix.count(); i++) {
      for (float value : matrix.row(i)) {
        to.putFloat(value);
      }
    }
  }

  private void write(ByteBuffer bytes, long position) throws IOException {
    try {
      for (long at = position; bytes.hasRemaining(); ) {
        at += channel.write(bytes, at);
      }
      channel.force(false);
    } catch (IOException e) {
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private ByteBuffer read(long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        throw new EOFException(file + ": ended at " + (position + bytes.position()));
      }
    }
    return bytes.flip();
  }

  private static int crc(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /** Frees the file. Idempotent. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
