package io.ddpm4j.runtime.schedule;

import java.util.function.DoubleUnaryOperator;

/** How the betas grow from t = 0 to t = T-1, under diffusers' names. */
public enum BetaSchedule {
  /** β from {@code betaStart} to {@code betaEnd} in equal steps (Ho et al. 2020, §4). */
  LINEAR("linear"),
  /** √β in equal steps: the schedule of latent diffusion (Rombach et al. 2022). */
  SCALED_LINEAR("scaled_linear"),
  /** ᾱ follows a squared cosine, β at most 0.999 (Nichol and Dhariwal 2021, eq. 17). */
  SQUAREDCOS_CAP_V2("squaredcos_cap_v2"),
  /** β follows a logistic curve between {@code betaStart} and {@code betaEnd}, as in GeoDiff. */
  SIGMOID("sigmoid"),
  /** The log-SNR is spread as a Laplace distribution (Hang et al. 2024). */
  LAPLACE("laplace"),
  /** ᾱ falls as exp(-12 t/T). */
  EXP("exp");

  private static final double MAX_BETA = 0.999;

  private final String label;

  BetaSchedule(String label) {
    this.label = label;
  }

  /** The name in a scheduler configuration. */
  public String label() {
    return label;
  }

  /**
   * The schedule of this name.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static BetaSchedule parse(String label) {
    return Labels.parse("beta_schedule", label, values(), BetaSchedule::label);
  }

  /** The T betas; {@code start} and {@code end} count for the linear ones and the sigmoid. */
  double[] betas(int trainTimesteps, double start, double end) {
    return switch (this) {
      case LINEAR -> map(Sigmas.linspace(start, end, trainTimesteps), b -> b);
      case SCALED_LINEAR ->
          map(Sigmas.linspace(Math.sqrt(start), Math.sqrt(end), trainTimesteps), s -> s * s);
      case SIGMOID ->
          map(
              Sigmas.linspace(-6, 6, trainTimesteps),
              s -> (end - start) / (1 + Math.exp(-s)) + start);
      case SQUAREDCOS_CAP_V2 -> fromAlphaBar(trainTimesteps, BetaSchedule::cosineAlphaBar);
      case LAPLACE -> fromAlphaBar(trainTimesteps, BetaSchedule::laplaceAlphaBar);
      case EXP -> fromAlphaBar(trainTimesteps, u -> Math.exp(-12 * u));
    };
  }

  private static double cosineAlphaBar(double u) {
    double c = Math.cos((u + 0.008) / 1.008 * Math.PI / 2);
    return c * c;
  }

  private static double laplaceAlphaBar(double u) {
    double lambda = -0.5 * Math.copySign(1, 0.5 - u) * Math.log(1 - 2 * Math.abs(0.5 - u) + 1e-6);
    double snr = Math.exp(lambda);
    return Math.sqrt(snr / (1 + snr));
  }

  /** β_t = 1 - ᾱ((t+1)/T) / ᾱ(t/T), capped (Nichol and Dhariwal 2021, §3.2). */
  private static double[] fromAlphaBar(int trainTimesteps, DoubleUnaryOperator alphaBar) {
    double[] betas = new double[trainTimesteps];
    for (int t = 0; t < trainTimesteps; t++) {
      double from = alphaBar.applyAsDouble((double) t / trainTimesteps);
      double to = alphaBar.applyAsDouble((t + 1.0) / trainTimesteps);
      betas[t] = Math.min(1 - to / from, MAX_BETA);
    }
    return betas;
  }

  private static double[] map(double[] values, DoubleUnaryOperator f) {
    for (int i = 0; i < values.length; i++) {
      values[i] = f.applyAsDouble(values[i]);
    }
    return values;
  }
}
