package io.ddpm4j.exporter.loop;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Follows a table in double, image by image, over a {@link TinyNetwork}: the reference. */
final class PlainLoop {
  private final SamplerTable table;
  private final Guide guide;

  /**
   * @param label of the image, 0 without classes
   * @param scale of guidance, 1 for none
   * @param none the label that is led away from
   */
  record Guide(double label, double scale, double none) {}

  PlainLoop(SamplerTable table, Guide guide) {
    this.table = table;
    this.guide = guide;
  }

  /**
   * @param noise of the image
   * @param stepNoise of each step
   */
  double[] run(double[] noise, double[][] stepNoise) {
    int n = noise.length;
    double[] x = Arrays.stream(noise).map(v -> v * table.initialScale()).toArray();
    List<double[]> kept = new ArrayList<>();
    for (int k = 0; k < table.steps().size(); k++) {
      SamplerStep step = table.steps().get(k);
      double[] output = new double[n];
      double[] deviation = new double[n];
      for (int i = 0; i < n; i++) {
        double seen = x[i] * step.inputScale();
        double away = TinyNetwork.prediction(seen, step.timestep(), guide.none());
        double towards = TinyNetwork.prediction(seen, step.timestep(), guide.label());
        output[i] = away + guide.scale() * (towards - away);
        deviation[i] = deviation(step, TinyNetwork.variance(seen));
      }
      double[] x0 = new double[n];
      double[] keeps = new double[n];
      for (int i = 0; i < n; i++) {
        if (table.noise() == NoiseUse.BEFORE) {
          x[i] += step.noise().scale() * stepNoise[k][i];
        }
        x0[i] = step.x0().x() * x[i] + step.x0().output() * output[i];
      }
      bound(x0);
      for (int i = 0; i < n; i++) {
        keeps[i] = sum(step.kept(), x[i], x0[i], output[i]);
      }
      kept.add(0, keeps);
      for (int i = 0; i < n; i++) {
        double next = sum(step.next(), x[i], x0[i], output[i]);
        for (int back = 0; back < step.history().size(); back++) {
          next += step.history().get(back) * kept.get(back)[i];
        }
        boolean after = table.noise() != NoiseUse.NONE && table.noise() != NoiseUse.BEFORE;
        x[i] = after ? next + deviation[i] * stepNoise[k][i] : next;
      }
    }
    return x;
  }

  private static double sum(StepMix mix, double x, double x0, double output) {
    return mix.x() * x + mix.predictedX0() * x0 + mix.output() * output;
  }

  private double deviation(SamplerStep step, double v) {
    double scale = step.noise().scale();
    return switch (table.noise()) {
      case LEARNED -> scale * Math.sqrt(Math.max(v, 1e-20));
      case LEARNED_RANGE -> scale * Math.exp((v + 1) / 2 * step.noise().logRange());
      default -> scale;
    };
  }

  private void bound(double[] x0) {
    if (table.bound() instanceof X0Bound.Range range) {
      for (int i = 0; i < x0.length; i++) {
        x0[i] = Math.max(-range.bound(), Math.min(range.bound(), x0[i]));
      }
    } else if (table.bound() instanceof X0Bound.Threshold threshold) {
      double[] sorted = Arrays.stream(x0).map(Math::abs).sorted().toArray();
      double place = threshold.ratio() * (sorted.length - 1);
      int below = (int) Math.floor(place);
      double above = sorted[Math.min(below + 1, sorted.length - 1)];
      double quantile = sorted[below] + (place - below) * (above - sorted[below]);
      double s = Math.min(Math.max(1, quantile), threshold.maximum());
      for (int i = 0; i < x0.length; i++) {
        x0[i] = Math.max(-s, Math.min(s, x0[i])) / s;
      }
    }
  }
}
