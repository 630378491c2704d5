package io.ddpm4j.runtime.likelihood;

import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SpacedSchedule;

/**
 * The variational bound of a model term by term (Ho et al. 2020, eq. 5), in bits per dimension, as
 * {@code calc_bpd_loop} of OpenAI's guided-diffusion: one x_t per timestep and image, from the last
 * timestep to the first, each of them a call of the network. Immutable and thread-safe.
 *
 * <p>The means of two Gaussians are never formed: their difference is a number times the error of
 * the prediction, of which no digits are lost where the means agree in most of theirs.
 */
public final class VariationalBound {
  private static final double LOG_2 = Math.log(2);

  private final SpacedSchedule spaced;
  private final Settings settings;

  /**
   * What is evaluated beside the schedule.
   *
   * @param meanType what the network's output is
   * @param clipTo the predicted x_0 is clipped to ± this; infinite for no clipping
   */
  public record Settings(
      MeanType meanType, BoundVariance variance, double clipTo, Decoder decoder) {
    /** Refuses a bound of clipping that is none. */
    public Settings {
      if (!(clipTo > 0)) {
        throw new IllegalArgumentException(
            "clip_sample_range: expected a number above 0, found " + clipTo);
      }
    }
  }

  /**
   * A bound over these timesteps.
   *
   * @throws IllegalArgumentException for a single timestep, of which nothing says log β̃_0, and for
   *     a prediction that says nothing of x_0 where the schedule ends without signal
   */
  public VariationalBound(SpacedSchedule spaced, Settings settings) {
    int last = spaced.steps() - 1;
    if (last < 1) {
      throw new IllegalArgumentException(
          "timesteps: expected at least 2, of which the variance at t = 0 is taken, found 1");
    }
    if (spaced.schedule().alphaCumprod(last) == 0 && settings.meanType() == MeanType.EPSILON) {
      throw new IllegalArgumentException(
          "prediction_type: expected sample or v_prediction for a schedule whose last timestep has"
              + " no signal, found epsilon");
    }
    this.spaced = spaced;
    this.settings = settings;
  }

  /** The timesteps and their schedule. */
  public SpacedSchedule spaced() {
    return spaced;
  }

  /**
   * Evaluates the images of one batch.
   *
   * @param noise draw 0 is that of the last timestep, the next one of the timestep before, and so
   *     on
   * @throws IllegalArgumentException if the network's output does not hold the variance that the
   *     settings want
   * @throws IllegalStateException if the network's numbers are not finite
   * @throws java.util.concurrent.CancellationException if it was cancelled
   */
  public BoundTerms evaluate(BatchNetwork network, NoiseSource noise, ImageRun run) {
    run.requireFits(network);
    if (settings.variance().isLearned() && !network.learnsVariance()) {
      throw new IllegalArgumentException(
          "variance: expected a fixed one, since the network predicts none, found "
              + settings.variance());
    }
    int steps = spaced.steps();
    int images = run.images();
    Evaluation evaluation = new Evaluation(network, run);
    for (int index = steps - 1; index >= 0; index--) {
      run.cancellation().throwIfCancelled();
      evaluation.predict(noise, index);
      for (int image = 0; image < images; image++) {
        evaluation.measure(image, index);
      }
      run.listener().onCall(steps - index, steps);
    }
    return new BoundTerms(
        steps,
        priors(run, network.elements()),
        evaluation.terms,
        evaluation.x0Errors,
        evaluation.epsilonErrors);
  }

  /** L_T of each image. */
  private double[] priors(ImageRun run, int elements) {
    NoiseSchedule schedule = spaced.schedule();
    int last = spaced.steps() - 1;
    double signal = schedule.sqrtAlphaCumprod(last);
    double logVariance = Math.log1p(-schedule.alphaCumprod(last));
    double[] priors = new double[run.images()];
    for (int image = 0; image < priors.length; image++) {
      double sum = 0;
      for (int i = image * elements; i < (image + 1) * elements; i++) {
        sum += Gaussians.klToStandardNormal(signal * run.x0()[i], logVariance);
      }
      priors[image] = sum / elements / LOG_2;
    }
    return priors;
  }

  /** The memory of one call, and what is measured with it. */
  private final class Evaluation {
    private final BatchNetwork network;
    private final float[] x0;
    private final int images;
    private final long firstImage;
    private final int elements;
    private final float[] epsilon;
    private final float[] xt;
    private final float[] output;
    private final double[] mean; // μ̃ less the predicted mean, of one image
    private final double[] terms;
    private final double[] x0Errors;
    private final double[] epsilonErrors;

