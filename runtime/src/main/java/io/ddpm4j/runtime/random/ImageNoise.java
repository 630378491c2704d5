package io.ddpm4j.runtime.random;

/**
 * Noise that belongs to the image: element e of draw d of image k of seed s is a pure function of
 * (s, k, d, e), whatever the batch it is generated in. Specified in {@code docs/random.md}:
 *
 * <pre>
 * block  = Philox4x32-10(counter = (e div 4, d, k mod 2^32, k div 2^32), key = s)
 * u      = (block[e mod 4] as unsigned + 0.5) / 2^32
 * normal = (float) Normal.inverse(u)
 * </pre>
 *
 * @param seed any 64 bits
 */
public record ImageNoise(long seed) implements NoiseSource {
  private static final double SCALE = 0x1p-32;
  private static final int CHUNK = 512; // numbers at a time: what is in between stays in the cache

  /** What a thread needs in between, kept so that a draw allocates nothing. */
  private record Scratch(
      int[] counter, int[] block, double[] uniform, double[] normal, Normal.Tails tails) {
    private static final ThreadLocal<Scratch> OF_THREAD =
        ThreadLocal.withInitial(
            () ->
                new Scratch(
                    new int[4],
                    new int[4],
                    new double[CHUNK],
                    new double[CHUNK],
                    Normal.Tails.of(CHUNK)));
  }

  @Override
  public void fill(float[] target, long firstImage, int images, int elements, int draw) {
    Scratch scratch = Scratch.OF_THREAD.get();
    int[] counter = scratch.counter;
    counter[1] = draw;
    for (int image = 0; image < images; image++) {
      long k = firstImage + image;
      counter[2] = (int) k;
      counter[3] = (int) (k >>> 32);
      for (int from = 0; from < elements; from += CHUNK) {
        int count = Math.min(CHUNK, elements - from);
        uniforms(scratch, from, count);
        Normal.inverse(scratch.uniform, scratch.normal, count, scratch.tails);
        for (int i = 0; i < count; i++) {
          target[image * elements + from + i] = (float) scratch.normal[i];
        }
      }
    }
  }

  /**
   * The u of which the normal numbers are made, less ½: uniform in (-½, ½), such as dequantisation
   * adds to grey levels.
   *
   * @param target as for {@link #fill}, likewise the others
   */
  public void fillUniform(float[] target, long firstImage, int images, int elements, int draw) {
    Scratch scratch = Scratch.OF_THREAD.get();
    scratch.counter[1] = draw;
    for (int image = 0; image < images; image++) {
      long k = firstImage + image;
      scratch.counter[2] = (int) k;
      scratch.counter[3] = (int) (k >>> 32);
      for (int from = 0; from < elements; from += CHUNK) {
        int count = Math.min(CHUNK, elements - from);
        uniforms(scratch, from, count);
        for (int i = 0; i < count; i++) {
          target[image * elements + from + i] = (float) (scratch.uniform[i] - 0.5);
        }
      }
    }
  }

  /** Fills the scratch with u of the elements from {@code from} on, whole blocks. */
  private void uniforms(Scratch scratch, int from, int count) {
    double[] u = scratch.uniform;
    int[] block = scratch.block;
    for (int i = 0; i < count; i += 4) {
      scratch.counter[0] = from + i >>> 2;
      Philox.block(scratch.counter, seed, block);
      u[i] = ((block[0] & 0xFFFFFFFFL) + 0.5) * SCALE;
      u[i + 1] = ((block[1] & 0xFFFFFFFFL) + 0.5) * SCALE;
      u[i + 2] = ((block[2] & 0xFFFFFFFFL) + 0.5) * SCALE;
      u[i + 3] = ((block[3] & 0xFFFFFFFFL) + 0.5) * SCALE;
    }
  }
}
