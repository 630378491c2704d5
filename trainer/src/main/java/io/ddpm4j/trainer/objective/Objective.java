package io.ddpm4j.trainer.objective;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.VarianceType;
import io.ddpm4j.trainer.autodiff.Autodiff;
import java.util.List;
import java.util.Optional;

/**
 * What a network is trained for: from the images to what it is shown, and from its output to the
 * loss and the loss's gradient.
 *
 * @param schedule the forward process
 * @param predictionType what the network predicts
 * @param varianceType of a reverse step; where it is {@link VarianceType#LEARNED_RANGE}, the output
 *     has twice the image's channels, the second half of which is v, from -1 for β̃ to 1 for β
 * @param loss of an image
 * @param minSnr the weight of L_simple by timestep; empty for 1
 * @param modelGuidance the scale G of classifier-free guidance that the network learns to predict
 *     by itself (Tang et al. 2025, "Diffusion Models without Classifier-free Guidance"), at least
 *     1; 1 for a network that predicts the data's noise
 */
public record Objective(
    NoiseSchedule schedule,
    PredictionType predictionType,
    VarianceType varianceType,
    LossKind loss,
    Optional<MinSnr> minSnr,
    double modelGuidance) {
  /** λ of L_hybrid (Nichol and Dhariwal 2021, §3.1). */
  private static final double BOUND_SHARE = 0.001;

  private static final String MODEL_GUIDANCE = "--model-guidance";

  /** Refuses what does not go together. */
  public Objective {
    require(
        predictionType != PredictionType.FLOW_PREDICTION,
        "prediction_type",
        "epsilon, sample or v_prediction",
        predictionType.label());
    require(
        varianceType != VarianceType.LEARNED,
        "--variance",
        "fixed_small, fixed_large or learned_range",
        varianceType.label());
    boolean learned = varianceType.isLearned();
    require(
        learned || loss != LossKind.HYBRID,
        "--variance",
        "learned_range, which is what the loss hybrid trains beside the mean",
        varianceType.label());
    require(
        !learned || loss != LossKind.SIMPLE,
        "--loss",
        "hybrid or vlb, since the loss simple does not train the variance " + varianceType.label(),
        loss.label());
    require(
        loss != LossKind.VLB || minSnr.isEmpty(),
        "--min-snr",
        "none, since the loss vlb has weights of its own",
        minSnr.map(MinSnr::gamma).orElse(0.0));
    require(
        loss == LossKind.SIMPLE || schedule.trainTimesteps() > 1,
        "num_train_timesteps",
        "at least 2 for the loss " + loss.label(),
        schedule.trainTimesteps());
    require(
        modelGuidance >= 1 && Double.isFinite(modelGuidance),
        MODEL_GUIDANCE,
        "a number of at least 1",
        modelGuidance);
    require(
        modelGuidance == 1 || loss == LossKind.SIMPLE,
        MODEL_GUIDANCE,
        "none for the loss " + loss.label() + ", which bounds the likelihood of the data",
        modelGuidance);
  }

  /** Without model guidance. */
  public Objective(
      NoiseSchedule schedule,
      PredictionType predictionType,
      VarianceType varianceType,
      LossKind loss,
      Optional<MinSnr> minSnr) {
    this(schedule, predictionType, varianceType, loss, minSnr, 1);
  }

  private static void require(boolean ok, String what, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", found " + found);
    }
  }

  /** L_simple, unweighted, with a fixed variance. */
  public static Objective simple(NoiseSchedule schedule, PredictionType predictionType) {
    return new Objective(
        schedule, predictionType, VarianceType.FIXED_SMALL, LossKind.SIMPLE, Optional.empty());
  }

  /** The channels of the network's output for images of so many. */
  public int outputChannels(int imageChannels) {
    return varianceType.isLearned() ? 2 * imageChannels : imageChannels;
  }

  /** Whether the loss needs what the network predicts without the class, too. */
  public boolean isGuided() {
    return modelGuidance > 1;
  }

  /**
   * What is given of some images of a batch.
   *
   * @param x0 float (N, C, H, W), in [-1, 1]
   * @param noise float (N, C, H, W)
   * @param timestep int64 (N)
   */
  public record Images(Value x0, Value noise, Value timestep) {}

  /**
   * A loss and its gradient.
   *
   * @param perImage float (N), not weighted
   * @param gradient of the weighted sum with respect to the network's output, of its shape
   */
  public record Loss(Value perImage, Value gradient) {}

  /** x_t = √ᾱ_t x_0 + √(1-ᾱ_t) ε (Ho et al. 2020, eq. 4): (N, C, H, W). */
  public Value noisy(Ops o, Images images) {
    return o.add(o.mul(images.x0(), signal(o, images)), o.mul(images.noise(), spread(o, images)));
  }

  private Value target(Ops o, Images images) {
    return switch (predictionType) {
      case EPSILON -> images.noise();
      case SAMPLE -> images.x0();
      default -> // v, as no other is let in
          o.sub(o.mul(images.noise(), signal(o, images)), o.mul(images.x0(), spread(o, images)));
    };
  }

  private Value signal(Ops o, Images images) {
    return tables(o, images).forPixels(schedule::sqrtAlphaCumprod);
  }

  private Value spread(Ops o, Images images) {
    return tables(o, images).forPixels(schedule::sqrtOneMinusAlphaCumprod);
  }

  private Tables tables(Ops o, Images images) {
    return new Tables(o, images.timestep(), schedule.trainTimesteps());
  }

  /**
   * Adds the loss of each image, and the gradient of their weighted sum.
   *
   * @param output the network's, float (N, {@link #outputChannels}, H, W)
   * @param weight of each image, float (N)
   */
  public Loss loss(Ops o, Images images, Value output, Value weight) {
    if (!varianceType.isLearned()) {
      Value error = o.sub(output, target(o, images));
      Value perImage =
          loss == LossKind.VLB
              ? bound(o, images, bound().fixed(tables(o, images), images.x0(), error, varianceType))
              : simple(o, images, error);
      return new Loss(perImage, gradient(o, perImage, weight, output));
    }
    long channels = images.x0().shape().size(1);
    List<Value> halves = o.split(output, 1, channels, channels);
    Value error = o.sub(halves.get(0), target(o, images));
    Value logVariance = bound().learnedLogVariance(tables(o, images), halves.get(1));
    Value bound =
        bound(o, images, bound().given(tables(o, images), images.x0(), error, logVariance));
    if (loss == LossKind.VLB) {
      return new Loss(bound, gradient(o, bound, weight, output));
    }
    // Nichol and Dhariwal 2021, §3.1: the bound trains the variance only, L_simple the mean.
    Value simple = simple(o, images, error);
    Value share = o.mul(bound, BOUND_SHARE);
    Value gradient =
        o.concat(
            1,
            gradient(o, simple, weight, halves.get(0)),
            gradient(o, share, weight, halves.get(1)));
    return new Loss(o.add(simple, share), gradient);
  }

  /**
   * Adds the loss of each image, and the gradient of their weighted sum, with model guidance: to
   * the target is added w·(ε(x_t, t, c) - ε(x_t, t, ∅)), as the network itself has it, through
   * which no gradient goes (Tang et al. 2025, in terms of whatever is predicted). What it comes to
   * rest at is ε̂ = ε(∅) + G·(ε(c) - ε(∅)) for G = 1/(1-w), as then ε̂ = ε(c) + w·(ε̂ - ε(∅)).
   *
   * @param output the network's for the images' classes, float (N, C, H, W)
   * @param unconditional the network's for the null class, of the same shape
   * @param weight of each image, float (N)
   * @throws IllegalStateException if this objective {@linkplain #isGuided is not guided}
   */
  public Loss guidedLoss(Ops o, Images images, Value output, Value unconditional, Value weight) {
    if (!isGuided()) {
      throw new IllegalStateException("model guidance: expected a scale above 1, found none");
    }
    double w = 1 - 1 / modelGuidance;
    Value guidance = o.mul(o.sub(output, unconditional), w);
    Value error = o.sub(output, o.add(target(o, images), guidance));
    Value perImage = simple(o, images, error);
    // The target is given, so the gradient by the error is that by the output.
    return new Loss(perImage, gradient(o, perImage, weight, error));
  }

  private static Value gradient(Ops o, Value perImage, Value weight, Value output) {
    Value sum = o.reduceSum(o.mul(perImage, weight), false);
    return Autodiff.gradients(o, sum, List.of(output)).get(output);
  }

  private Value simple(Ops o, Images images, Value error) {
    Value mean = Means.ofImages(o, o.mul(error, error));
    return minSnr.isEmpty()
        ? mean
        : o.mul(
            mean, tables(o, images).numbers(t -> minSnr.get().weight(schedule, predictionType, t)));
  }

  private VariationalBound bound() {
    return new VariationalBound(schedule, predictionType);
  }

  /** T·L_t: whatever timestep is drawn, its expectation is the sum over all of them, L_vlb. */
  private Value bound(Ops o, Images images, Value term) {
    return o.mul(term, schedule.trainTimesteps());
  }
}
