package io.ddpm4j.trainer.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Images in memory, one array each, so that no set is too large for one array. */
final class ImageStore {
  private final byte[][] images;

  private ImageStore(byte[][] images) {
    this.images = images;
  }

  /** Takes the arrays over; the caller keeps no reference. */
  static ImageStore of(List<byte[]> images) {
    return new ImageStore(new ArrayList<>(images).toArray(byte[][]::new));
  }

  int size() {
    return images.length;
  }

  void read(int index, byte[] dest, int offset) {
    byte[] image = images[index];
    System.arraycopy(image, 0, dest, offset, image.length);
  }

  /**
   * Refuses, before anything is read, a set that the heap cannot hold.
   *
   * @param what names the set in the message
   */
  static void requireFits(String what, long count, long imageBytes) throws DatasetException {
    Runtime jvm = Runtime.getRuntime();
    long free = jvm.maxMemory() - (jvm.totalMemory() - jvm.freeMemory());
    // An array costs a header of 16 bytes and a reference; an eighth is left for everything else.
    double needed = (double) count * (imageBytes + 24);
    if (needed > 0.875 * free) {
      throw new DatasetException(
          String.format(
              Locale.ROOT,
              "%s does not fit into memory: %d images of %d bytes need %.0f MiB, the heap has"
                  + " %.0f MiB left; ask for smaller images or raise -Xmx",
              what,
              count,
              imageBytes,
              needed / (1 << 20),
              free / (double) (1 << 20)));
    }
  }
}
