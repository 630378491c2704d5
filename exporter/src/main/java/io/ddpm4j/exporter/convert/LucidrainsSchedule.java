package io.ddpm4j.exporter.convert;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The noise schedules that {@code GaussianDiffusion} of denoising-diffusion-pytorch has names for.
 */
enum LucidrainsSchedule {
  /** β from 0.1/T to 20/T (Ho et al. 2020, section 4, for any number of steps). */
  LINEAR {
    @Override
    double[] betas(int timesteps) {
      double scale = 1000.0 / timesteps;
      double[] betas = new double[timesteps];
      for (int t = 0; t < timesteps; t++) {
        double share = timesteps == 1 ? 0 : (double) t / (timesteps - 1);
        betas[t] = scale * (1e-4 + share * (0.02 - 1e-4));
      }
      return betas;
    }
  },

  /** ᾱ a squared cosine (Nichol and Dhariwal 2021, eq. 17). */
  COSINE {
    @Override
    double[] betas(int timesteps) {
      double s = 0.008;
      return fromProducts(
          timesteps, share -> Math.pow(Math.cos((share + s) / (1 + s) * Math.PI / 2), 2));
    }
  },

  /** ᾱ a sigmoid from -3 to 3 (Jabri et al. 2022, figure 8). */
  SIGMOID {
    @Override
    double[] betas(int timesteps) {
      double low = sigmoid(-3);
      double high = sigmoid(3);
      return fromProducts(timesteps, share -> (high - sigmoid(6 * share - 3)) / (high - low));
    }
  };

  private static final double LARGEST = 0.999;

  /** β_t for t from 0. */
  abstract double[] betas(int timesteps);

  /** The schedule of that name. */
  static LucidrainsSchedule of(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }

  /** All names. */
  static List<String> names() {
    return Arrays.stream(values()).map(s -> s.name().toLowerCase(Locale.ROOT)).toList();
  }

  /** ᾱ as a function of t/T. */
  private interface Product {
    double at(double share);
  }

  private static double[] fromProducts(int timesteps, Product product) {
    double[] betas = new double[timesteps];
    for (int t = 0; t < timesteps; t++) {
      double before = product.at((double) t / timesteps);
      double after = product.at((t + 1.0) / timesteps);
      betas[t] = Math.min(LARGEST, Math.max(0, 1 - after / before));
    }
    return betas;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
