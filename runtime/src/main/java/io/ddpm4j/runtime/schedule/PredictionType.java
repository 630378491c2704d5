package io.ddpm4j.runtime.schedule;

/** What the network's output means, under diffusers' names. */
public enum PredictionType {
  /** The noise ε in x_t = √ᾱ x_0 + √(1-ᾱ) ε. */
  EPSILON("epsilon"),
  /** x_0 itself. */
  SAMPLE("sample"),
  /** v = √ᾱ ε - √(1-ᾱ) x_0 (Salimans and Ho 2022, appendix D). */
  V_PREDICTION("v_prediction"),
  /** The velocity ε - x_0 of a straight path x = (1-σ) x_0 + σ ε (Lipman et al. 2023). */
  FLOW_PREDICTION("flow_prediction");

  private final String label;

  PredictionType(String label) {
    this.label = label;
  }

  /** The name in a scheduler configuration. */
  public String label() {
    return label;
  }

  /**
   * The type of this name.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static PredictionType parse(String label) {
    return Labels.parse("prediction_type", label, values(), PredictionType::label);
  }
}
