package io.ddpm4j.exporter;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;

/** A stream into a file that takes buffers too, without a copy where they are mapped or direct. */
final class ChannelStream extends OutputStream implements WritableByteChannel {
  /** The JDK copies what lies on the heap into a direct buffer of that size, which it keeps. */
  private static final int HEAP_PIECE = 1 << 16;

  private static final int DIRECT_PIECE = 1 << 20;

  private final FileChannel channel;

  /**
   * @param channel the caller's to close
   */
  ChannelStream(FileChannel channel) {
    this.channel = channel;
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    int count = bytes.remaining();
    int end = bytes.limit();
    int piece = bytes.isDirect() ? DIRECT_PIECE : HEAP_PIECE;
    while (bytes.position() < end) {
      bytes.limit(bytes.position() + Math.min(piece, end - bytes.position()));
      channel.write(bytes);
    }
    return count;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    write(ByteBuffer.wrap(bytes, offset, length));
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() {} // see the constructor
}
