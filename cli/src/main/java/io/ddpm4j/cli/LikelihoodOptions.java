package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.likelihood.BoundVariance;
import io.ddpm4j.runtime.likelihood.Decoder;
import io.ddpm4j.runtime.likelihood.MeanType;
import io.ddpm4j.runtime.likelihood.ProbabilityFlow;
import io.ddpm4j.runtime.likelihood.VariationalBound;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.SpacedSchedule;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Option;

/** How bits per dimension are measured. */
final class LikelihoodOptions {
  private static final String RESPACING = "--respacing";
  private static final String VARIANCE = "--variance";
  private static final String DECODER = "--decoder";
  private static final String CLIP = "--clip";
  private static final String NO_CLIP = "--no-clip";
  private static final String ODE = "--ode";
  private static final String ODE_STEPS = "--ode-steps";
  private static final String PROBE_STEP = "--probe-step";
  private static final String NO_DEQUANTISATION = "--no-dequantisation";

  static final Set<String> ALL =
      Set.of(
          RESPACING,
          VARIANCE,
          DECODER,
          CLIP,
          NO_CLIP,
          ODE,
          ODE_STEPS,
          PROBE_STEP,
          NO_DEQUANTISATION);

  private static final int DEFAULT_ODE_STEPS = 50;

  /** How the last step decodes. */
  enum DecoderKind {
    /** Probabilities of grey levels. */
    DISCRETE,
    /** A density. */
    CONTINUOUS
  }

  @Option(
      names = RESPACING,
      paramLabel = "N",
      description =
          "Evaluate a chain of fewer timesteps: a count such as 100, counts of equal sections such"
              + " as 10,15,20, or ddim25 for even strides (default: every timestep).")
  private String respacing;

  @Option(
      names = VARIANCE,
      paramLabel = "TYPE",
      converter = Names.VarianceOfBound.class,
      description =
          "Variance of a step: fixed_small, fixed_large, or of a network that predicts it learned,"
              + " learned_log or learned_range (default: the model's).")
  private BoundVariance variance;

  @Option(
      names = DECODER,
      paramLabel = "KIND",
      converter = Names.DecoderKinds.class,
      description =
          "What decodes the last step: discrete for probabilities of grey levels, continuous for a"
              + " Gaussian density (default: discrete).")
  private DecoderKind decoder;

  @Option(
      names = CLIP,
      description =
          "Clip the predicted x_0 to the model's range; without --clip and --no-clip the model's"
              + " scheduler says whether.")
  private boolean clip;

  @Option(names = NO_CLIP, description = "Do not clip the predicted x_0.")
  private boolean noClip;

  @Option(
      names = ODE,
      description = "Measure the likelihood of the probability-flow ODE instead of the bound.")
  private boolean ode;

  @Option(
      names = ODE_STEPS,
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description =
          "Steps of the ODE's integration, each of four calls of the network (default: "
              + DEFAULT_ODE_STEPS
              + ").")
  private Integer odeSteps;

  @Option(
      names = PROBE_STEP,
      paramLabel = "H",
      converter = Numbers.AboveZero.class,
      description =
          "Step of the ODE's finite differences, as a share of the noise in x_t (default: 0.01).")
  private Double probeStep;

  @Option(
      names = NO_DEQUANTISATION,
      description = "Measure the ODE's density at the grey levels themselves, without noise.")
  private boolean noDequantisation;

  /** Whether the ODE's likelihood is asked for. */
  boolean isOde() {
    return ode;
  }

  /** Whether noise makes real numbers of grey levels. */
  boolean dequantises() {
    return !noDequantisation;
  }

  /** Refuses options of the bound for the ODE and the other way round. */
  void requireConsistent() {
    if (ode) {
      refuseBoth(respacing != null, RESPACING, ODE);
      refuseBoth(variance != null, VARIANCE, ODE);
      refuseBoth(decoder != null, DECODER, ODE);
      refuseBoth(clip, CLIP, ODE);
      refuseBoth(noClip, NO_CLIP, ODE);
    } else {
      refuseAlone(odeSteps != null, ODE_STEPS);
      refuseAlone(probeStep != null, PROBE_STEP);
      refuseAlone(noDequantisation, NO_DEQUANTISATION);
    }
    refuseBoth(clip && noClip, CLIP, NO_CLIP);
    if (probeStep != null && probeStep >= 1) {
      throw new UsageException(PROBE_STEP + ": expected a number below 1, found " + probeStep);
    }
  }

  private static void refuseBoth(boolean given, String option, String other) {
    if (given) {
      throw new UsageException("%s: expected it without %s, found both".formatted(option, other));
    }
  }

  private static void refuseAlone(boolean given, String option) {
    if (given) {
      throw new UsageException("%s: expected it beside %s, found it alone".formatted(option, ODE));
    }
  }

  /** The bound that is asked for. */
  VariationalBound bound(DiffusionPipeline pipeline) {
    NoiseSchedule schedule = pipeline.schedule();
    try {
      SpacedSchedule spaced =
          respacing == null
              ? SpacedSchedule.all(schedule)
              : SpacedSchedule.of(schedule, new TimestepGrid.Respaced(respacing));
      return new VariationalBound(
          spaced,
          new VariationalBound.Settings(
              MeanType.of(pipeline.schedulerConfig().predictionType()),
              variance(pipeline),
              clipTo(pipeline),
              decoder(pipeline.valueRange())));
    } catch (IllegalArgumentException e) { // an option that does not fit the model
      throw new UsageException(e.getMessage());
    }
  }

  /** The ODE that is asked for. */
  ProbabilityFlow flow(DiffusionPipeline pipeline) {
    try {
      return new ProbabilityFlow(
          pipeline.schedule(),
          new ProbabilityFlow.Settings(
              pipeline.schedulerConfig().predictionType(),
              Said.or(odeSteps, DEFAULT_ODE_STEPS),
              !pipeline.model().signature().timestep().isFloat(),
              Said.or(probeStep, ProbabilityFlow.DEFAULT_PROBE_STEP)));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** Where the variance comes from. */
  BoundVariance variance(DiffusionPipeline pipeline) {
    return variance == null
        ? BoundVariance.of(pipeline.schedulerConfig().varianceType())
        : variance;
  }

  /**
   * The bound of clipping; infinite for none.
   *
   * @throws UsageException if the model's scheduler has dynamic thresholding in place of clipping,
   *     and no option sets it aside
   */
  double clipTo(DiffusionPipeline pipeline) {
    SchedulerConfig config = pipeline.schedulerConfig();
    if (config.thresholding() && !clip && !noClip) {
      throw new UsageException(
          "thresholding: expected false, since the bound clips x_0 to a fixed range or not at all, found true; %s or %s sets it aside"
              .formatted(CLIP, NO_CLIP));
    }
    boolean clips = clip || !noClip && config.clipSample();
    return clips ? config.clipSampleRange() : Double.POSITIVE_INFINITY;
  }

  private Decoder decoder(ValueRange range) {
    return decoder == DecoderKind.CONTINUOUS ? Decoder.continuous() : Decoder.discretised(range);
  }

  /** The decoder's name. */
  String decoderName() {
    return (decoder == null ? DecoderKind.DISCRETE : decoder).name().toLowerCase(Locale.ROOT);
  }

  /** The step of finite differences. */
  double probeStep() {
    return Said.or(probeStep, ProbabilityFlow.DEFAULT_PROBE_STEP);
  }

  /** Steps of the ODE that were asked for. */
  int odeSteps() {
    return Said.or(odeSteps, DEFAULT_ODE_STEPS);
  }
}
