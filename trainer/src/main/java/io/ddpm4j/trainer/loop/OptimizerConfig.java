package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Decay;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import io.ddpm4j.trainer.optim.LearningRate;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Batches and the update.
 *
 * @param batchSize images of a batch
 * @param learningRate after the warm-up, the highest
 * @param warmupSteps in which the learning rate rises
 * @param beta1 Adam's decay of the mean, in [0, 1)
 * @param beta2 Adam's decay of the mean square, in [0, 1)
 * @param epsilon Adam's guard against division by zero
 * @param maxGradientNorm gradients are scaled down to this global norm; 0 for no clipping
 * @param emaDecay of the averaged weights, which are the ones that are exported
 * @param accumulate batches whose gradients make one step; absent in the JSON of earlier versions,
 *     where it is 1
 * @param lrSchedule how the learning rate goes on after the warm-up, a {@link Decay}'s name; absent
 *     in the JSON of earlier versions, where it is constant
 * @param minLearningRate towards which the rate falls, from 0 to the learning rate
 * @param weightDecay AdamW's, of all parameters; 0 for Adam
 * @param furtherEmaDecays of further averages of the weights, which can be exported too
 */
public record OptimizerConfig(
    int batchSize,
    double learningRate,
    long warmupSteps,
    double beta1,
    double beta2,
    double epsilon,
    double maxGradientNorm,
    double emaDecay,
    @MayBeAbsent Integer accumulate,
    @MayBeAbsent String lrSchedule,
    @MayBeAbsent double minLearningRate,
    @MayBeAbsent double weightDecay,
    @MayBeAbsent List<Double> furtherEmaDecays) {

  /** Refuses numbers outside their range. */
  public OptimizerConfig {
    accumulate = accumulate == null ? Integer.valueOf(1) : accumulate;
    lrSchedule = lrSchedule == null ? Decay.CONSTANT.label() : lrSchedule;
    furtherEmaDecays = furtherEmaDecays == null ? List.of() : List.copyOf(furtherEmaDecays);
    require(batchSize > 0, "--batch-size", "at least 1", batchSize);
    require(accumulate > 0, "--accumulate", "at least 1", accumulate);
    require(
        (long) batchSize * accumulate <= Integer.MAX_VALUE,
        "--accumulate",
        "at most " + Integer.MAX_VALUE + " images of a step",
        (long) batchSize * accumulate);
    require(
        LearningRate.isUsable(learningRate),
        "--learning-rate",
        "a positive number that a float holds",
        learningRate);
    require(warmupSteps >= 0, "--warmup-steps", "0 or more", warmupSteps);
    Decay decay = Decay.parse(lrSchedule);
    require(
        minLearningRate >= 0 && minLearningRate <= learningRate,
        "--min-learning-rate",
        "a number from 0 to the learning rate, " + learningRate,
        minLearningRate);
    require(
        decay != Decay.CONSTANT || minLearningRate == 0,
        "--min-learning-rate",
        "0, since the learning rate is constant",
        minLearningRate);
    require(isDecay(beta1), "--beta1", "a number from 0 to below 1", beta1);
    require(isDecay(beta2), "--beta2", "a number from 0 to below 1", beta2);
    require(isPositive(epsilon), "--epsilon", "a positive number", epsilon);
    require(
        weightDecay == 0 || isPositive(weightDecay),
        "--weight-decay",
        "a number of 0 or more",
        weightDecay);
    require(
        maxGradientNorm == 0 || isPositive(maxGradientNorm),
        "--max-gradient-norm",
        "a positive number, or 0 for no clipping",
        maxGradientNorm);
    require(isDecay(emaDecay), "--ema-decay", "a number from 0 to below 1", emaDecay);
    Set<Double> decays = new HashSet<>(Set.of(emaDecay));
    for (double further : furtherEmaDecays) {
      require(
          further > 0 && further < 1,
          "--ema-decay",
          "a number above 0 and below 1 after the first",
          further);
      require(decays.add(further), "--ema-decay", "different numbers", further + " twice");
    }
  }

  /** Adam at a constant rate, a step for each batch, one average of the weights. */
  public OptimizerConfig(
      int batchSize,
      double learningRate,
      long warmupSteps,
      double beta1,
      double beta2,
      double epsilon,
      double maxGradientNorm,
      double emaDecay) {
    this(
        batchSize,
        learningRate,
        warmupSteps,
        beta1,
        beta2,
        epsilon,
        maxGradientNorm,
        emaDecay,
        1,
        Decay.CONSTANT.label(),
        0,
        0,
        List.of());
  }

  /** The same with another learning rate, and the least one in proportion. */
  public OptimizerConfig withLearningRate(double rate) {
    return rate == learningRate
        ? this
        : with(rate, lrSchedule, minLearningRate / learningRate * rate);
  }

  /** The same with averages of the weights of these decays, the exported one first. */
  public OptimizerConfig withEmaDecays(List<Double> decays) {
    return new OptimizerConfig(
        batchSize,
        learningRate,
        warmupSteps,
        beta1,
        beta2,
        epsilon,
        maxGradientNorm,
        decays.get(0),
        accumulate,
        lrSchedule,
        minLearningRate,
        weightDecay,
        decays.subList(1, decays.size()));
  }

  /**
   * The same with a learning rate that falls.
   *
   * @param schedule a {@link Decay}'s name
   * @param least towards which it falls
   */
  public OptimizerConfig withLrSchedule(String schedule, double least) {
    return with(learningRate, schedule, least);
  }

  private OptimizerConfig with(double rate, String schedule, double least) {
    return new OptimizerConfig(
        batchSize,
        rate,
        warmupSteps,
        beta1,
        beta2,
        epsilon,
        maxGradientNorm,
        emaDecay,
        accumulate,
        schedule,
        least,
        weightDecay,
        furtherEmaDecays);
  }

  private static boolean isPositive(double value) {
    return value > 0 && Double.isFinite(value);
  }

  private static boolean isDecay(double value) {
    return value >= 0 && value < 1;
  }

  /** Images of a step, those of all its batches. */
  public int stepImages() {
    return batchSize * accumulate;
  }

  Adam adam() {
    return new Adam(beta1, beta2, epsilon, weightDecay);
  }

  GradientClipping clipping() {
    return new GradientClipping(maxGradientNorm == 0 ? Double.POSITIVE_INFINITY : maxGradientNorm);
  }

  /** The averages of the weights, the exported one first. */
  List<Ema> averages() {
    return Stream.concat(Stream.of(emaDecay), furtherEmaDecays.stream()).map(Ema::new).toList();
  }

  /** The learning rate of each step of a run of so many. */
  public LearningRate rate(long steps) {
    return new LearningRate(
        learningRate, warmupSteps, Decay.parse(lrSchedule), steps, minLearningRate);
  }
}
