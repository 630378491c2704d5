package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import io.ddpm4j.runtime.schedule.VarianceType;
import io.ddpm4j.trainer.objective.LossKind;
import io.ddpm4j.trainer.objective.MinSnr;
import io.ddpm4j.trainer.objective.TimestepSampling;
import java.util.Optional;

/**
 * The loss, and how often each timestep is drawn. What is absent is as Ho et al. 2020 train.
 *
 * @param loss a {@link LossKind}'s name; simple where it is absent
 * @param varianceType of a reverse step, in diffusers' words; where it is absent, what the loss
 *     trains: learned_range for hybrid, fixed_small for the others
 * @param minSnr γ of min-SNR weighting; 0 for none
 * @param timestepSampling a {@link TimestepSampling}'s name; uniform where it is absent
 * @param offsetNoise how much of one number for each image and channel is added to the noise; 0 for
 *     none
 * @param modelGuidance the scale of guidance that the network learns to need no more; 1, or absent,
 *     for none
 */
public record ObjectiveConfig(
    @MayBeAbsent String loss,
    @MayBeAbsent String varianceType,
    @MayBeAbsent double minSnr,
    @MayBeAbsent String timestepSampling,
    @MayBeAbsent double offsetNoise,
    @MayBeAbsent double modelGuidance) {
  /** L_simple with timesteps of equal probability. */
  public static final ObjectiveConfig SIMPLE = new ObjectiveConfig(null, null, 0, null, 0, 1);

  /** Refuses names that nobody knows and numbers outside their range. */
  public ObjectiveConfig {
    loss = loss == null ? LossKind.SIMPLE.label() : loss;
    timestepSampling =
        timestepSampling == null ? TimestepSampling.UNIFORM.label() : timestepSampling;
    LossKind.parse(loss);
    if (varianceType != null) {
      try {
        VarianceType.parse(varianceType);
      } catch (IllegalArgumentException e) { // names diffusers' field
        throw new IllegalArgumentException(
            e.getMessage().replaceFirst("^variance_type:", "--variance:"), e);
      }
    }
    TimestepSampling.parse(timestepSampling);
    require(
        minSnr >= 0 && Double.isFinite(minSnr),
        "--min-snr",
        "a number above 0, or 0 for none",
        minSnr);
    require(
        offsetNoise >= 0 && Double.isFinite(offsetNoise),
        "--offset-noise",
        "a number of 0 or more",
        offsetNoise);
    modelGuidance = modelGuidance == 0 ? 1 : modelGuidance; // what is absent
    require(
        modelGuidance >= 1 && Double.isFinite(modelGuidance),
        "--model-guidance",
        "a number of at least 1",
        modelGuidance);
  }

  /** Without model guidance. */
  public ObjectiveConfig(
      String loss,
      String varianceType,
      double minSnr,
      String timestepSampling,
      double offsetNoise) {
    this(loss, varianceType, minSnr, timestepSampling, offsetNoise, 1);
  }

  LossKind kind() {
    return LossKind.parse(loss);
  }

  /** Of a reverse step: what was chosen, or what goes with the loss. */
  VarianceType variance() {
    if (varianceType != null) {
      return VarianceType.parse(varianceType);
    }
    return kind() == LossKind.HYBRID ? VarianceType.LEARNED_RANGE : VarianceType.FIXED_SMALL;
  }

  Optional<MinSnr> weighting() {
    return minSnr == 0 ? Optional.empty() : Optional.of(new MinSnr(minSnr));
  }

  TimestepSampling sampling() {
    return TimestepSampling.parse(timestepSampling);
  }
}
