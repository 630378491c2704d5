package io.ddpm4j.exporter.convert;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * The bytes of a JSON header within a file. Headers may be long, so that one is never in memory as
 * a whole; strings in it may not, since the parser keeps each in memory several times over.
 */
final class HeaderStream extends InputStream {
  private static final int LONGEST_STRING = 1 << 24;

  private final Path file;
  private final FileChannel channel;
  private final ByteBuffer piece = ByteBuffer.allocate(1 << 13);
  private long position; // of what follows the piece
  private long left; // behind the piece
  private boolean inString;
  private boolean escaped;
  private int length; // of the string so far

  HeaderStream(Path file, FileChannel channel, long position, long length) {
    this.file = file;
    this.channel = channel;
    this.position = position;
    this.left = length;
    piece.flip();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] bytes, int offset, int count) throws IOException {
    if (count == 0) {
      return 0;
    }
    if (!piece.hasRemaining()) {
      if (left == 0) {
        return -1;
      }
      next();
    }
    int n = Math.min(count, piece.remaining());
    piece.get(bytes, offset, n);
    return n;
  }

  private void next() throws IOException {
    piece.clear().limit((int) Math.min(piece.capacity(), left));
    int n = channel.read(piece, position);
    if (n < 0) {
      throw new IOException(file + " became shorter while it was read");
    }
    position += n;
    left -= n;
    piece.flip();
    for (int k = 0; k < n; k++) {
      follow(piece.get(k));
    }
  }

  private void follow(byte b) throws IOException {
    if (!inString) {
      inString = b == '"';
      length = 0;
    } else if (escaped) {
      escaped = false;
    } else if (b == '\\') {
      escaped = true;
    } else if (b == '"') {
      inString = false;
    }
    if (++length > LONGEST_STRING) {
      throw SafetensorsHeader.bad(
          file, "texts of at most " + LONGEST_STRING + " bytes in its header", "a longer one");
    }
  }
}
