package io.ddpm4j.trainer.evaluate.samples;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Where a batch of images lies in a sample file.
 *
 * @param first number of its first image
 * @param images how many
 * @param nanos that they took
 * @param conditions checksum of what was said of them
 * @param pixels position of the first image's first byte
 */
record SampleBatch(int first, int images, long nanos, int conditions, long pixels) {
  /** Bytes before the pixels. */
  static final int HEAD = 2 * Long.BYTES + 5 * Integer.BYTES;

  /** As of PNG: no text, and changed by what converts line ends. */
  private static final long MARK = 0x8962_6174_6368_0d0aL;

  private static final int CRC_AT = HEAD - Integer.BYTES;
  private static final int WINDOW = 1 << 20; // bytes that are searched at once

  /** Time that each of its images took. */
  double secondsPerImage() {
    return nanos / 1e9 / images;
  }

  /** Whether it was said of the batch that it was made under these conditions. */
  boolean madeUnder(String said) {
    return conditions == crc(said);
  }

  /** Mark, head and pixels, ready to be written. */
  ByteBuffer frame(byte[] bytes) {
    ByteBuffer frame = ByteBuffer.allocate(HEAD + bytes.length);
    frame.putLong(MARK).putInt(first).putInt(images).putLong(nanos).putInt(conditions);
    frame.putInt(crc(ByteBuffer.wrap(bytes)));
    frame.putInt(crc(frame.duplicate().flip()));
    return frame.put(bytes).flip();
  }

  /** The batch that begins there; empty if none does, or if it is not whole. */
  static Optional<SampleBatch> read(SampleFile file, long position, long size) throws IOException {
    if (position + HEAD > size) {
      return Optional.empty();
    }
    ByteBuffer head = file.read(position, HEAD);
    if (head.getLong() != MARK || crc(head.slice(0, CRC_AT)) != head.getInt(CRC_AT)) {
      return Optional.empty();
    }
    SampleBatch batch =
        new SampleBatch(
            head.getInt(), head.getInt(), head.getLong(), head.getInt(), position + HEAD);
    int crc = head.getInt();
    long bytes = (long) batch.images * file.settings().imageBytes();
    boolean fits =
        batch.first >= 0
            && batch.images >= 1
            && (long) batch.first + batch.images <= Integer.MAX_VALUE
            && bytes <= Integer.MAX_VALUE - 64
            && batch.pixels + bytes <= size;
    return fits && crc(file.read(batch.pixels, (int) bytes)) == crc
        ? Optional.of(batch)
        : Optional.empty();
  }

  /** The next position at which a batch may begin; negative if there is none. */
  static long next(SampleFile file, long from, long size) throws IOException {
    for (long at = from; at + HEAD <= size; at += WINDOW) {
      int length = (int) Math.min(WINDOW + Long.BYTES - 1, size - at);
      ByteBuffer window = file.read(at, length);
      for (int i = 0; i + Long.BYTES <= length; i++) {
        if (window.getLong(i) == MARK) {
          return at + i;
        }
      }
    }
    return -1;
  }

  /** Of a text in UTF-8. */
  static int crc(String text) {
    return crc(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  static int crc(ByteBuffer bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
