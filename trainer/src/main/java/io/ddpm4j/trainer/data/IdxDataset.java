package io.ddpm4j.trainer.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Images, and optionally labels, from idx files ({@link IdxFile}), the format of MNIST and its
 * relatives.
 *
 * <p>Images have rank 3, (N, H, W), or rank 4: (N, C, H, W) if the second dimension is 1 or 3, else
 * (N, H, W, C) if the last one is. Labels have rank 1. The images are held in memory.
 */
public final class IdxDataset implements ImageDataset {
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
      Shape shape = Shape.of(images, file.dims());
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
                + IdxFile.dimensions(dims));
      }
      if (shape.height > MAX_SIDE || shape.width > MAX_SIDE) {
        throw new DatasetException(
            file
                + ": expected sides of at most "
                + MAX_SIDE
                + ", found "
                + IdxFile.dimensions(dims));
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
        if (file.dims().length != 1) {
          throw new DatasetException(
              path
                  + ": expected labels, an idx file of rank 1 (magic 0x00000801), found rank "
                  + file.dims().length);
        }
        if (file.dims()[0] != expected) {
          throw new DatasetException(
              path
                  + ": expected one label for each of "
                  + expected
                  + " images, found "
                  + file.dims()[0]
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
}
