package io.ddpm4j.trainer.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * One idx file being read: header first, then elements in order. The only door to its bytes.
 *
 * <p>An idx file is two zero bytes, one byte for the element type (8: unsigned byte, the only one
 * read here), one byte for the rank, then one big-endian int32 per dimension, then the elements,
 * last dimension fastest. It may be gzipped, which its first bytes tell, not its name.
 */
final class IdxFile implements AutoCloseable {
  private static final int TYPE_UBYTE = 0x08;

  private final Path path;
  private final InputStream in;
  private final int[] dims;
  private final long expectedBytes;
  private long readBytes;

  private IdxFile(Path path, InputStream in) throws IOException {
    this.path = path;
    this.in = in;
    byte[] magic = in.readNBytes(4);
    if (magic.length == 0) {
      throw new DatasetException(path + ": expected an idx file, found an empty one");
    }
    if (magic.length < 4 || magic[0] != 0 || magic[1] != 0 || magic[3] < 1 || magic[3] > 8) {
      StringBuilder hex = new StringBuilder();
      for (byte b : magic) {
        hex.append("%02x".formatted(b));
      }
      throw new DatasetException(
          path + ": not an idx file: expected a magic number 0x000008NN, found 0x" + hex);
    }
    if (magic[2] != TYPE_UBYTE) {
      throw new DatasetException(
          "%s: expected unsigned bytes (idx element type 0x08), found element type 0x%02x"
              .formatted(path, magic[2]));
    }
    int rank = magic[3];
    byte[] header = in.readNBytes(4 * rank);
    if (header.length < 4 * rank) {
      throw new DatasetException(
          path
              + ": cut short: expected "
              + rank
              + " dimensions after the magic number, found the end of the file");
    }
    this.dims = new int[rank];
    ByteBuffer.wrap(header).asIntBuffer().get(dims);
    long bytes = 1;
    for (int dim : dims) {
      if (dim < 1) {
        throw new DatasetException(
            path + ": expected dimensions of at least 1, found " + dimensions(dims));
      }
      bytes = saturatingMultiply(bytes, dim);
    }
    this.expectedBytes = bytes;
  }

  /** Opens a file and reads its header. */
  static IdxFile open(Path path) throws DatasetException {
    if (!Files.isRegularFile(path)) {
      throw new DatasetException(
          path + (Files.exists(path) ? ": expected an idx file, found no file" : ": no such file"));
    }
    InputStream in = null;
    try {
      in = new BufferedInputStream(Files.newInputStream(path), 1 << 16);
      in.mark(2);
      byte[] start = in.readNBytes(2);
      in.reset();
      boolean gzip = start.length == 2 && (start[0] & 0xff) == 0x1f && (start[1] & 0xff) == 0x8b;
      IdxFile file = new IdxFile(path, gzip ? new GZIPInputStream(in, 1 << 16) : in);
      if (!gzip) {
        // A header that promises too much is found out before memory is asked for.
        long found = Files.size(path) - 4 - 4L * file.dims.length;
        if (found < file.expectedBytes) {
          throw file.cutShort(found);
        }
      }
      return file;
    } catch (IOException e) {
      DatasetException failure = explain(path, e);
      try {
        if (in != null) {
          in.close();
        }
      } catch (IOException suppressed) {
        failure.addSuppressed(suppressed);
      }
      throw failure;
    }
  }

  /** The next elements. */
  byte[] next(int count) throws DatasetException {
    try {
      byte[] bytes = in.readNBytes(count);
      readBytes += bytes.length;
      if (bytes.length < count) {
        throw cutShort(readBytes);
      }
      return bytes;
    } catch (EOFException e) { // gzip data end early; the block they end in is lost as well
      throw new DatasetException(
          cutShort(readBytes).getMessage() + " before the gzip data end early", e);
    } catch (IOException e) {
      throw explain(path, e);
    }
  }

  /** Refuses a file that goes on after the last element. */
  void requireEnd() throws DatasetException {
    try {
      if (in.read() >= 0) {
        throw new DatasetException(
            path
                + ": expected "
                + expectedBytes
                + " bytes after the header ("
                + dimensions(dims)
                + "), found more");
      }
    } catch (IOException e) {
      throw explain(path, e);
    }
  }

  private DatasetException cutShort(long found) {
    return new DatasetException(
        path
            + ": cut short: expected "
            + expectedBytes
            + " bytes after the header ("
            + dimensions(dims)
            + "), found "
            + found);
  }

  private static DatasetException explain(Path path, IOException e) {
    if (e instanceof DatasetException known) {
      return known;
    }
    if (e instanceof ZipException || e instanceof EOFException) {
      String reason = e instanceof EOFException ? "the file ends early" : e.getMessage();
      return new DatasetException(path + ": damaged gzip data: " + reason, e);
    }
    return new DatasetException(path + ": cannot be read: " + e, e);
  }

  private static long saturatingMultiply(long a, int b) {
    return a > Long.MAX_VALUE / b ? Long.MAX_VALUE : a * b;
  }

  @Override
  public void close() throws DatasetException {
    try {
      in.close();
    } catch (IOException e) {
      throw explain(path, e);
    }
  }

  /** At least one, each at least 1. */
  int[] dims() {
    return dims.clone();
  }

  /** For messages: {@code 60000x28x28}. */
  static String dimensions(int[] dims) {
    StringBuilder text = new StringBuilder();
    for (int dim : dims) {
      text.append(text.isEmpty() ? "" : "x").append(dim);
    }
    return text.toString();
  }
}
