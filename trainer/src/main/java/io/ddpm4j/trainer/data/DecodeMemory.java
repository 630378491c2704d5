package io.ddpm4j.trainer.data;

import java.io.IOException;
import java.util.concurrent.Semaphore;

/**
 * The memory in which all threads together decode pictures: whoever needs more than is free waits,
 * so that a folder of large pictures is read slowly instead of not at all.
 */
final class DecodeMemory {
  private static final int UNIT = 1 << 10;

  private final int total; // in units
  private final Semaphore free;

  /**
   * @param bytes in all
   */
  DecodeMemory(long bytes) {
    total = (int) Math.max(0, Math.min(Integer.MAX_VALUE, bytes / UNIT));
    free = new Semaphore(total, true);
  }

  /** Half of what the heap has left once so many bytes of images are in it. */
  static DecodeMemory beside(long imageBytes) {
    Runtime jvm = Runtime.getRuntime();
    long left = jvm.maxMemory() - (jvm.totalMemory() - jvm.freeMemory());
    return new DecodeMemory((left - imageBytes) / 2);
  }

  /**
   * Waits for so many bytes.
   *
   * @return what to give back
   * @throws IOException if there will never be as many
   */
  int take(long bytes) throws IOException {
    long units = 1 + bytes / UNIT;
    if (units > total) {
      throw new IOException(
          "too large: decoding it needs %d MiB, this heap has %d MiB for that; raise -Xmx"
              .formatted((units >> 10) + 1, total >> 10));
    }
    free.acquireUninterruptibly((int) units);
    return (int) units;
  }

  void giveBack(int taken) {
    free.release(taken);
  }
}
