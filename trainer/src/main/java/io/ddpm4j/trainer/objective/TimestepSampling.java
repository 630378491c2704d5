package io.ddpm4j.trainer.objective;

import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** How often each timestep is drawn in training. */
public enum TimestepSampling {
  /** As often as any other (Ho et al. 2020, algorithm 1). */
  UNIFORM("uniform", UniformTimesteps::new),
  /** By the second moment of its loss (Nichol and Dhariwal 2021, §3.3). */
  LOSS_SECOND_MOMENT("loss-second-moment", LossSecondMoment::new);

  private final String label;
  private final IntFunction<TimestepSampler> sampler;

  TimestepSampling(String label, IntFunction<TimestepSampler> sampler) {
    this.label = label;
    this.sampler = sampler;
  }

  /** The name in a configuration. */
  public String label() {
    return label;
  }

  /** One that has seen no losses yet. */
  public TimestepSampler sampler(int trainTimesteps) {
    return sampler.apply(trainTimesteps);
  }

  /**
   * The one of this name.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static TimestepSampling parse(String label) {
    return Arrays.stream(values())
        .filter(each -> each.label.equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--timestep-sampling: expected one of "
                        + Arrays.stream(values())
                            .map(TimestepSampling::label)
                            .collect(Collectors.joining(", "))
                        + ", found "
                        + label));
  }
}
