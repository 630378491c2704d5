package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.data.FileBlocks;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.NetworkOutput;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
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
 * What a network says of a set of images, which grows by some images at a time: matrices in files
 * of NumPy ({@code -features.npy} and, of a network that has them, {@code -logits.npy}), and beside
 * them their checksums:
 *
 * <pre>
 * header  "ddpm4j features 1" and a line feed, 32 bytes SHA-256 of network and images, int32
 *         images n, int32 images of a chunk r, int32 features d, int32 logits c (0: none),
 *         int32 CRC-32C of the header up to here
 * chunk   int32 CRC-32C of the bytes of r rows of features and then of r rows of logits; the last
 *         chunk has the rows that are left
 * </pre>
 *
 * <p>All big-endian. A chunk is there where its checksum is right, whether those before it are or
 * not. Not thread-safe; one process at a time has the entry.
 */
final class FeatureEntry implements Closeable {
  private static final byte[] MAGIC = "ddpm4j features 1\n".getBytes(StandardCharsets.US_ASCII);
  private static final Optional<ByteBuffer> NOTHING = Optional.of(ByteBuffer.allocate(0));

  /** Of the file of checksums, which is locked. */
  static final String ENDING = ".crc";

  private static final int PATIENCE = 20; // times
  private static final long PAUSE = 100; // milliseconds

  private final Path file;
  private final FileChannel channel; // of the checksums
  private final Key key;
  private FeatureRows features; // null: of how many dimensions is not known yet
  private FeatureRows logits; // null: none

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
   * @param file of the checksums
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
      entry.readHead(); // last: what it opens, nobody else closes
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
    Optional<ByteBuffer> found = read(0, headBytes());
    if (found.isEmpty()) {
      return;
    }
    int at = headBytes() - 3 * Integer.BYTES;
    int dimensions = found.get().getInt(at);
    int classes = found.get().getInt(at + Integer.BYTES);
    boolean sound = dimensions > 0 && classes >= 0;
    if (sound && Arrays.equals(found.get().array(), head(dimensions, classes))) {
      openRows(dimensions, classes);
    }
  }

  private void openRows(int dimensions, int classes) throws IOException {
    closeRows();
    features = FeatureRows.open(beside("-features.npy"), key.images, dimensions);
    if (classes > 0) {
      logits = FeatureRows.open(beside("-logits.npy"), key.images, classes);
    }
  }

  private Path beside(String ending) {
    String name = file.getFileName().toString();
    return file.resolveSibling(name.substring(0, name.length() - ENDING.length()) + ending);
  }

  /** Whether these are of as many dimensions as what is there. */
  boolean fits(NetworkOutput output) {
    return features != null
        && features.dimensions() == output.features().dimensions()
        && (logits == null ? 0 : logits.dimensions())
            == output.logits().map(Features::dimensions).orElse(0);
  }

  /** The rows of a chunk; empty where it is not there, or damaged. */
  Optional<NetworkOutput> read(int chunk) throws IOException {
    if (features == null) {
      return Optional.empty();
    }
    Optional<ByteBuffer> crc = read(position(chunk), Integer.BYTES);
    Optional<ByteBuffer> first = features.read(key.first(chunk), key.count(chunk));
    Optional<ByteBuffer> second =
        logits == null ? NOTHING : logits.read(key.first(chunk), key.count(chunk));
    if (crc.isEmpty()
        || first.isEmpty()
        || second.isEmpty()
        || crc.get().getInt() != crc(first.get(), second.get())) {
      return Optional.empty();
    }
    return Optional.of(
        new NetworkOutput(
            features.matrix(first.get()),
            Optional.ofNullable(logits).map(rows -> rows.matrix(second.get()))));
  }

  private long position(int chunk) {
    return headBytes() + (long) chunk * Integer.BYTES;
  }

  /**
   * Keeps a chunk; it is on the disk when this returns. Rows of other dimensions than those that
   * are there take the place of all of them.
   *
   * @throws IOException naming the file and what prevents writing it
   */
  void write(int chunk, NetworkOutput rows) throws IOException {
    if (!fits(rows)) {
      int dimensions = rows.features().dimensions();
      int classes = rows.logits().map(Features::dimensions).orElse(0);
      channel.truncate(0);
      write(ByteBuffer.wrap(head(dimensions, classes)), 0);
      openRows(dimensions, classes);
    }
    ByteBuffer first = FeatureRows.bytes(rows.features());
    ByteBuffer second = rows.logits().map(FeatureRows::bytes).orElse(NOTHING.get());
    features.write(key.first(chunk), first);
    if (logits != null) {
      logits.write(key.first(chunk), second);
    }
    write(ByteBuffer.allocate(Integer.BYTES).putInt(crc(first, second)).flip(), position(chunk));
  }

  private void write(ByteBuffer bytes, long position) throws IOException {
    FileBlocks.write(file, channel, bytes, position);
  }

  private Optional<ByteBuffer> read(long position, int length) throws IOException {
    return FileBlocks.read(channel, position, length);
  }

  private static int crc(ByteBuffer... parts) {
    CRC32C crc = new CRC32C();
    for (ByteBuffer part : parts) {
      crc.update(part.duplicate());
    }
    return (int) crc.getValue();
  }

  private void closeRows() throws IOException {
    if (features != null) {
      features.close();
      features = null;
    }
    if (logits != null) {
      logits.close();
      logits = null;
    }
  }

  /** Frees the files. Idempotent. */
  @Override
  public void close() throws IOException {
    try (channel) {
      closeRows();
    }
  }
}
