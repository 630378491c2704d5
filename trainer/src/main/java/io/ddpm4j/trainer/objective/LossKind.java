package io.ddpm4j.trainer.objective;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The loss of an image. */
public enum LossKind {
  /** L_simple: the mean squared error of the prediction (Ho et al. 2020, eq. 14). */
  SIMPLE("simple"),
  /** L_vlb: the variational bound, in bits per dimension (Ho et al. 2020, eq. 5). */
  VLB("vlb"),
  /** L_hybrid: L_simple and a thousandth of L_vlb (Nichol and Dhariwal 2021, eq. 16). */
  HYBRID("hybrid");

  private final String label;

  LossKind(String label) {
    this.label = label;
  }

  /** The name in a configuration. */
  public String label() {
    return label;
  }

  /**
   * The loss of this name.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static LossKind parse(String label) {
    return Arrays.stream(values())
        .filter(kind -> kind.label.equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "--loss: expected one of "
                        + Arrays.stream(values())
                            .map(LossKind::label)
                            .collect(Collectors.joining(", "))
                        + ", found "
                        + label));
  }
}
