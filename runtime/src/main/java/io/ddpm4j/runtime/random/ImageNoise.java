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

  @Override
  public void fill(float[] target, long firstImage, int images, int elements, int draw) {
    int[] counter = new int[4];
    int[] block = new int[4];
    counter[1] = draw;
    for (int image = 0; image < images; image++) {
      long k = firstImage + image;
      counter[2] = (int) k;
      counter[3] = (int) (k >>> 32);
      int from = image * elements;
      for (int e = 0; e < elements; e += 4) {
        counter[0] = e >>> 2;
        Philox.block(counter, seed, block);
        int count = Math.min(4, elements - e);
        for (int i = 0; i < count; i++) {
          target[from + e + i] = (float) Normal.inverse(((block[i] & 0xFFFFFFFFL) + 0.5) * SCALE);
        }
      }
    }
  }
}
