package io.ddpm4j.runtime.likelihood;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SpacedSchedule;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Data whose best network is known in closed form: a Gaussian with a variance of its own for each
 * number, for which ε(x, t) = √(1-ᾱ) x/(ᾱ s² + 1 - ᾱ), and a mixture of two Gaussians, for which it
 * is not linear. Their densities are known too.
 */
class ClosedFormTest {
  private static final NoiseSchedule SCHEDULE = NoiseSchedule.linear();
  private static final int ELEMENTS = 256;
  private static final int IMAGES = 16;
  private static final double LOG_2 = Math.log(2);

  /** The standard deviation of a number: from 0.3 to 0.9. */
  private static double deviation(int element) {
    return 0.3 + 0.6 * (element % 7) / 6;
  }

  private static float[] gaussians() {
    return gaussians(11);
  }

  private static float[] gaussians(long seed) {
    float[] x0 = new float[IMAGES * ELEMENTS];
    new ImageNoise(seed).fill(x0, 0, IMAGES, ELEMENTS, 0);
    for (int i = 0; i < x0.length; i++) {
      x0[i] *= (float) deviation(i % ELEMENTS);
    }
    return x0;
  }

  /** ᾱ at a timestep, whole or not: between two of them log of the signal-to-noise is linear. */
  private static double alphaCumprod(double t) {
    int below = (int) Math.floor(t);
    double share = t - below;
    double log = Math.log(SCHEDULE.snr(below));
    double logSnr = share == 0 ? log : log + share * (Math.log(SCHEDULE.snr(below + 1)) - log);
    return 1 / (1 + Math.exp(-logSnr));
  }

  /** The best network for the Gaussians. */
  private static EpsilonModel gaussianNetwork(PredictionType type) {
    return (x, images, t, output) -> {
      double signal = alphaCumprod(t);
      double a = Math.sqrt(signal);
      double b = Math.sqrt(1 - signal);
      for (int i = 0; i < images * ELEMENTS; i++) {
        double s = deviation(i % ELEMENTS);
        double variance = signal * s * s + 1 - signal;
        double epsilon = b * x.get(i) / variance;
        double x0 = a * s * s * x.get(i) / variance;
        output.put(
            i,
            (float)
                switch (type) {
                  case EPSILON -> epsilon;
                  case SAMPLE -> x0;
                  default -> a * epsilon - b * x0;
                });
      }
    };
  }

  private static double[] means(BoundTerms terms) {
    double[] means = new double[terms.steps()];
    for (int index = 0; index < means.length; index++) {
      for (int image = 0; image < terms.images(); image++) {
        means[index] += terms.term(image, index) / terms.images();
      }
    }
    return means;
  }

  private static BoundTerms bound(SpacedSchedule spaced, PredictionType type, Decoder decoder) {
    VariationalBound bound =
        new VariationalBound(
            spaced,
            new VariationalBound.Settings(
                MeanType.of(type), BoundVariance.FIXED_SMALL, Double.POSITIVE_INFINITY, decoder));
    return bound.evaluate(
        BatchNetwork.of(gaussianNetwork(type), IMAGES, ELEMENTS, false),
        NoiseSource.ofSeed(3),
        ImageRun.of(gaussians(), IMAGES, 0));
  }

  /** L_{t-1} = ½ w² Var(x_0 | x_t)/β̃, w the weight of x_0 in μ̃, in expectation. */
  private static double expectedTerm(NoiseSchedule schedule, int t) {
    double sum = 0;
    for (int e = 0; e < ELEMENTS; e++) {
      double s = deviation(e);
      double signal = schedule.alphaCumprod(t);
      double posterior = s * s * (1 - signal) / (signal * s * s + 1 - signal);
      double weight = schedule.posteriorMeanX0(t, t - 1);
      sum += 0.5 * weight * weight * posterior / schedule.posteriorVariance(t);
    }
    return sum / ELEMENTS / LOG_2;
  }

