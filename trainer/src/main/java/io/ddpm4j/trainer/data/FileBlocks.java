package io.ddpm4j.trainer.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;

/** Reads and writes whole blocks at positions of a file: a channel may do less than it is asked. */
public final class FileBlocks {
  private FileBlocks() {}

  /**
   * Reads a block.
   *
   * @param position of its first byte, from 0
   * @param length bytes
   * @return ready to be read; empty if the file ends before it does
   * @throws IOException if the file cannot be read
   */
  public static Optional<ByteBuffer> read(FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        return Optional.empty();
      }
    }
    return Optional.of(bytes.flip());
  }

  /**
   * Writes what remains of a buffer; it is on the disk when this returns.
   *
   * @param file for the message
   * @param position of its first byte, from 0
   * @throws IOException naming the file and what prevents writing it
   */
  public static void write(Path file, FileChannel channel, ByteBuffer bytes, long position)
      throws IOException {
    try {
      for (long at = position; bytes.hasRemaining(); ) {
        at += channel.write(bytes, at);
      }
      channel.force(false);
    } catch (IOException e) {
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
