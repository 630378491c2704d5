package io.ddpm4j.trainer.evaluate.samples;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.trainer.data.ImageDataset;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32;

/**
 * Images that a model made, in a file that grows by a batch at a time:
 *
 * <pre>
 * header   "ddpm4j samples 1" and a line feed, int32 length, that many bytes of JSON in UTF-8
 *          (the {@link SampleSettings}), int32 CRC-32 of the JSON
 * batch    int32 images, int64 nanoseconds that they took, uint8 (images, C, H, W),
 *          int32 CRC-32 of all of the batch before it
 * </pre>
 *
 * <p>All big-endian. What a crash has left unfinished or damaged is cut off when the file is
 * opened; the images before it stay. One process writes at a time. Not thread-safe, but for the
 * images that {@link #images} gives.
 */
public final class SampleFile implements Closeable {
  private static final byte[] MAGIC = "ddpm4j samples 1\n".getBytes(StandardCharsets.US_ASCII);
  private static final int MOST_SETTINGS = 1 << 24;
  private static final int BATCH_HEAD = Integer.BYTES + Long.BYTES;

  private final Path file;
  private final FileChannel channel;
  private final SampleSettings settings;
  private final List<Batch> batches = new ArrayList<>();
  private long end; // of what is whole

  /**
   * Where images are.
   *
   * @param first number of its first image
   * @param position of that one's first byte
   */
  private record Batch(int first, int images, long nanos, long position) {}

  private SampleFile(Path file, FileChannel channel, SampleSettings settings) {
    this.file = file;
    this.channel = channel;
    this.settings = settings;
  }