    Evaluation(BatchNetwork network, ImageRun run) {
      this.network = network;
      this.x0 = run.x0();
      this.images = run.images();
      this.firstImage = run.firstImage();
      this.elements = network.elements();
      this.epsilon = new float[images * elements];
      this.xt = new float[network.batch() * elements]; // zeros where there is no image
      this.output = new float[network.batch() * network.outputs()];
      this.mean = new double[elements];
      int numbers = Math.multiplyExact(images, spaced.steps());
      this.terms = new double[numbers];
      this.x0Errors = new double[numbers];
      this.epsilonErrors = new double[numbers];
    }

    void predict(NoiseSource noise, int index) {
      NoiseSchedule schedule = spaced.schedule();
      noise.fill(epsilon, firstImage, images, elements, spaced.steps() - 1 - index);
      float[] signalAndNoise = xt;
      double signal = schedule.sqrtAlphaCumprod(index);
      double sigma = schedule.sqrtOneMinusAlphaCumprod(index);
      for (int i = 0; i < images * elements; i++) {
        signalAndNoise[i] = (float) (signal * x0[i] + sigma * epsilon[i]); // Ho et al., eq. 4
      }
      network.predict(xt, spaced.timestep(index), output);
    }

    /** Errors and term of one image. */
    void measure(int image, int index) {
      NoiseSchedule schedule = spaced.schedule();
      int at = image * spaced.steps() + index;
      double error = errors(image, index) / elements;
      x0Errors[at] = error;
      epsilonErrors[at] = error * schedule.snr(index); // ε̂ = (x_t - √ᾱ x̂_0)/√(1-ᾱ)
      terms[at] = (index == 0 ? decoded(image) : divergence(image, index)) / elements / LOG_2;
      network.requireFinite(terms[at] + error, firstImage + image, spaced.timestep(index));
    }

    /** The sum of (x_0 - x̂_0)² of an image; fills the differences of the means. */
    private double errors(int image, int index) {
      NoiseSchedule schedule = spaced.schedule();
      MeanType type = settings.meanType();
      double fromX0 = type.targetFromX0(schedule, index);
      double fromNoise = type.targetFromNoise(schedule, index);
      double perError = type.x0PerError(schedule, index);
      double weight = schedule.posteriorMeanX0(index, index - 1); // Ho et al., eq. 7
      double most = settings.clipTo();
      boolean ofMean = type == MeanType.PREVIOUS_X;
      int from = image * elements;
      int outputFrom = image * network.outputs();
      double sum = 0;
      for (int i = 0; i < elements; i++) {
        double x = x0[from + i];
        double target = fromX0 * x + fromNoise * epsilon[from + i];
        double off = perError * (output[outputFrom + i] - target); // x_0 - x̂_0
        double predicted = Math.max(-most, Math.min(most, x - off));
        double clipped = predicted == x - off ? off : x - predicted;
        mean[i] = weight * (ofMean ? off : clipped);
        sum += clipped * clipped;
      }
      return sum;
    }

    /** KL(q(x_{t-1} | x_t, x_0) ‖ p(x_{t-1} | x_t)), the sum over the image's numbers. */
    private double divergence(int image, int index) {
      NoiseSchedule schedule = spaced.schedule();
      double posterior = schedule.posteriorLogVarianceClipped(index);
      double sum = 0;
      if (settings.variance().isLearned()) {
        double most = Math.log(schedule.beta(index));
        int from = image * network.outputs() + elements;
        for (int i = 0; i < elements; i++) {
          double log = settings.variance().learnedLogVariance(output[from + i], posterior, most);
          sum += Gaussians.klOfDifference(mean[i], posterior - log, log);
        }
        return sum;
      }
      double log = settings.variance().fixedLogVariance(schedule, index);
      for (int i = 0; i < elements; i++) {
        sum += mean[i] * mean[i];
      }
      return elements * Gaussians.klOfDifference(0, posterior - log, log)
          + sum * 0.5 * Math.exp(-log);
    }

    /** -log p(x_0 | x_1), the sum over the image's numbers; the mean is x̂_0. */
    private double decoded(int image) {
      NoiseSchedule schedule = spaced.schedule();
      BoundVariance variance = settings.variance();
      double least = schedule.posteriorLogVarianceClipped(0);
      double most = Math.log(schedule.beta(0));
      double log = variance.isLearned() ? 0 : variance.fixedLogVariance(schedule, 0);
      int from = image * network.outputs() + elements;
      double sum = 0;
      for (int i = 0; i < elements; i++) {
        if (variance.isLearned()) {
          log = variance.learnedLogVariance(output[from + i], least, most);
        }
        double x = x0[image * elements + i];
        sum -= settings.decoder().logLikelihood(x, x - mean[i], 0.5 * log);
      }
      return sum;
    }
  }
}