  @ParameterizedTest
  @EnumSource(
      value = PredictionType.class,
      names = {"EPSILON", "SAMPLE", "V_PREDICTION"})
  void everyTermIsThatOfTheBestNetwork(PredictionType type) {
    SpacedSchedule spaced = SpacedSchedule.of(SCHEDULE, new TimestepGrid.Respaced("50"));
    double[] found = means(bound(spaced, type, Decoder.continuous()));
    double off = Math.sqrt(2.0 / (IMAGES * ELEMENTS)); // relative, of a mean of squares
    for (int t = 1; t < spaced.steps(); t++) {
      double expected = expectedTerm(spaced.schedule(), t);
      assertEquals(expected, found[t], 5 * off * expected, "t = " + t);
    }
    double decoded = 0; // -log N(x_0; x̂_0, β̃_1): as if the network's own error were its variance
    double log = spaced.schedule().posteriorLogVarianceClipped(0);
    for (int e = 0; e < ELEMENTS; e++) {
      double s = deviation(e);
      double signal = spaced.schedule().alphaCumprod(0);
      double posterior = s * s * (1 - signal) / (signal * s * s + 1 - signal);
      decoded += 0.5 * (Math.log(2 * Math.PI) + log + posterior * Math.exp(-log));
    }
    assertEquals(decoded / ELEMENTS / LOG_2, found[0], 0.1, "L_0"); // 5 standard errors
  }

  /**
   * Where p(x_{t-1} | x_t) is a Gaussian and the network knows its variance too, the bound is the
   * density itself, in expectation over the noise and but for what is left of x_0 in x_T: with as
   * few timesteps as one likes.
   */
  @Test
  void withTheRightVarianceTheBoundIsTheDensity() {
    SpacedSchedule spaced = SpacedSchedule.of(SCHEDULE, new TimestepGrid.Respaced("8"));
    NoiseSchedule few = spaced.schedule();
    EpsilonModel means = gaussianNetwork(PredictionType.EPSILON);
    EpsilonModel model =
        (x, images, t, output) -> {
          FloatBuffer means8 = FloatBuffer.allocate(images * ELEMENTS);
          means.predict(x, images, t, means8);
          int index = Arrays.binarySearch(spaced.timesteps(), (int) t);
          double weight = few.posteriorMeanX0(index, index - 1);
          double signal = few.alphaCumprod(index);
          for (int i = 0; i < images * ELEMENTS; i++) {
            double s = deviation(i % ELEMENTS);
            double ofX0 = s * s * (1 - signal) / (signal * s * s + 1 - signal);
            double variance = few.posteriorVariance(index) + weight * weight * ofX0;
            int at = i / ELEMENTS * 2 * ELEMENTS + i % ELEMENTS;
            output.put(at, means8.get(i));
            output.put(at + ELEMENTS, (float) Math.log(variance));
          }
        };
    VariationalBound bound =
        new VariationalBound(
            spaced,
            new VariationalBound.Settings(
                MeanType.EPSILON,
                BoundVariance.LEARNED_LOG,
                Double.POSITIVE_INFINITY,
                Decoder.continuous()));
    BatchNetwork network = BatchNetwork.of(model, IMAGES, ELEMENTS, true);
    SampleStatistics gaps = new SampleStatistics(1);
    for (int seed = 0; seed < 8; seed++) {
      float[] x0 = gaussians(100 + seed);
      double[] exact = exactBits(x0);
      BoundTerms terms =
          bound.evaluate(network, NoiseSource.ofSeed(seed), ImageRun.of(x0, IMAGES, 0));
      for (int image = 0; image < IMAGES; image++) {
        gaps.add(terms.total(image) - exact[image]);
      }
    }
    assertTrue(gaps.standardError(0) < 2e-2, gaps.toString());
    assertEquals(0, gaps.mean(0), 4 * gaps.standardError(0) + 1e-4, "" + gaps.standardError(0));
  }

  /** The variance itself, as diffusers' learned one is, is the same Gaussian as its logarithm. */
  @Test
  void aVarianceAndItsLogarithmAreTheSame() {
    SpacedSchedule spaced = SpacedSchedule.of(SCHEDULE, new TimestepGrid.Respaced("8"));
    BoundTerms logarithms = learned(spaced, BoundVariance.LEARNED_LOG, log -> log);
    BoundTerms variances = learned(spaced, BoundVariance.LEARNED, Math::exp);
    for (int image = 0; image < IMAGES; image++) {
      for (int index = 0; index < spaced.steps(); index++) {
        double expected = logarithms.term(image, index);
        assertEquals(expected, variances.term(image, index), 1e-5 * Math.abs(expected) + 1e-6);
      }
    }
    // A variance that is none counts as 1e-20, as in sampling.
    double least = learned(spaced, BoundVariance.LEARNED_LOG, log -> Math.log(1e-20)).total(0);
    double found = learned(spaced, BoundVariance.LEARNED, log -> -1).total(0);
    assertEquals(least, found, 1e-5 * least);
  }

