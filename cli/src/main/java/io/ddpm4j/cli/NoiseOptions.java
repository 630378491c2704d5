package io.ddpm4j.cli;

import io.ddpm4j.runtime.random.NoiseGenerator;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Option;

/** Where the noise comes from, for the commands that draw some. */
final class NoiseOptions {
  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the noise (default: a random one, which is printed).")
  private Long seed; // null: not said

  private final long chosen = ThreadLocalRandom.current().nextInt(1_000_000_000);

  @Option(
      names = "--rng",
      paramLabel = "NAME",
      converter = Names.Generator.class,
      defaultValue = "philox",
      description =
          "Generator of the noise: philox, or torch for what torch.manual_seed(SEED) gives on the"
              + " processor (default: ${DEFAULT-VALUE}).")
  private NoiseGenerator generator;

  /** Whether the user said which seed. */
  boolean saysSeed() {
    return seed != null;
  }

  /** The seed: one is chosen where the user did not. */
  long seed() {
    return seed == null ? chosen : seed;
  }

  /** What makes numbers of the seed. */
  NoiseGenerator generator() {
    return generator;
  }
}
