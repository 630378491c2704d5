package io.ddpm4j.trainer.data;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a camera was held: tag 0x0112 in the first image directory of a JPEG file's Exif segment.
 * Image readers ignore it, so that without it photographs taken upright would be learnt lying.
 *
 * <p>1 as stored, 2 mirrored, 3 turned by 180 degrees, 4 upside down and mirrored, 5 transposed, 6
 * to be turned right by 90 degrees, 7 transposed along the other diagonal, 8 to be turned left.
 */
final class ExifOrientation {
  /** As stored. */
  static final int UPRIGHT = 1;

  private static final int MARKER_APP1 = 0xe1;
  private static final int MARKER_START_OF_SCAN = 0xda;
  private static final int TAG = 0x0112;
  private static final int HEADER = 6; // "Exif", 0, 0

  private ExifOrientation() {}

  /** The orientation, 1 to 8; {@link #UPRIGHT} where the file is no JPEG or does not say. */
  static int of(byte[] file) {
    try {
      return search(ByteBuffer.wrap(file));
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      return UPRIGHT; // damaged metadata do not make the picture unreadable
    }
  }

  private static int search(ByteBuffer jpeg) {
    if (jpeg.getShort() != (short) 0xffd8) {
      return UPRIGHT;
    }
    while (jpeg.remaining() >= 4 && (jpeg.get() & 0xff) == 0xff) {
      int marker = jpeg.get() & 0xff;
      int length = (jpeg.getShort() & 0xffff) - 2;
      if (marker == MARKER_START_OF_SCAN) {
        break;
      }
      ByteBuffer segment = jpeg.slice(jpeg.position(), length);
      if (marker == MARKER_APP1
          && length > HEADER
          && segment.getInt(0) == 0x45786966
          && segment.getShort(4) == 0) {
        return inTiff(segment.slice(HEADER, length - HEADER));
      }
      jpeg.position(jpeg.position() + length);
    }
    return UPRIGHT;
  }

  private static int inTiff(ByteBuffer tiff) {
    tiff.order(tiff.getShort(0) == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int directory = tiff.getInt(4);
    int entries = tiff.getShort(directory) & 0xffff;
    for (int i = 0; i < entries; i++) {
      int entry = directory + 2 + 12 * i;
      if ((tiff.getShort(entry) & 0xffff) == TAG) {
        int orientation = tiff.getShort(entry + 8) & 0xffff;
        return orientation >= 1 && orientation <= 8 ? orientation : UPRIGHT;
      }
    }
    return UPRIGHT;
  }

  /** Whether width and height change places. */
  static boolean isTurned(int orientation) {
    return orientation >= 5;
  }

  /**
   * Where a pixel lies in the picture turned upright.
   *
   * @param x column in the picture as stored
   * @param y row in the picture as stored
   * @param width of the picture as stored
   * @param height of the picture as stored
   * @return the pixel's number, row by row
   */
  static int upright(int orientation, int x, int y, int width, int height) {
    int right = width - 1 - x;
    int below = height - 1 - y;
    return switch (orientation) {
      case UPRIGHT -> y * width + x;
      case 2 -> y * width + right;
      case 3 -> below * width + right;
      case 4 -> below * width + x;
      case 5 -> x * height + y;
      case 6 -> x * height + below;
      case 7 -> right * height + below;
      case 8 -> right * height + y;
      default ->
          throw new IllegalArgumentException(
              "expected an orientation of 1 to 8, found " + orientation);
    };
  }

  /**
   * Turns square planes upright.
   *
   * @param image (channels, size, size) as stored
   * @return the same array if there is nothing to do
   */
  static byte[] upright(byte[] image, int channels, int size, int orientation) {
    if (orientation == UPRIGHT) {
      return image;
    }
    byte[] result = new byte[image.length];
    for (int c = 0; c < channels; c++) {
      int plane = c * size * size;
      for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
          int to = upright(orientation, x, y, size, size);
          result[plane + to] = image[plane + y * size + x];
        }
      }
    }
    return result;
  }
}
