package io.ddpm4j.exporter.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig.TimeEmbedding;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Starting weights have the distributions that PyTorch's reset_parameters gives. */
class InitializerTest {
  private static final UNetConfig CONFIG =
      UNetConfig.builder()
          .sampleSize(8)
          .blockOutChannels(List.of(32, 64))
          .downBlockTypes(List.of(UNetConfig.BlockType.PLAIN, UNetConfig.BlockType.ATTENTION))
          .upBlockTypes(List.of(UNetConfig.BlockType.ATTENTION, UNetConfig.BlockType.PLAIN))
          .timeEmbedding(TimeEmbedding.LEARNED)
          .numTrainTimesteps(100)
          .numClassEmbeds(10)
          .build();

  private static final Map<String, TensorData> WEIGHTS = UNet.parameters(CONFIG).initialize(3);

  /** Kinds that were seen, so that none is passed over. */
  private enum Kind {
    CONV,
    LINEAR,
    NORM,
    EMBEDDING
  }

  private static Kind kind(String layer, Shape weight) {
    if (layer.equals("class_embedding") || layer.equals("time_proj")) {
      return Kind.EMBEDDING;
    }
    return switch (weight.rank()) {
      case 1 -> Kind.NORM;
      case 2 -> Kind.LINEAR;
      default -> Kind.CONV;
    };
  }

  @Test
  void everyParameterOfAUnetStartsAsInPyTorch() {
    Map<Kind, Integer> seen = new HashMap<>();
    WEIGHTS.forEach(
        (name, data) -> {
          if (!name.endsWith(".weight")) {
            return;
          }
          String layer = name.substring(0, name.length() - ".weight".length());
          Kind kind = kind(layer, data.shape());
          seen.merge(kind, 1, Integer::sum);
          float[] weight = data.floats();
          TensorData bias = WEIGHTS.get(layer + ".bias");
          switch (kind) {
            case NORM -> { // GroupNorm.reset_parameters: ones_(weight), zeros_(bias)
              assertConstant(name, 1, weight);
              assertConstant(layer + ".bias", 0, bias.floats());
            }
            case EMBEDDING -> { // Embedding.reset_parameters: normal_(weight)
              assertMoments(name, 1, 3, weight);
              assertEquals(null, bias);
            }
            default -> {
              // kaiming_uniform_(weight, a=sqrt(5)): a gain of sqrt(2 / (1 + 5)), and the bound is
              // sqrt(3) gain / sqrt(fan_in) = 1 / sqrt(fan_in); the bias has that bound too.
              long fanIn = data.shape().elements() / data.shape().size(0);
              assertUniform(name, 1 / Math.sqrt(fanIn), weight);
              assertUniform(layer + ".bias", 1 / Math.sqrt(fanIn), bias.floats());
            }
          }
        });
    assertEquals(Set.of(Kind.values()), seen.keySet());
    assertEquals(2, seen.get(Kind.EMBEDDING));
  }

  private static void assertConstant(String name, float value, float[] found) {
    float[] expected = new float[found.length];
    Arrays.fill(expected, value);
    assertArrayEquals(expected, found, name);
  }

  private static void assertUniform(String name, double bound, float[] found) {
    double largest = 0;
    for (float value : found) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertTrue(largest <= (float) bound, name + ": " + largest + " beyond " + bound);
    // The largest of n stays below (1 - 10/n) of the bound once in e^10 parameters.
    assertTrue(largest > bound * (1 - 10.0 / found.length), name + ": " + largest + " of " + bound);
    assertMoments(name, bound * bound / 3, 9.0 / 5, found);
  }

  /** Mean 0 and that variance, within five standard errors. */
  private static void assertMoments(String name, double variance, double kurtosis, float[] found) {
    double n = found.length;
    double sum = 0;
    double squares = 0;
    for (float value : found) {
      sum += value;
      squares += (double) value * value;
    }
    assertEquals(0, sum / n, 5 * Math.sqrt(variance / n), name + ": mean");
    double error = variance * Math.sqrt((kurtosis - 1) / n);
    assertEquals(variance, squares / n, 5 * error, name + ": variance");
  }

  @Test
  void seedsAndParametersAreIndependent() {
    Shape shape = Shape.of(20_000);
    Initializer normal = new Initializer.Normal();
    Map<String, float[]> draws = new HashMap<>();
    for (long seed : new long[] {0, 1, 2, -1}) {
      for (String name : List.of("a.0.weight", "a.1.weight", "a.0.bias")) {
        draws.put(seed + name, normal.create(name, shape, seed).floats());
      }
    }
    List<float[]> all = List.copyOf(draws.values());
    for (int a = 0; a < all.size(); a++) {
      for (int b = 0; b < a; b++) {
        double product = 0;
        for (int k = 0; k < 20_000; k++) {
          product += all.get(a)[k] * all.get(b)[k];
        }
        assertEquals(0, product / 20_000, 5 / Math.sqrt(20_000));
      }
    }
    Set<Float> values = new HashSet<>();
    all.forEach(draw -> values.add(draw[0]));
    assertEquals(all.size(), values.size());
  }

  /** The table of docs/random.md. */
  @Test
  void theNumbersAreThoseOfTheSpecification() {
    SplitMix64 random = new SplitMix64(0);
    assertEquals(0xe220a8397b1dcdafL, random.nextLong()); // as published for seed 0
    assertEquals(0x6e789e6aa1b965f4L, random.nextLong());
    Initializer uniform = new Initializer.Uniform(9);
    assertBits(
        "3d428f6a 3e82d22c be8befcf be06f46f", uniform.create("conv_in.weight", Shape.of(4), 0));
    assertBits(
        "3d2781eb be9eb041 be62bc8f be1b380d", uniform.create("conv_in.weight", Shape.of(4), 42));
    assertBits(
        "bf8e0961 bf17df98 3d8e8df9 bf4f8c77",
        new Initializer.Normal().create("class_embedding.weight", Shape.of(4), 42));
  }

  private static void assertBits(String expected, TensorData found) {
    StringBuilder bits = new StringBuilder();
    for (float value : found.floats()) {
      bits.append("%08x ".formatted(Float.floatToIntBits(value)));
    }
    assertEquals(expected, bits.toString().strip());
  }
}
