package io.ddpm4j.exporter.convert.torch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A file whose parts, little endian, are mapped into memory when they are asked for. */
final class MappedFile implements AutoCloseable {
  /** Up to so many bytes are read: a system has few maps, and checkpoints have many biases. */
  private static final int SMALL = 1 << 16;

  private final Path path;
  private final FileChannel channel;
  private final long size;

  MappedFile(Path path) throws IOException {
    this.path = path;
    this.channel = FileChannel.open(path);
    this.size = channel.size();
  }

  long size() {
    return size;
  }

  /**
   * A part of the file, read-only. It stays mapped until it is garbage, also after {@link #close}.
   *
   * @throws TorchFormatException if the file does not have it, or it has 2 GiB or more
   */
  ByteBuffer part(String what, long position, long length) throws IOException {
    if (position < 0 || length < 0 || position > size - length) {
      throw bad(what + " within its " + size + " bytes", length + " bytes at " + position);
    }
    if (length > Integer.MAX_VALUE - 8) {
      throw bad("at most 2 GB for " + what, length + " bytes");
    }
    ByteBuffer part =
        length <= SMALL
            ? read(position, (int) length)
            : channel.map(FileChannel.MapMode.READ_ONLY, position, length);
    return part.order(ByteOrder.LITTLE_ENDIAN);
  }

  private ByteBuffer read(long position, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        throw bad(length + " bytes at " + position, "fewer: it became shorter meanwhile");
      }
    }
    return bytes.flip().asReadOnlyBuffer();
  }

  TorchFormatException bad(String expected, String found) {
    return new TorchFormatException(path + ": expected " + expected + ", found " + found);
  }

  @Override
  public String toString() {
    return path.toString();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