  /**
   * The bound of the Gaussians' network with a variance that differs from number to number.
   *
   * @param told what the network says of the variance whose logarithm is given
   */
  private static BoundTerms learned(
      SpacedSchedule spaced, BoundVariance variance, DoubleUnaryOperator told) {
    EpsilonModel means = gaussianNetwork(PredictionType.EPSILON);
    EpsilonModel model =
        (x, images, t, output) -> {
          FloatBuffer epsilon = FloatBuffer.allocate(images * ELEMENTS);
          means.predict(x, images, t, epsilon);
          for (int i = 0; i < images * ELEMENTS; i++) {
            int at = i / ELEMENTS * 2 * ELEMENTS + i % ELEMENTS;
            output.put(at, epsilon.get(i));
            output.put(at + ELEMENTS, (float) told.applyAsDouble(-3 + Math.sin(0.7 * i)));
          }
        };
    return new VariationalBound(
            spaced,
            new VariationalBound.Settings(
                MeanType.EPSILON, variance, Double.POSITIVE_INFINITY, Decoder.continuous()))
        .evaluate(
            BatchNetwork.of(model, IMAGES, ELEMENTS, true),
            NoiseSource.ofSeed(3),
            ImageRun.of(gaussians(), IMAGES, 0));
  }

  /** The terms of a fixed variance are those of a bound: with fewer timesteps it is farther off. */
  @Test
  void fewerTimestepsAreAWorseBound() {
    double truth = Arrays.stream(exactBits(gaussians())).average().orElseThrow();
    double all = total(SpacedSchedule.all(SCHEDULE));
    double few = total(SpacedSchedule.of(SCHEDULE, new TimestepGrid.Respaced("20")));
    assertTrue(all > truth, all + " " + truth);
    assertTrue(few > all + 0.1, few + " " + all);
  }

  private static double total(SpacedSchedule spaced) {
    BoundTerms terms = bound(spaced, PredictionType.EPSILON, Decoder.continuous());
    double sum = 0;
    for (int image = 0; image < IMAGES; image++) {
      sum += terms.total(image) / IMAGES;
    }
    return sum;
  }

  private static double[] exactBits(float[] x0) {
    double[] bits = new double[IMAGES];
    for (int i = 0; i < x0.length; i++) {
      bits[i / ELEMENTS] -=
          Gaussians.logDensity(x0[i], 0, Math.log(deviation(i % ELEMENTS))) / ELEMENTS / LOG_2;
    }
    return bits;
  }

  private static double[] flow(
      EpsilonModel model, PredictionType type, int steps, boolean whole, float[] x0) {
    return new ProbabilityFlow(
            SCHEDULE,
            new ProbabilityFlow.Settings(type, steps, whole, ProbabilityFlow.DEFAULT_PROBE_STEP))
        .bitsPerDimension(
            BatchNetwork.of(model, IMAGES, ELEMENTS, false),
            NoiseSource.ofSeed(5),
            ImageRun.of(x0, IMAGES, 0));
  }

  /** Each image's density, to a thousandth of a bit, whatever the network predicts. */
  @ParameterizedTest
  @EnumSource(
      value = PredictionType.class,
      names = {"EPSILON", "SAMPLE", "V_PREDICTION"})
  void theFlowFindsTheDensityOfGaussians(PredictionType type) {
    double[] expected = exactBits(gaussians());
    for (boolean whole : new boolean[] {true, false}) {
      double[] found = flow(gaussianNetwork(type), type, 200, whole, gaussians());
      for (int image = 0; image < IMAGES; image++) {
        assertEquals(expected[image], found[image], 2e-3, "image " + image + " of " + whole);
      }
    }
  }

  /** Heun's error falls with the square of the step. */
  @Test
  void theFlowsErrorIsOfSecondOrder() {
    double[] best =
        flow(
            gaussianNetwork(PredictionType.EPSILON),
            PredictionType.EPSILON,
            400,
            false,
            gaussians());
    double[] errors = new double[2];
    int[] steps = {25, 50};
    for (int k = 0; k < 2; k++) {
      double[] found =
          flow(
              gaussianNetwork(PredictionType.EPSILON),
              PredictionType.EPSILON,
              steps[k],
              false,
              gaussians());
      for (int image = 0; image < IMAGES; image++) {
        errors[k] += Math.abs(found[image] - best[image]) / IMAGES;
      }
    }
    double ratio = errors[0] / errors[1];
    assertTrue(ratio > 3 && ratio < 5.5, "errors " + Arrays.toString(errors));
  }

  // --- a mixture -------------------------------------------------------------------------------

