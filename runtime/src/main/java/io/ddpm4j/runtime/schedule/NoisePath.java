package io.ddpm4j.runtime.schedule;

/**
 * How x at noise level s mixes image and noise, x = α(s)·x_0 + σ(s)·ε, and the half log-SNR λ = log
 * α - log σ in which the solvers step (Lu et al. 2022, DPM-Solver, §2): the one place for these
 * conversions, and for the weights that turn the network's output into x_0 or ε. All are functions
 * of s alone.
 */
public sealed interface NoisePath {
  /** x_t = (x_0 + s·ε) / √(s²+1) of a schedule of betas, s = √((1-ᾱ)/ᾱ). */
  NoisePath VARIANCE_PRESERVING = new VariancePreserving();

  /** The straight line x = (1-s)·x_0 + s·ε (Lipman et al. 2023). */
  NoisePath FLOW = new Flow();

  /** The weight of x_0. */
  double alpha(double level);

  /** The weight of ε, the standard deviation of the noise in x. */
  double sigma(double level);

  /** log α - log σ, infinite at level 0. */
  default double lambda(double level) {
    return Math.log(alpha(level)) - Math.log(sigma(level));
  }

  /** What x is multiplied by before the model sees it. */
  default double inputScale(double level) {
    return 1;
  }

  /** Refuses a meaning of the network's output that has none on this path. */
  default void check(PredictionType type) {
    if (type == PredictionType.FLOW_PREDICTION) {
      throw new IllegalArgumentException(
          "prediction_type: expected epsilon, sample or v_prediction without use_flow_sigmas,"
              + " found flow_prediction");
    }
  }

  /** The weight of x in x_0. */
  default double x0FromX(PredictionType type, double level) {
    return switch (type) {
      case EPSILON -> 1 / alpha(level);
      case SAMPLE -> 0;
      case V_PREDICTION -> alpha(level);
      case FLOW_PREDICTION -> 1;
    };
  }

  /** The weight of the network's output in x_0. */
  default double x0FromOutput(PredictionType type, double level) {
    return switch (type) {
      case EPSILON -> -sigma(level) / alpha(level);
      case SAMPLE -> 1;
      case V_PREDICTION, FLOW_PREDICTION -> -sigma(level);
    };
  }

  /** The weight of x in ε. */
  default double epsilonFromX(PredictionType type, double level) {
    return switch (type) {
      case EPSILON -> 0;
      case SAMPLE -> 1 / sigma(level);
      case V_PREDICTION -> sigma(level);
      case FLOW_PREDICTION -> 1;
    };
  }

  /** The weight of the network's output in ε. */
  default double epsilonFromOutput(PredictionType type, double level) {
    return switch (type) {
      case EPSILON -> 1;
      case SAMPLE -> -alpha(level) / sigma(level);
      case V_PREDICTION, FLOW_PREDICTION -> alpha(level);
    };
  }

  /** See {@link #VARIANCE_PRESERVING}. */
  record VariancePreserving() implements NoisePath {
    @Override
    public double alpha(double level) {
      return 1 / Math.sqrt(level * level + 1);
    }

    @Override
    public double sigma(double level) {
      return level * alpha(level);
    }
  }

  /** See {@link #FLOW}. */
  record Flow() implements NoisePath {
    @Override
    public double alpha(double level) {
      return 1 - level;
    }

    @Override
    public double sigma(double level) {
      return level;
    }

    @Override
    public void check(PredictionType type) {
      // v = ε - x_0, and the others, are all defined on the straight line.
    }
  }

  /**
   * x = x_0 + s·ε, preconditioned as in Karras et al. 2022, table 1.
   *
   * @param sigmaData the standard deviation of the images, above 0
   */
  record Edm(double sigmaData) implements NoisePath {
    /** Refuses a deviation that is none. */
    public Edm {
      if (!(sigmaData > 0 && sigmaData < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "sigma_data: expected a number above 0, found " + sigmaData);
      }
    }

    @Override
    public double alpha(double level) {
      return 1;
    }

    @Override
    public double sigma(double level) {
      return level;
    }

    @Override
    public double inputScale(double level) {
      return 1 / Math.sqrt(level * level + sigmaData * sigmaData); // c_in
    }

    @Override
    public void check(PredictionType type) {
      if (type != PredictionType.EPSILON && type != PredictionType.V_PREDICTION) {
        throw new IllegalArgumentException(
            "prediction_type: expected epsilon or v_prediction, found " + type.label());
      }
    }

    @Override
    public double x0FromX(PredictionType type, double level) {
      return sigmaData * sigmaData / (level * level + sigmaData * sigmaData); // c_skip
    }

    @Override
    public double x0FromOutput(PredictionType type, double level) {
      double out = level * sigmaData * inputScale(level); // c_out
      return type == PredictionType.V_PREDICTION ? -out : out;
    }

    @Override
    public double epsilonFromX(PredictionType type, double level) {
      return (1 - x0FromX(type, level)) / level;
    }

    @Override
    public double epsilonFromOutput(PredictionType type, double level) {
      return -x0FromOutput(type, level) / level;
    }
  }
}
