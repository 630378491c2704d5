package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * How a parameter starts: the defaults of PyTorch's layers. The numbers depend on seed and
 * parameter name only, not on the order in which layers are built; {@code docs/random.md} specifies
 * them bit by bit.
 */
public sealed interface Initializer {

  /** All elements equal: 1 for the scale of a norm, 0 for its bias. */
  record Constant(float value) implements Initializer {}

  /**
   * Uniform in ±1/√fanIn: what PyTorch's Linear and Conv2d give weights (Kaiming uniform with a =
   * √5) and biases.
   */
  record Uniform(long fanIn) implements Initializer {}

  /**
   * Normal with mean 0: PyTorch's Embedding, and Fourier features.
   *
   * @param deviation standard deviation
   */
  record Normal(double deviation) implements Initializer {
    /** Standard normal. */
    public Normal() {
      this(1);
    }
  }

  /** The starting values of a parameter. */
  default TensorData create(String parameter, Shape shape, long seed) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    SplitMix64 random = new SplitMix64(hash(seed, parameter));
    if (this instanceof Constant constant) {
      Arrays.fill(values, constant.value());
    } else if (this instanceof Uniform uniform) {
      double bound = 1 / Math.sqrt(uniform.fanIn());
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
      }
    } else if (this instanceof Normal normal) {
      for (int i = 0; i < values.length; i++) {
        double radius = Math.sqrt(-2 * StrictMath.log(1 - random.nextDouble())); // Box and Muller
        double standard = radius * StrictMath.cos(2 * Math.PI * random.nextDouble());
        values[i] = (float) (normal.deviation() * standard);
      }
    }
    return TensorData.ofFloats(values, shape.sizes());
  }

  private static long hash(long seed, String parameter) {
    long hash = 0xcbf29ce484222325L ^ seed * SplitMix64.GOLDEN_GAMMA; // FNV-1a
    for (byte b : parameter.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return hash;
  }
}
