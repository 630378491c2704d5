package io.ddpm4j.trainer.optim;

import java.util.Arrays;
import java.util.stream.Collectors;

/** How the learning rate goes on after its warm-up, under the names of diffusers' schedulers. */
public enum Decay {
  /** It stays. */
  CONSTANT("constant"),
  /** It falls by as much in every step. */
  LINEAR("linear"),
  /** It falls like half a cosine: slowly at first and at last (Loshchilov and Hutter 2017). */
  COSINE("cosine");

  private final String label;

  Decay(String label) {
    this.label = label;
  }

  /** The name in a configuration. */
  public String label() {
    return label;
  }

  /**
   * The share of the peak, from 1 down to 0 except for {@link #CONSTANT}.
   *
   * @param progress from 0, the end of the warm-up, to 1
   */
  double share(double progress) {
    return switch (this) {
      case CONSTANT -> 1;
      case LINEAR -> 1 - progress;
      case COSINE -> (1 + Math.cos(Math.PI * progress)) / 2;
    };
  }

  /**
   * The decay of this name.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static Decay parse(String label) {
    return Arrays.stream(values())
        .filter(decay -> decay.label.equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--lr-schedule: expected one of "
                        + Arrays.stream(values())
                            .map(Decay::label)
                            .collect(Collectors.joining(", "))
                        + ", found "
                        + label));
  }
}
