package io.ddpm4j.trainer.objective;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.VarianceType;

/**
 * The terms L_t of the variational bound (Ho et al. 2020, eq. 5) in bits per dimension: for t &gt;
 * 0 the divergence of p(x_{t-1} | x_t) from the posterior, for t = 0 the discretised Gaussian's
 * likelihood of the pixels. Means of two Gaussians enter by their difference alone, which is a
 * number times the error of the prediction, so nothing is lost where they are near each other.
 *
 * @param schedule of at least two timesteps: log β̃_0 is that of t = 1
 */
record VariationalBound(NoiseSchedule schedule, PredictionType predictionType) {
  private static final double PIXEL = 1 / 255.0; // half the distance of two grey levels in [-1, 1]
  private static final double EDGE = 0.999; // beyond it lie black and white only
  private static final double LEAST = 1e-12; // of a probability, as in the reference
  private static final double BEYOND = 40; // from here on a probability is below the least

  /** One logarithm for all pixels of an image, by timestep; log β̃_1 is that of t = 0 too. */
  double fixedLogVariance(VarianceType type, int t) {
    return switch (type) {
      case FIXED_SMALL, FIXED_SMALL_LOG -> schedule.posteriorLogVarianceClipped(t);
      case FIXED_LARGE, FIXED_LARGE_LOG ->
          t == 0 ? schedule.posteriorLogVarianceClipped(0) : Math.log(schedule.beta(t));
      case LEARNED, LEARNED_RANGE ->
          throw new IllegalArgumentException(type.label() + ": the network gives this variance");
    };
  }

  /**
   * The logarithm of a variance between β̃ and β (Nichol and Dhariwal 2021, eq. 15).
   *
   * @param v (N, C, H, W), -1 for β̃ and 1 for β
   */
  Value learnedLogVariance(Tables tables, Value v) {
    Ops o = tables.o();
    Value least = tables.forPixels(schedule::posteriorLogVarianceClipped);
    Value half =
        tables.forPixels(
            t ->
                (Math.log(schedule.beta(t)) - schedule.posteriorLogVarianceClipped(t))
                    / 2); // of the way from β̃ to β
    return o.add(least, o.mul(o.add(v, 1), half));
  }

  /**
   * L_t of each image where the variance is the same for all pixels of it: (N).
   *
   * @param error prediction less target, (N, C, H, W)
   */
  Value fixed(Tables tables, Value x0, Value error, VarianceType type) {
    Ops o = tables.o();
    Value weight =
        tables.numbers(
            t -> {
              double mean = meanPerError(t);
              return mean * mean / (2 * Math.exp(fixedLogVariance(type, t)));
            });
    Value offset =
        tables.numbers(
            t -> {
              double log = schedule.posteriorLogVarianceClipped(t) - fixedLogVariance(type, t);
              return (Math.exp(log) - 1 - log) / 2;
            });
    Value squares = Means.ofImages(o, o.mul(error, error));
    Value divergence = o.add(o.mul(squares, weight), offset);
    Value scale = o.scalar(Math.exp(-fixedLogVariance(type, 0) / 2));
    return choose(tables, likelihood(o, x0, error, scale), divergence);
  }

  /**
   * L_t of each image: (N).
   *
   * @param error prediction less target, (N, C, H, W)
   * @param logVariance of p(x_{t-1} | x_t), (N, C, H, W)
   */
  Value given(Tables tables, Value x0, Value error, Value logVariance) {
    Ops o = tables.o();
    Value log = o.sub(tables.forPixels(schedule::posteriorLogVarianceClipped), logVariance);
    Value mean = o.mul(error, tables.forPixels(this::meanPerError));
    Value apart = o.mul(o.mul(mean, mean), o.exp(o.neg(logVariance)));
    Value spread = o.add(o.sub(o.exp(log), log), -1);
    Value divergence = o.mul(Means.ofImages(o, o.add(spread, apart)), 0.5);
    Value scale = o.exp(o.mul(logVariance, -0.5));
    return choose(tables, likelihood(o, x0, error, scale), divergence);
  }

  /** What an error of the prediction moves the mean of p(x_{t-1} | x_t) by. */
  private double meanPerError(int t) {
    return schedule.posteriorMeanX0(t, t - 1) * x0PerError(t);
  }

  /** What an error of the prediction takes off x̂_0. */
  private double x0PerError(int t) {
    return switch (predictionType) {
      case EPSILON -> schedule.sqrtOneMinusAlphaCumprod(t) / schedule.sqrtAlphaCumprod(t);
      case SAMPLE -> -1;
      case V_PREDICTION -> schedule.sqrtOneMinusAlphaCumprod(t);
      case FLOW_PREDICTION ->
          throw new IllegalArgumentException(
              "prediction_type: expected epsilon, sample or v_prediction, found flow_prediction");
    };
  }

  private static Value choose(Tables tables, Value likelihood, Value divergence) {
    Ops o = tables.o();
    Value nats = o.where(o.equal(tables.timestep(), o.longs(0)), likelihood, divergence);
    return o.mul(nats, 1 / Math.log(2));
  }

  /**
   * -log p(x_0 | x_1) of each image in nats, mean over its pixels, if its timestep is 0: (N). The
   * integral of the Gaussian over the pixel's grey level, over everything below for black, over
   * everything above for white (Ho et al. 2020, eq. 13).
   *
   * @param scale 1/σ at timestep 0
   */
  private Value likelihood(Ops o, Value x0, Value error, Value scale) {
    Value off = o.mul(error, x0PerError(0)); // x_0 less the mean, which is x̂_0 at t = 0
    Value black = o.less(x0, o.scalar(-EDGE));
    Value white = o.greater(x0, o.scalar(EDGE));
    // Mirrored so that tails are small numbers, whose difference is exact.
    Value side = o.where(black, off, o.where(white, o.neg(off), o.neg(o.abs(off))));
    Value below = cumulative(o, o.mul(o.add(side, PIXEL), scale));
    Value under = cumulative(o, o.mul(o.add(side, -PIXEL), scale));
    Value edge = o.add(o.cast(black, DataType.FLOAT), o.cast(white, DataType.FLOAT));
    Value probability = o.sub(below, o.mul(o.sub(1, edge), under));
    return o.neg(Means.ofImages(o, o.log(o.max(probability, o.scalar(LEAST)))));
  }

  /** Φ(z) as OpenAI's code has it: ½(1 + tanh(√(2/π)(z + 0.044715 z³))), a sigmoid. */
  private static Value cumulative(Ops o, Value z) {
    Value cube = o.mul(o.mul(z, z), z);
    Value y = o.mul(o.add(z, o.mul(cube, 0.044715)), -2 * Math.sqrt(2 / Math.PI));
    return o.reciprocal(o.add(o.exp(o.clip(y, -BEYOND, BEYOND)), 1));
  }
}
