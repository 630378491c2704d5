package io.ddpm4j.exporter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Bytes that are computed once and then only read: few of them on the heap, many in a temporary
 * file that is mapped. So weights of any size can be converted within a small heap.
 */
public final class TemporaryBytes {
  /** Up to so many stay on the heap: a system has few maps, and networks have many biases. */
  private static final int FEW = 1 << 16;

  private TemporaryBytes() {}

  /** Computes the bytes. */
  @FunctionalInterface
  public interface Content {
    /** Writes all of them, in as many pieces as is convenient. */
    void writeTo(WritableByteChannel out) throws IOException;
  }

  /**
   * Keeps bytes for as long as the buffer is in use. What is in a file has no name there any more
   * or, where the system does not allow that, until the process ends.
   *
   * @param size how many there are, less than 2 GiB
   * @return read-only, little endian
   * @throws IOException if the temporary file cannot be written, or by the content
   * @throws IllegalStateException if the content has another size
   */
  public static ByteBuffer of(int size, Content content) throws IOException {
    ByteBuffer bytes = size <= FEW ? onHeap(size, content) : inFile(size, content);
    return bytes.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer onHeap(int size, Content content) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(size);
    content.writeTo(new IntoBuffer(bytes));
    requireSize(size, bytes.position());
    return bytes.flip();
  }

  private static ByteBuffer inFile(int size, Content content) throws IOException {
    Path file = Unfinished.begin(() -> Files.createTempFile("ddpm4j", ".tmp"));
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      try (ChannelStream out = new ChannelStream(channel)) { // written, not mapped: disks are full
        content.writeTo(out);
      }
      requireSize(size, channel.size());
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, size);
    } finally {
      if (Files.exists(file)) {
        file.toFile().deleteOnExit();
      } else {
        Unfinished.end(file);
      }
    }
  }

  private static void requireSize(long expected, long found) {
    if (expected != found) {
      throw new IllegalStateException("expected content of " + expected + " bytes, found " + found);
    }
  }

  /** A channel into a buffer that has the right size. */
  private record IntoBuffer(ByteBuffer buffer) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) {
      int count = bytes.remaining();
      buffer.put(bytes);
      return count;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
