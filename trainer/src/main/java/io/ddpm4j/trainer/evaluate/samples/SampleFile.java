package io.ddpm4j.trainer.evaluate.samples;

import io.ddpm4j.trainer.data.FileBlocks;
import io.ddpm4j.trainer.data.ImageDataset;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Images that a model made, in a file that grows by a batch at a time:
 *
 * <pre>
 * header   "ddpm4j samples 3" and a line feed, int32 length, that many bytes of JSON in UTF-8
 *          (the {@link SampleSettings}), int32 CRC-32 of the JSON
 * batch    the bytes 89 62 61 74 63 68 0d 0a, int32 number of the first image, int32 images,
 *          int64 nanoseconds that they took, int32 CRC-32 of a text that says under what
 *          conditions, int32 CRC-32 of the pixels, int32 CRC-32 of the batch up to here, uint8
 *          pixels (images, C, H, W)
 * </pre>
 *
 * <p>All big-endian. Batches lie in any order, and what lies between them is skipped: a batch that
 * is damaged takes no other with it, its images are made again and added at the end. Of images that
 * are there twice the last count. What a crash has left unfinished at the end is cut off when the
 * file is opened. One process writes at a time. Not thread-safe, but for the images that {@link
 * #images(int)} gives.
 */
public final class SampleFile implements Closeable {
  private static final String FAMILY = "ddpm4j samples ";
  private static final String VERSION = "3";
  private static final byte[] MAGIC = (FAMILY + VERSION + "\n").getBytes(StandardCharsets.US_ASCII);
  private static final int MOST_SETTINGS = 1 << 24;

  private final Path file;
  private final FileChannel channel;
  private final SampleSettings settings;
  private final List<SampleBatch> batches = new ArrayList<>();
  private final BitSet there = new BitSet();
  private long end; // of the last batch that is whole

  /**
   * Images that lie beside each other.
   *
   * @param first number of the first
   * @param count how many, at least 1
   */
  public record Range(int first, int count) {}

  private SampleFile(Path file, FileChannel channel, SampleSettings settings) {
    this.file = file;
    this.channel = channel;
    this.settings = settings;
  }

  /**
   * Opens a file to go on with, or begins one.
   *
   * @param warnings takes a sentence where images are damaged or unfinished
   * @throws IOException if the file is of other settings, is no such file, is being written by
   *     somebody else, or cannot be written; the message names the file, what was expected and what
   *     was found
   */
  public static SampleFile open(Path file, SampleSettings settings, Consumer<String> warnings)
      throws IOException {
    SampleFile opened = new SampleFile(file, channel(file), settings);
    try {
      opened.lock(); // before anything is read or written, so that only one begins a new file
      opened.begin();
      opened.readHead();
      opened.readBatches(warnings);
      return opened;
    } catch (IOException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private static FileChannel channel(Path file) throws IOException {
    try {
      return FileChannel.open(
          file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (FileSystemException e) {
      throw new IOException("cannot write " + file + ": " + e, e);
    }
  }

  private static byte[] head(SampleSettings settings) {
    byte[] json = settings.toJson().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(MAGIC.length + 2 * Integer.BYTES + json.length)
        .put(MAGIC)
        .putInt(json.length)
        .put(json)
        .putInt(SampleBatch.crc(ByteBuffer.wrap(json)))
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

  /** Writes the head of a file that is new, or that a crash has left within its head. */
  private void begin() throws IOException {
    byte[] head = head(settings);
    long size = channel.size();
    if (size < head.length
        && Arrays.equals(read(0, (int) size).array(), Arrays.copyOf(head, (int) size))) {
      write(ByteBuffer.wrap(head), 0);
    }
  }

  private void readHead() throws IOException {
    SampleSettings found;
    try {
      requireMagic(read(0, MAGIC.length).array());
      int length = read(MAGIC.length, Integer.BYTES).getInt();
      if (length < 0 || length > MOST_SETTINGS) {
        throw noSampleFile("one whose head is damaged");
      }
      ByteBuffer rest = read(MAGIC.length + Integer.BYTES, length + Integer.BYTES);
      ByteBuffer json = rest.slice(0, length);
      if (SampleBatch.crc(json.duplicate()) != rest.getInt(length)) {
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

  private void requireMagic(byte[] found) throws IOException {
    if (Arrays.equals(found, MAGIC)) {
      return;
    }
    String text = new String(found, StandardCharsets.US_ASCII).strip();
    throw noSampleFile(
        text.startsWith(FAMILY)
            ? "one of format %s, which is not read any more (this is format %s): remove it, and its images are made again"
                .formatted(text.substring(FAMILY.length()), VERSION)
            : "something else");
  }

  private IOException noSampleFile(String found) {
    return new IOException(file + ": expected a file of samples, found " + found);
  }

  private void readBatches(Consumer<String> warnings) throws IOException {
    long size = channel.size();
    for (long at = end; at >= 0 && at < size; ) {
      Optional<SampleBatch> batch = SampleBatch.read(this, at, size);
      if (batch.isPresent()) {
        add(batch.get());
        at = end;
      } else {
        at = SampleBatch.next(this, at + 1, size);
      }
    }
    for (Range gap : missing(there.length())) {
      warnings.accept(
          "%s: images %d to %d are damaged; these are made again"
              .formatted(file, gap.first, gap.first + gap.count - 1));
    }
    if (end < size) {
      warnings.accept(
          "%s: unfinished or damaged from image %d on; these are made again"
              .formatted(file, there.length()));
      channel.truncate(end);
    }
  }

  private void add(SampleBatch batch) {
    batches.add(batch);
    there.set(batch.first(), batch.first() + batch.images());
    end = batch.pixels() + (long) batch.images() * settings.imageBytes();
  }

  /** How many images are there, from image 0 on, before the first that is missing. */
  public int images() {
    return there.nextClearBit(0);
  }

  /** Which of the first {@code count} images are missing, in order. */
  public List<Range> missing(int count) {
    List<Range> missing = new ArrayList<>();
    for (int first = there.nextClearBit(0); first < count; ) {
      int next = there.nextSetBit(first);
      int stop = next < 0 ? count : Math.min(next, count);
      missing.add(new Range(first, stop - first));
      first = there.nextClearBit(stop);
    }
    return missing;
  }

  /** What the images are. */
  public SampleSettings settings() {
    return settings;
  }

  /** Where they are. */
  public Path file() {
    return file;
  }

  /**
   * Time that an image took in its batch, the median of the images that were made under the same
   * conditions: what else the machine did in some of the batches does not show.
   *
   * @param conditions as they were told to {@link #append}
   * @return NaN where there is no such image
   */
  public double secondsPerImage(String conditions) {
    List<SampleBatch> rising =
        batches.stream()
            .filter(batch -> batch.madeUnder(conditions))
            .sorted(Comparator.comparingDouble(SampleBatch::secondsPerImage))
            .toList();
    long left = rising.stream().mapToLong(SampleBatch::images).sum() / 2;
    for (SampleBatch batch : rising) {
      left -= batch.images();
      if (left < 0) {
        return batch.secondsPerImage();
      }
    }
    return Double.NaN;
  }

  /**
   * Adds images from number {@code first} on; they are on the disk when this returns.
   *
   * @param pixels uint8 (images, C, H, W)
   * @param nanos that they took
   * @param conditions what that depends on, in any words: the device, threads, images at once
   * @throws IOException if they cannot be written; those before them stay
   */
  public void append(int first, byte[] pixels, long nanos, String conditions) throws IOException {
    int count = pixels.length / settings.imageBytes();
    if (count < 1 || count * settings.imageBytes() != pixels.length) {
      throw new IllegalArgumentException(
          "pixels: expected a multiple of %d bytes, found %d"
              .formatted(settings.imageBytes(), pixels.length));
    }
    if (first < 0 || first > Integer.MAX_VALUE - count) {
      throw new IllegalArgumentException("first image: expected at least 0, found " + first);
    }
    SampleBatch batch =
        new SampleBatch(first, count, nanos, SampleBatch.crc(conditions), end + SampleBatch.HEAD);
    write(batch.frame(pixels), end);
    add(batch);
  }

  private void write(ByteBuffer bytes, long position) throws IOException {
    FileBlocks.write(file, channel, bytes, position);
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
    for (SampleBatch batch : batches) {
      for (int i = 0; i < batch.images() && batch.first() + i < count; i++) {
        positions[batch.first() + i] = batch.pixels() + (long) i * settings.imageBytes();
      }
    }
    return new SampleImages(this, positions);
  }

  /** Reads whole: {@code length} bytes from {@code position} on. */
  ByteBuffer read(long position, int length) throws IOException {
    return FileBlocks.read(channel, position, length)
        .orElseThrow(() -> new EOFException(file + ": ended before " + (position + length)));
  }

  /** Frees the file. Idempotent. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
