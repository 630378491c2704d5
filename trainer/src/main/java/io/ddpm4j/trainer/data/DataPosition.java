package io.ddpm4j.trainer.data;

/**
 * A place in the endless sequence of training images: all that a checkpoint needs to continue it.
 *
 * @param epoch how often the whole data set has been gone through, from 0
 * @param offset how many images of this epoch have been handed out, in [0, size of the data set)
 */
public record DataPosition(long epoch, int offset) {
  /** The first image of the first epoch. */
  public static final DataPosition START = new DataPosition(0, 0);

  /** Refuses negative numbers. */
  public DataPosition {
    if (epoch < 0 || offset < 0) {
      throw new IllegalArgumentException(
          "expected an epoch and an offset of at least 0, found " + epoch + " and " + offset);
    }
  }

  /**
   * Where one is after some more images.
   *
   * @param images how many, at least 0
   * @param size size of the data set
   */
  public DataPosition plus(long images, int size) {
    long later = Math.addExact(offset, images);
    return new DataPosition(Math.addExact(epoch, later / size), (int) (later % size));
  }

  /**
   * How many images were handed out before it.
   *
   * @param size size of the data set
   */
  public long images(int size) {
    return Math.addExact(Math.multiplyExact(epoch, (long) size), offset);
  }

  /**
   * How often the data set was gone through, parts included.
   *
   * @param size size of the data set
   */
  public double epochs(int size) {
    return epoch + (double) offset / size;
  }
}
