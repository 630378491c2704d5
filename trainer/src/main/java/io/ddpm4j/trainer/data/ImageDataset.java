package io.ddpm4j.trainer.data;

import java.util.List;
import java.util.Objects;

/**
 * Images of one shape, numbered from 0. An implementation is immutable to its users and safe to
 * read from many threads at once.
 */
public interface ImageDataset {

  /** Label of every image of a data set that has no classes. */
  int NO_LABEL = -1;

  /** A short name, as a user would write it: {@code fashion-mnist}. */
  String name();

  /** One line that says what the images are and where they came from, for a model's provenance. */
  String description();

  /** Number of images, at least 1. */
  int size();

  /** Number of channels: 1 grey, 3 red, green, blue. */
  int channels();

  /** Height of every image in pixels. */
  int height();

  /** Width of every image in pixels. */
  int width();

  /** Class names in label order; empty if the images have no labels. */
  List<String> classNames();

  /**
   * The class of an image.
   *
   * @return an index into {@link #classNames()}, or {@link #NO_LABEL} if that is empty
   * @throws IndexOutOfBoundsException if {@code index} is not in [0, {@link #size()})
   */
  int label(int index);

  /**
   * Whether an image stays what it is when left and right change places; a clock or a letter does
   * not.
   *
   * @throws IndexOutOfBoundsException if {@code index} is not in [0, {@link #size()})
   */
  default boolean mirrorable(int index) {
    Objects.checkIndex(index, size());
    return true;
  }

  /**
   * Copies one image, {@link #imageBytes()} unsigned bytes in (C, H, W) order.
   *
   * @param index which image, in [0, {@link #size()})
   * @param dest where to
   * @param offset index of its first byte in {@code dest}
   * @throws IndexOutOfBoundsException if the image does not exist or does not fit
   */
  void read(int index, byte[] dest, int offset);

  /** Bytes of one image: channels x height x width. */
  default int imageBytes() {
    return Math.multiplyExact(Math.multiplyExact(channels(), height()), width());
  }
}