  /**
   * Opens a file to go on with, or begins one.
   *
   * @param warnings takes a sentence where damaged images were cut off
   * @throws IOException if the file is of other settings, is no such file, is being written by
   *     somebody else, or cannot be written; the message names the file, what was expected and what
   *     was found
   */
  public static SampleFile open(Path file, SampleSettings settings, Consumer<String> warnings)
      throws IOException {
    if (!Files.exists(file)) {
      byte[] head = head(settings);
      AtomicFile.write(file, out -> out.write(head));
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    SampleFile opened = new SampleFile(file, channel, settings);
    try {
      opened.lock();
      opened.readHead();
      opened.readBatches(warnings);
      return opened;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static byte[] head(SampleSettings settings) {
    byte[] json = settings.toJson().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(MAGIC.length + 2 * Integer.BYTES + json.length)
        .put(MAGIC)
        .putInt(json.length)
        .put(json)
        .putInt(crc(ByteBuffer.wrap(json)))
        .array();
  }

  private void lock() throws IOException {
    boolean free;
    try {
      free = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      free = false; // somebody else within this process
    }
    if (!free) {
      throw new IOException(
          file + ": expected a file that nothing else writes, found it being written");
    }
  }

  private void readHead() throws IOException {
    SampleSettings found;
    try {
      ByteBuffer start = read(0, MAGIC.length + Integer.BYTES);
      byte[] magic = new byte[MAGIC.length];
      start.get(magic);
      int length = start.getInt();
      if (!Arrays.equals(magic, MAGIC) || length < 0 || length > MOST_SETTINGS) {
        throw noSampleFile("something else");
      }
      ByteBuffer rest = read(MAGIC.length + Integer.BYTES, length + Integer.BYTES);
      ByteBuffer json = rest.slice(0, length);
      if (crc(json.duplicate()) != rest.getInt(length)) {
        throw noSampleFile("one whose head is damaged");
      }
      found = SampleSettings.ofJson(StandardCharsets.UTF_8.decode(json).toString());
      end = MAGIC.length + 2L * Integer.BYTES + length;
    } catch (EOFException e) {
      throw noSampleFile("one that ends within its head");
    } catch (IllegalArgumentException e) {
      throw noSampleFile("one whose head says " + e.getMessage());
    }
    List<String> differences = settings.differences(found);
    if (!differences.isEmpty()) {
      throw new IOException(
          file + ": expected samples of the same settings, found others: " + differences.get(0));
    }
  }

  private IOException noSampleFile(String found) {
    return new IOException(file + ": expected a file of samples, found " + found);
  }

  private void readBatches(Consumer<String> warnings) throws IOException {
    long size = channel.size();
    while (end < size) {
      Batch next = batchAt(end, size);
      if (next == null) {
        warnings.accept(
            "%s: unfinished or damaged from image %d on; these are made again"
                .formatted(file, images()));
        channel.truncate(end);
        return;
      }
      batches.add(next);
      end = next.position + (long) next.images * settings.imageBytes() + Integer.BYTES;
    }
  }

  /** The batch that begins there; null if it is not whole. */
  private Batch batchAt(long position, long size) throws IOException {
    long pixels = position + BATCH_HEAD;
    if (pixels > size) {
      return null;
    }
    ByteBuffer head = read(position, BATCH_HEAD);
    int count = head.getInt();
    long nanos = head.getLong();
    long bytes = (long) count * settings.imageBytes();
    if (count < 1 || pixels + bytes + Integer.BYTES > size || bytes > Integer.MAX_VALUE - 64) {
      return null;
    }
    ByteBuffer whole = read(position, BATCH_HEAD + (int) bytes + Integer.BYTES);
    int crc = whole.getInt(BATCH_HEAD + (int) bytes);
    return crc(whole.slice(0, BATCH_HEAD + (int) bytes)) == crc
        ? new Batch(images(), count, nanos, pixels)
        : null;
  }

  /** How many images are there. */
  public int images() {
    if (batches.isEmpty()) {
      return 0;
    }
    Batch last = batches.get(batches.size() - 1);
    return last.first + last.images;
  }

  /** What the images are. */
  public SampleSettings settings() {
    return settings;
  }

  /** Where they are. */
  public Path file() {
    return file;
  }

  /** Mean time that an image took; NaN while there is none. */
  public double secondsPerImage() {
    long nanos = batches.stream().mapToLong(Batch::nanos).sum();
    return batches.isEmpty() ? Double.NaN : nanos / 1e9 / images();
  }

  /**
   * Adds the next images; they are on the disk when this returns.
   *
   * @param pixels uint8 (images, C, H, W)
   * @param nanos that they took
   * @throws IOException if they cannot be written; those before them stay
   */
  public void append(byte[] pixels, long nanos) throws IOException {
    int count = pixels.length / settings.imageBytes();
    if (count < 1 || count * settings.imageBytes() != pixels.length) {
      throw new IllegalArgumentException(
          "pixels: expected a multiple of %d bytes, found %d"
              .formatted(settings.imageBytes(), pixels.length));
    }
    ByteBuffer batch = ByteBuffer.allocate(BATCH_HEAD + pixels.length + Integer.BYTES);
    batch.putInt(count).putLong(nanos).put(pixels);
    batch.putInt(crc(batch.duplicate().flip()));
    batch.flip();
    try {
      for (long at = end; batch.hasRemaining(); ) {
        at += channel.write(batch, at);
      }
      channel.force(false);
    } catch (IOException e) {
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
    batches.add(new Batch(images(), count, nanos, end + BATCH_HEAD));
    end += batch.limit();
  }

  /**
   * The first images, as a data set that can be read while this file is open, from many threads;
   * their labels are the classes that were asked for.
   *
   * @param count at least 1 and at most {@link #images()}
   */
  public ImageDataset images(int count) {
    if (count < 1 || count > images()) {
      throw new IllegalArgumentException(
          "images: expected from 1 to %d, found %d".formatted(images(), count));
    }
    long[] positions = new long[count];
    for (Batch batch : batches) {
      for (int i = 0; i < batch.images && batch.first + i < count; i++) {
        positions[batch.first + i] = batch.position + (long) i * settings.imageBytes();
      }
    }
    return new SampleImages(this, positions);
  }

  /** Reads whole: {@code length} bytes from {@code position} on. */
  ByteBuffer read(long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        throw new EOFException(file + ": ended at " + (position + bytes.position()));
      }
    }
    return bytes.flip();
  }

  private static int crc(ByteBuffer bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /** Frees the file. Idempotent. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