  private static final double PLACE = 0.5; // half of the mass there, half at minus that
  private static final double WIDTH = 0.1;

  private static float[] mixture() {
    float[] x0 = new float[IMAGES * ELEMENTS];
    new ImageNoise(12).fill(x0, 0, IMAGES, ELEMENTS, 0);
    float[] side = new float[x0.length];
    new ImageNoise(12).fill(side, 0, IMAGES, ELEMENTS, 1);
    for (int i = 0; i < x0.length; i++) {
      x0[i] = (float) (WIDTH * x0[i] + Math.copySign(PLACE, side[i]));
    }
    return x0;
  }

  /** ε from the score of ½ N(a, v) + ½ N(-a, v): -√(1-ᾱ)·∇log p. */
  private static final EpsilonModel MIXTURE_NETWORK =
      (x, images, t, output) -> {
        double signal = alphaCumprod(t);
        double a = Math.sqrt(signal) * PLACE;
        double v = signal * WIDTH * WIDTH + 1 - signal;
        for (int i = 0; i < images * ELEMENTS; i++) {
          double value = x.get(i);
          double score = (-value + a * Math.tanh(a * value / v)) / v;
          output.put(i, (float) (-Math.sqrt(1 - signal) * score));
        }
      };

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theFlowFindsTheDensityOfAMixture(boolean whole) {
    float[] x0 = mixture();
    double[] found = flow(MIXTURE_NETWORK, PredictionType.EPSILON, 200, whole, x0);
    double[] expected = new double[IMAGES];
    double log = Math.log(WIDTH);
    for (int i = 0; i < x0.length; i++) {
      double density =
          (Math.exp(Gaussians.logDensity(x0[i], PLACE, log))
                  + Math.exp(Gaussians.logDensity(x0[i], -PLACE, log)))
              / 2;
      expected[i / ELEMENTS] -= Math.log(density) / ELEMENTS / LOG_2;
    }
    for (int image = 0; image < IMAGES; image++) {
      assertEquals(expected[image], found[image], 1e-2, "image " + image);
    }
  }

  // --- batches, noise, decoders ----------------------------------------------------------------

  /** An image's terms are the same alone and among others, and with another batch size. */
  @Test
  void anImageDoesNotDependOnItsBatch() {
    VariationalBound bound =
        new VariationalBound(
            SpacedSchedule.of(SCHEDULE, new TimestepGrid.Respaced("10")),
            new VariationalBound.Settings(
                MeanType.EPSILON,
                BoundVariance.FIXED_LARGE,
                1,
                Decoder.discretised(ValueRange.SIGNED)));
    ProbabilityFlow flow =
        new ProbabilityFlow(
            SCHEDULE, new ProbabilityFlow.Settings(PredictionType.EPSILON, 10, true, 0.01));
    float[] x0 = gaussians();
    EpsilonModel model = gaussianNetwork(PredictionType.EPSILON);
    BatchNetwork many = BatchNetwork.of(model, IMAGES, ELEMENTS, false);
    BatchNetwork two = BatchNetwork.of(model, 2, ELEMENTS, false);
    NoiseSource noise = NoiseSource.ofSeed(3);
    BoundTerms all = bound.evaluate(many, noise, ImageRun.of(x0, IMAGES, 0));
    double[] densities = flow.bitsPerDimension(many, noise, ImageRun.of(x0, IMAGES, 0));
    float[] fifth = Arrays.copyOfRange(x0, 5 * ELEMENTS, 6 * ELEMENTS);
    BoundTerms one = bound.evaluate(two, noise, ImageRun.of(fifth, 1, 5));
    for (int index = 0; index < 10; index++) {
      assertEquals(all.term(5, index), one.term(0, index));
    }
    assertEquals(all.total(5), one.total(0));
    assertEquals(densities[5], flow.bitsPerDimension(two, noise, ImageRun.of(fifth, 1, 5))[0]);
  }

  /**
   * Quadrature against the integral: a level's probability is nearly its density times its width.
   */
  @Test
  void theDiscreteDecoderIsTheIntegralOfTheContinuous() {
    Decoder discrete = Decoder.discretised(ValueRange.SIGNED);
    Decoder continuous = Decoder.continuous();
    for (double off : List.of(0.0, 0.02, -0.05)) {
      double x0 = 100 / 127.5 - 1;
      double expected = continuous.logLikelihood(x0, x0 + off, -3) + Math.log(2.0 / 255);
      assertEquals(expected, discrete.logLikelihood(x0, x0 + off, -3), 5e-3);
    }
  }
}
