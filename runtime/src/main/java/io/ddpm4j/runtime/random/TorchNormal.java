package io.ddpm4j.runtime.random;

/**
 * From PyTorch's uniform numbers to its normal ones (Box and Muller 1958), in the arithmetic of its
 * CPU kernels: in float by blocks of 16, in double by pairs. Specified in {@code docs/random.md}.
 *
 * <p>The float functions are those of Cephes (Moshier), logf, sinf and cosf, and the same bits as
 * PyTorch's on x86-64: where its compiler fuses a product and a sum, so does this.
 */
final class TorchNormal {
  /** Numbers in a block. */
  static final int BLOCK = 16;

  private static final int HALF = BLOCK / 2;
  private static final float TWO_PI = (float) (2 * Math.PI);
  private static final float FOUR_OVER_PI = (float) (4 / Math.PI);
  private static final float SQRT_HALF = (float) Math.sqrt(0.5);

  private TorchNormal() {}

  /** A word's lower 24 bits as a number in [0, 1). */
  static float uniform(int word) {
    return (word & 0xFFFFFF) * 0x1p-24f;
  }

  /** The lower 53 bits of two words as a number in [0, 1). */
  static double uniform(int high, int low) {
    long bits = (long) high << 32 | low & 0xFFFFFFFFL;
    return (bits & (1L << 53) - 1) * 0x1p-53;
  }

  /**
   * Turns a block of uniform numbers into normal ones: of number j and j+8 come z_j and z_(j+8).
   */
  static void transform(float[] block) {
    for (int j = 0; j < HALF; j++) {
      float radius = (float) Math.sqrt(-2 * log(1 - block[j]));
      float theta = TWO_PI * block[j + HALF];
      int octant = (int) (theta * FOUR_OVER_PI) + 1 & ~1; // even: the nearest multiple of π/2
      float x = reduce(theta, octant);
      int sine = Float.floatToRawIntBits(sine(x));
      int cosine = Float.floatToRawIntBits(cosine(x));
      int swapped = (sine ^ cosine) & -(octant >> 1 & 1); // without branches: the octant is random
      float sin = Float.intBitsToFloat(sine ^ swapped ^ (octant & 4) << 29);
      float cos = Float.intBitsToFloat(cosine ^ swapped ^ (octant + 2 & 4) << 29);
      block[j] = radius * cos;
      block[j + HALF] = radius * sin;
    }
  }

  /** The normal number from the pair (u_1, u_2) that PyTorch gives out first, or second. */
  static double ofPair(double u1, double u2, boolean second) {
    double radius = Math.sqrt(-2 * StrictMath.log1p(-u2));
    double theta = 2 * Math.PI * u1;
    return radius * (second ? StrictMath.sin(theta) : StrictMath.cos(theta));
  }

  /** The natural logarithm of a normal number: x = m·2^e with m in [√½, √2). */
  private static float log(float x) {
    int bits = Float.floatToRawIntBits(x);
    int e = (bits >>> 23) - 126;
    float m = Float.intBitsToFloat(bits & 0x7FFFFF | 0x3F000000); // [0.5, 1)
    if (m < SQRT_HALF) {
      e--;
      m += m;
    }
    m -= 1;
    float square = m * m;
    float y = 7.0376836292e-2f;
    y = Math.fma(y, m, -1.1514610310e-1f);
    y = Math.fma(y, m, 1.1676998740e-1f);
    y = Math.fma(y, m, -1.2420140846e-1f);
    y = Math.fma(y, m, 1.4249322787e-1f);
    y = Math.fma(y, m, -1.6668057665e-1f);
    y = Math.fma(y, m, 2.0000714765e-1f);
    y = Math.fma(y, m, -2.4999993993e-1f);
    y = Math.fma(y, m, 3.3333331174e-1f);
    y = Math.fma(y * m, square, e * -2.12194440e-4f);
    y = Math.fma(square, -0.5f, y);
    return Math.fma((float) e, 0.693359375f, m + y); // ln 2 in two parts
  }

  /** theta - octant·π/4, with π/4 in three parts. */
  private static float reduce(float theta, float octant) {
    float x = Math.fma(octant, -0.78515625f, theta);
    x = Math.fma(octant, -2.4187564849853515625e-4f, x);
    return Math.fma(octant, -3.77489497744594108e-8f, x);
  }

  /** Of a number in [-π/4, π/4]. */
  private static float sine(float x) {
    float square = x * x;
    float y = -1.9515295891e-4f;
    y = Math.fma(y, square, 8.3321608736e-3f);
    y = Math.fma(y, square, -1.6666654611e-1f);
    return Math.fma(y * square, x, x);
  }

  /** Likewise. */
  private static float cosine(float x) {
    float square = x * x;
    float y = 2.443315711809948e-5f;
    y = Math.fma(y, square, -1.388731625493765e-3f);
    y = Math.fma(y, square, 4.166664568298827e-2f);
    return Math.fma(y * square, square, square * -0.5f) + 1;
  }
}
