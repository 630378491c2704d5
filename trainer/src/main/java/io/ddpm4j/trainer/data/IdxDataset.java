package io.ddpm4j.trainer.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Images, and optionally labels, from idx files, the format of MNIST and its relatives.
 *
 * <p>An idx file is two zero bytes, one byte for the element type (8: unsigned byte, the only one
 * read here), one byte for the rank, then one big-endian int32 per dimension, then the elements,
 * last dimension fastest. Images have rank 3, (N, H, W), or rank 4: (N, C, H, W) if the second
 * dimension is 1 or 3, else (N, H, W, C) if the last one is. Labels have rank 1. Either file may be
 * gzipped, which its first bytes tell, not its name. The images are held in memory.
 */
public final class IdxDataset implements ImageDataset {
  private static final int TYPE_UBYTE = 0x08;
  private static final int MAX_SIDE = 1 << 14;

  private final String name;
  private final String description;
  private final Shape shape;
  private final ImageStore images;
  private final byte[] labels;
  private final List<String> classNames;

  private IdxDataset(String name, Path file, Shape shape, ImageStore images, Labels labels) {
    this.name = name;
    this.shape = shape;
    this.images = images;
    this.labels = labels.values();
    this.classNames = labels.names();
    this.description =
        "%d images of %dx%dx%d from %s%s"
            .formatted(
                images.size(),
                shape.height(),
                shape.width(),
                shape.channels(),
                file.getFileName(),
                classNames.isEmpty() ? "" : ", " + classNames.size() + " classes");
  }

  /** Images without labels; see {@link #open(String, Path, Path, List)}. */
  public static IdxDataset open(Path images) throws DatasetException {
    return open(nameOf(images), images, null, List.of());
  }

  /** Images with labels, named by number; see {@link #open(String, Path, Path, List)}. */
  public static IdxDataset open(Path images, Path labels) throws DatasetException {
    return open(nameOf(images), images, Objects.requireNonNull(labels, "labels"), List.of());
  }

  /**
   * Reads a pair of idx files.
   *
   * @param name the data set's short name
   * @param images file of the images, rank 3 or 4
   * @param labels file of the labels, rank 1; null for none
   * @param classNames names in label order; if empty, classes are named "0", "1", ... up to the
   *     largest label found
   * @throws DatasetException if a file is missing, cut short, damaged, not idx, or does not agree
   *     with the other; the message names the file
   */
  public static IdxDataset open(String name, Path images, Path labels, List<String> classNames)
      throws DatasetException {
    Objects.requireNonNull(name, "name");
    try (IdxFile file = IdxFile.open(images)) {
      Shape shape = Shape.of(images, file.dims);
      ImageStore.requireFits(images.toString(), shape.count(), shape.bytes());
      List<byte[]> pixels = new ArrayList<>();
      for (int i = 0; i < shape.count(); i++) {
        pixels.add(shape.toChw(file.next(shape.bytes())));
      }
      file.requireEnd();
      Labels read = labels == null ? Labels.NONE : Labels.read(labels, shape.count(), classNames);
      return new IdxDataset(name, images, shape, ImageStore.of(pixels), read);
    }
  }

  private static String nameOf(Path file) {
    return String.valueOf(file.getFileName()).replaceFirst("\\.gz$", "");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public int size() {
    return images.size();
  }

  @Override
  public int channels() {
    return shape.channels();
  }

  @Override
  public int height() {
    return shape.height();
  }

  @Override
  public int width() {
    return shape.width();
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public int label(int index) {
    Objects.checkIndex(index, size());
    return labels.length == 0 ? NO_LABEL : labels[index] & 0xff;
  }

  @Override
  public void read(int index, byte[] dest, int offset) {
    images.read(index, dest, offset);
  }

  /** What the dimensions of an image file mean. */
  private record Shape(int count, int channels, int height, int width, boolean channelsLast) {

    static Shape of(Path file, int[] dims) throws DatasetException {
      if (dims.length != 3 && dims.length != 4) {
        throw new DatasetException(
            file
                + ": expected images, an idx file of rank 3 or 4 (magic 0x00000803 or 0x00000804),"
                + " found rank "
                + dims.length
                + (dims.length == 1 ? ": this is a file of labels" : ""));
      }
      Shape shape;
      if (dims.length == 3) {
        shape = new Shape(dims[0], 1, dims[1], dims[2], false);
      } else if (isChannels(dims[1])) {
        shape = new Shape(dims[0], dims[1], dims[2], dims[3], false);
      } else if (isChannels(dims[3])) {
        shape = new Shape(dims[0], dims[3], dims[1], dims[2], true);
      } else {
        throw new DatasetException(
            file
                + ": expected 1 or 3 channels as second or last dimension, found dimensions "
                + dimensions(dims));
      }
      if (shape.height > MAX_SIDE || shape.width > MAX_SIDE) {
        throw new DatasetException(
            file + ": expected sides of at most " + MAX_SIDE + ", found " + dimensions(dims));
      }
      return shape;
    }

    private static boolean isChannels(int dim) {
      return dim == 1 || dim == 3;
    }

    int bytes() {
      return channels * height * width;
    }

    byte[] toChw(byte[] stored) {
      if (!channelsLast || channels == 1) {
        return stored;
      }
      byte[] chw = new byte[stored.length];
      int plane = height * width;
      for (int c = 0; c < channels; c++) {
        for (int p = 0; p < plane; p++) {
          chw[c * plane + p] = stored[p * channels + c];
        }
      }
      return chw;
    }
  }

  /** One unsigned byte per image, and what it means; both empty for a set without labels. */
  private record Labels(byte[] values, List<String> names) {
    static final Labels NONE = new Labels(new byte[0], List.of());

    static Labels read(Path path, int expected, List<String> names) throws DatasetException {
      try (IdxFile file = IdxFile.open(path)) {
        if (file.dims.length != 1) {
          throw new DatasetException(
              path
                  + ": expected labels, an idx file of rank 1 (magic 0x00000801), found rank "
                  + file.dims.length);
        }
        if (file.dims[0] != expected) {
          throw new DatasetException(
              path
                  + ": expected one label for each of "
                  + expected
                  + " images, found "
                  + file.dims[0]
                  + " labels");
        }
        byte[] values = file.next(expected);
        file.requireEnd();
        int largest = 0;
        for (byte value : values) {
          largest = Math.max(largest, value & 0xff);
        }
        if (!names.isEmpty() && largest >= names.size()) {
          throw new DatasetException(
              path
                  + ": expected labels from 0 to "
                  + (names.size() - 1)
                  + ", found label "
                  + largest);
        }
        return new Labels(
            values,
            names.isEmpty()
                ? IntStream.rangeClosed(0, largest).mapToObj(Integer::toString).toList()
                : List.copyOf(names));
      }
    }
  }

  private static String dimensions(int[] dims) {
    StringBuilder text = new StringBuilder();
    for (int dim : dims) {
      text.append(text.isEmpty() ? "" : "x").append(dim);
    }
    return text.toString();
  }

  /** One idx file being read: header first, then elements in order. The only door to its bytes. */
  private static final class IdxFile implements AutoCloseable {
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

    static IdxFile open(Path path) throws DatasetException {
      if (!Files.isRegularFile(path)) {
        throw new DatasetException(
            path
                + (Files.exists(path)
                    ? ": expected an idx file, found no file"
                    : ": no such file"));
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
  }
}
