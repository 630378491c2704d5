package io.ddpm4j.trainer.data;

/**
 * What a folder of pictures becomes.
 *
 * @param size side of every image in pixels, 1 to 4096
 * @param channels 1 grey or 3 RGB
 * @param background 0xRRGGBB behind transparent pixels
 * @param labelsFromFolders whether the folders directly inside the data set's folder are its
 *     classes
 */
public record ImageFolderOptions(
    int size, int channels, int background, boolean labelsFromFolders) {
  /** White. */
  public static final int DEFAULT_BACKGROUND = 0xffffff;

  private static final int MAX_SIZE = 4096;

  /** Refuses sizes, channels and colours that do not exist. */
  public ImageFolderOptions {
    if (size < 1 || size > MAX_SIZE) {
      throw new IllegalArgumentException(
          "expected an image size of 1 to " + MAX_SIZE + " pixels, found " + size);
    }
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException("expected 1 or 3 channels, found " + channels);
    }
    if (background >>> 24 != 0) {
      throw new IllegalArgumentException(
          "expected a background colour of 0x000000 to 0xffffff, found 0x"
              + Integer.toHexString(background));
    }
  }

  /** RGB on white without labels. */
  public static ImageFolderOptions ofSize(int size) {
    return new ImageFolderOptions(size, 3, DEFAULT_BACKGROUND, false);
  }
}
