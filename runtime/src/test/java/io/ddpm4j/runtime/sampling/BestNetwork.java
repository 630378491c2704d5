package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.EdmGrid;
import io.ddpm4j.runtime.schedule.NoisePath;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.Sigmas;
import java.util.function.DoubleUnaryOperator;

/**
 * The network that has learned N(0, s²) perfectly: what it answers is a factor times its input.
 *
 * @param s the standard deviation of the data
 */
record BestNetwork(double s) {

  /** Made for the class that the configuration names. */
  static EpsilonModel of(SchedulerConfig config, NoiseSchedule schedule, double s) {
    DoubleUnaryOperator factor = new BestNetwork(s).factor(config, schedule);
    return (x, images, t, output) -> {
      double f = factor.applyAsDouble(t);
      for (int i = 0; i < x.capacity(); i++) {
        output.put(i, (float) (f * x.get(i)));
      }
    };
  }

  private DoubleUnaryOperator factor(SchedulerConfig config, NoiseSchedule schedule) {
    String name = config.className();
    if (name.startsWith("FlowMatch")) {
      return t -> velocity(1 - t / 1000, t / 1000);
    }
    if (name.startsWith("IPNDM")) {
      return t -> ddimVelocity(Math.cos(t * Math.PI / 2), Math.sin(t * Math.PI / 2));
    }
    if (name.startsWith("ScoreSde")) {
      return sigma -> -1 / (s * s + sigma * sigma);
    }
    if (name.startsWith("EDM")) {
      NoisePath.Edm edm = EdmGrid.of(config).path();
      PredictionType type = config.predictionType();
      return t -> {
        double sigma = Math.exp(4 * t);
        double x0 = s * s / (s * s + sigma * sigma);
        return (x0 - edm.x0FromX(type, sigma))
            / edm.x0FromOutput(type, sigma)
            / edm.inputScale(sigma);
      };
    }
    if (name.startsWith("CM")) {
      return t -> {
        double sigma = Math.exp(t / 250);
        double above = sigma - 0.002;
        double x0 = Math.sqrt((s * s + 4e-6) / (s * s + sigma * sigma));
        double scale = Math.sqrt(sigma * sigma + 0.25);
        return (x0 - 0.25 / (above * above + 0.25)) / (above * 0.5 / scale) * scale;
      };
    }
    double[] table = Sigmas.ofSchedule(schedule);
    boolean continuous = config.string("timestep_type").orElse("").equals("continuous");
    return t -> {
      double sigma = continuous ? Math.exp(4 * t) : interpolate(t, table);
      double alpha = 1 / Math.sqrt(sigma * sigma + 1);
      double noise = sigma * alpha;
      double variance = alpha * alpha * s * s + noise * noise;
      return switch (config.predictionType()) {
        case EPSILON -> noise / variance;
        case SAMPLE -> alpha * s * s / variance;
        default -> ddimVelocity(alpha, noise);
      };
    };
  }

  /** E[ε - x_0 | x] / x for x = a·x_0 + b·ε. */
  private double velocity(double a, double b) {
    return (b - a * s * s) / (a * a * s * s + b * b);
  }

  /** E[a·ε - b·x_0 | x] / x for x = a·x_0 + b·ε. */
  private double ddimVelocity(double a, double b) {
    return (a * b - b * a * s * s) / (a * a * s * s + b * b);
  }

  /** σ at a fractional timestep, linear in log σ: the inverse of {@link Sigmas#timestep}. */
  private static double interpolate(double t, double[] table) {
    double[] logs = table.clone();
    for (int i = 0; i < logs.length; i++) {
      logs[i] = Math.log(logs[i]);
    }
    return Math.exp(Sigmas.interpolate(new double[] {t}, logs)[0]);
  }
}
