package io.ddpm4j.runtime.random;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Where a generation's noise comes from, by name. */
public enum NoiseGenerator {
  /** Noise that belongs to the image: {@link ImageNoise}. */
  PHILOX("philox") {
    @Override
    public NoiseSource source(long seed, int images) {
      return NoiseSource.ofSeed(seed);
    }
  },
  /** That of PyTorch's CPU generator, for a generation of N images: {@link TorchNoise}. */
  TORCH("torch") {
    @Override
    public NoiseSource source(long seed, int images) {
      return TorchNoise.of(seed, images);
    }
  };

  private final String label;

  NoiseGenerator(String label) {
    this.label = label;
  }

  /** The name in options and documents. */
  public String label() {
    return label;
  }

  /**
   * The noise of one generation.
   *
   * @param images how many images it has, at least 1
   */
  public abstract NoiseSource source(long seed, int images);

  /**
   * The generator of this name.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static NoiseGenerator parse(String label) {
    return Arrays.stream(values())
        .filter(generator -> generator.label.equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "noise generator: expected one of %s, found \"%s\""
                        .formatted(
                            Arrays.stream(values())
                                .map(NoiseGenerator::label)
                                .collect(Collectors.joining(", ")),
                            label)));
  }
}
