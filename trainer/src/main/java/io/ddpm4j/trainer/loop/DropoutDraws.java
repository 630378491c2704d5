package io.ddpm4j.trainer.loop;

import io.ddpm4j.runtime.random.Philox;
import io.ddpm4j.trainer.step.MaskSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The dropout of a run: whether element e of place p of image k is kept is a function of (seed, k,
 * p, e), as its noise is, so it hangs neither on the batch nor on how that is divided.
 *
 * <pre>
 * block = Philox4x32-10(counter = (e div 8, -2 - p, k mod 2^32, k div 2^32), key = seed)
 * kept  = 16-bit half e mod 8 of the block, low halves first, is at least 2^16·ratio
 * </pre>
 *
 * @param seed of the run
 * @param ratio the share that is dropped, in [0, 1); drawn to 1/65536
 */
record DropoutDraws(long seed, double ratio) {
  /** Before it lie the draws of noise, at -1 that of the timestep. */
  private static final int FIRST_DRAW = -2;

  private static final int HALVES = 8; // of a block

  /** The masks of a step whose first image has that number in the run. */
  MaskSource from(long firstImage) {
    return (place, image, mask) -> draw(place, firstImage + image, mask);
  }

  private void draw(int place, long image, ByteBuffer mask) {
    int threshold = (int) Math.round(ratio * 0x1p16);
    int[] counter = {0, FIRST_DRAW - place, (int) image, (int) (image >>> 32)};
    int[] block = new int[4];
    ByteBuffer kept = mask.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    int whole = kept.capacity() / HALVES * HALVES;
    for (int e = 0; e < whole; e += HALVES) { // eight at a time: two thirds of the time
      kept.putLong(e, bytes(counter, block, e, threshold));
    }
    if (whole < kept.capacity()) {
      long rest = bytes(counter, block, whole, threshold);
      for (int e = whole; e < kept.capacity(); e++) {
        kept.put(e, (byte) (rest >>> 8 * (e - whole)));
      }
    }
  }

  /** The eight bytes from element {@code e} on, the first one lowest. */
  private long bytes(int[] counter, int[] block, int e, int threshold) {
    counter[0] = e / HALVES;
    Philox.block(counter, seed, block);
    long bytes = 0;
    for (int i = 0; i < block.length; i++) {
      long low = isKept(block[i] & 0xFFFF, threshold);
      long high = isKept(block[i] >>> 16, threshold);
      bytes |= (low | high << 8) << 16 * i;
    }
    return bytes;
  }

  /** 1 unless {@code half} is below the threshold, without a branch. */
  private static int isKept(int half, int threshold) {
    return half - threshold >>> 31 ^ 1;
  }
}
