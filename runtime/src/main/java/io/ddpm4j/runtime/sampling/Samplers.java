package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.VarianceType;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** The sampling methods by name, and by the scheduler classes of diffusers. */
public final class Samplers {
  /** By class, from a configuration of that class. */
  private static final Map<String, SamplerFactory> CLASSES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("CMStochasticIterativeScheduler", ConsistencyModelSampler::of),
              Map.entry("DDIMInverseScheduler", DdimInverseSampler::of),
              Map.entry("DDIMParallelScheduler", DdimSampler::of),
              Map.entry("DDIMScheduler", DdimSampler::of),
              Map.entry("DDPMParallelScheduler", DdpmSampler::of),
              Map.entry("DDPMScheduler", DdpmSampler::of),
              Map.entry("DEISMultistepScheduler", DeisSampler::of),
              Map.entry("DPMSolverMultistepInverseScheduler", DpmSolverMultistepSampler::inverse),
              Map.entry("DPMSolverMultistepScheduler", DpmSolverMultistepSampler::of),
              Map.entry("DPMSolverSDEScheduler", DpmSolverSdeSampler::of),
              Map.entry("DPMSolverSinglestepScheduler", DpmSolverSinglestepSampler::of),
              Map.entry("EDMDPMSolverMultistepScheduler", DpmSolverMultistepSampler::edm),
              Map.entry("EDMEulerScheduler", EdmEulerSampler::of),
              Map.entry("EulerAncestralDiscreteScheduler", EulerAncestralSampler::of),
              Map.entry("EulerDiscreteScheduler", EulerSampler::of),
              Map.entry("FlowMatchEulerDiscreteScheduler", FlowMatchEulerSampler::of),
              Map.entry("FlowMatchHeunDiscreteScheduler", FlowMatchHeunSampler::of),
              Map.entry("HeunDiscreteScheduler", HeunSampler::of),
              Map.entry("IPNDMScheduler", IpndmSampler::of),
              Map.entry("KDPM2AncestralDiscreteScheduler", Kdpm2Sampler::ofAncestral),
              Map.entry("KDPM2DiscreteScheduler", Kdpm2Sampler::of),
              Map.entry("LCMScheduler", LcmSampler::of),
              Map.entry("LMSDiscreteScheduler", LmsSampler::of),
              Map.entry("PNDMScheduler", PndmSampler::of),
              Map.entry("RePaintScheduler", RepaintSampler::of),
              Map.entry("SASolverScheduler", SaSolverSampler::of),
              Map.entry("ScoreSdeVeScheduler", ScoreSdeVeSampler::of),
              Map.entry("TCDScheduler", TcdSampler::of),
              Map.entry("UnCLIPScheduler", UnclipSampler::of),
              Map.entry("UniPCMultistepScheduler", UniPcSampler::of)));

  /** By name: a class and what the name says beyond it. */
  private static final Map<String, Method> METHODS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(ConsistencyModelSampler.NAME, method("CMStochasticIterativeScheduler")),
              Map.entry(DdimInverseSampler.NAME, method("DDIMInverseScheduler")),
              Map.entry(DdimSampler.NAME, method("DDIMScheduler")),
              Map.entry(DdpmSampler.NAME, method("DDPMScheduler")),
              Map.entry(DeisSampler.NAME, algorithm("DEISMultistepScheduler", DeisSampler.NAME)),
              Map.entry(
                  DpmSolverMultistepSampler.EDM,
                  dpm("EDMDPMSolverMultistepScheduler", DpmAlgorithm.DPMSOLVER_PLUS_PLUS)),
              Map.entry(
                  DpmSolverMultistepSampler.INVERSE,
                  dpm("DPMSolverMultistepInverseScheduler", DpmAlgorithm.DPMSOLVER_PLUS_PLUS)),
              Map.entry(
                  DpmSolverMultistepSampler.NAME,
                  dpm("DPMSolverMultistepScheduler", DpmAlgorithm.DPMSOLVER_PLUS_PLUS)),
              Map.entry(
                  DpmSolverMultistepSampler.SDE,
                  dpm("DPMSolverMultistepScheduler", DpmAlgorithm.SDE_DPMSOLVER_PLUS_PLUS)),
              Map.entry(DpmSolverSdeSampler.NAME, method("DPMSolverSDEScheduler")),
              Map.entry(
                  DpmSolverSinglestepSampler.NAME,
                  dpm("DPMSolverSinglestepScheduler", DpmAlgorithm.DPMSOLVER_PLUS_PLUS)),
              Map.entry(EdmEulerSampler.NAME, method("EDMEulerScheduler")),
              Map.entry(EulerAncestralSampler.NAME, method("EulerAncestralDiscreteScheduler")),
              Map.entry(EulerSampler.NAME, method("EulerDiscreteScheduler")),
              Map.entry(FlowMatchEulerSampler.NAME, method("FlowMatchEulerDiscreteScheduler")),
              Map.entry(FlowMatchHeunSampler.NAME, method("FlowMatchHeunDiscreteScheduler")),
              Map.entry(HeunSampler.NAME, method("HeunDiscreteScheduler")),
              Map.entry(IpndmSampler.NAME, method("IPNDMScheduler")),
              Map.entry(Kdpm2Sampler.ANCESTRAL, method("KDPM2AncestralDiscreteScheduler")),
              Map.entry(Kdpm2Sampler.NAME, method("KDPM2DiscreteScheduler")),
              Map.entry(LcmSampler.NAME, method("LCMScheduler")),
              Map.entry(LmsSampler.NAME, method("LMSDiscreteScheduler")),
              Map.entry(PndmSampler.NAME, method("PNDMScheduler")),
              Map.entry(RepaintSampler.NAME, method("RePaintScheduler")),
              Map.entry(SaSolverSampler.NAME, algorithm("SASolverScheduler", "data_prediction")),
              Map.entry(ScoreSdeVeSampler.NAME, method("ScoreSdeVeScheduler")),
              Map.entry(TcdSampler.NAME, method("TCDScheduler")),
              Map.entry(
                  UnclipSampler.NAME, new Method("UnCLIPScheduler", Samplers::unclipVariance)),
              Map.entry(UniPcSampler.NAME, method("UniPCMultistepScheduler"))));

  private record Method(String className, UnaryOperator<SchedulerConfig> settings) {
    SchedulerConfig configuration(SchedulerConfig model) {
      if (className.startsWith(FLOW) && !isFlow(model)) {
        throw new IllegalArgumentException(
            "sampler: expected a method for a network that predicts %s, found one for flow matching"
                .formatted(model.predictionType().label()));
      }
      return settings.apply(model.as(className));
    }
  }

  private static final String FLOW = "FlowMatch";

  private Samplers() {}

  private static boolean isFlow(SchedulerConfig model) {
    return model.className().startsWith(FLOW)
        || model.predictionType() == PredictionType.FLOW_PREDICTION;
  }

  /** unCLIP has two of the variances, of which one needs no network for it. */
  private static SchedulerConfig unclipVariance(SchedulerConfig config) {
    return config.varianceType() == VarianceType.LEARNED_RANGE
        ? config
        : config.with("variance_type", VarianceType.FIXED_SMALL_LOG.label());
  }

  private static Method method(String className) {
    return new Method(className, config -> config);
  }

  /** A solver of its own algorithm, whatever another class's configuration names. */
  private static Method algorithm(String className, String algorithm) {
    return new Method(className, config -> config.with("algorithm_type", algorithm));
  }

  /** A DPM-Solver whose name says the equation and the order, 2. */
  private static Method dpm(String className, DpmAlgorithm algorithm) {
    return new Method(
        className,
        config -> config.with("algorithm_type", algorithm.label()).with("solver_order", 2));
  }

  /** Implicit models: see {@link DdimSampler}. */
  public static SamplerFactory ddim() {
    return named(DdimSampler.NAME);
  }

  /** Ancestral sampling: see {@link DdpmSampler}. */
  public static SamplerFactory ddpm() {
    return named(DdpmSampler.NAME);
  }

  /** The names that {@link #named} knows, sorted. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(METHODS.keySet());
  }

  /** The scheduler classes that {@link #of} knows, sorted. */
  static Set<String> classNames() {
    return Collections.unmodifiableSet(CLASSES.keySet());
  }

  /**
   * The method of a configuration's class, with that configuration.
   *
   * @throws IllegalArgumentException naming the field that the method cannot take
   */
  public static Sampler of(SchedulerConfig config) {
    SamplerFactory factory = CLASSES.get(config.className());
    if (factory == null) {
      throw new IllegalArgumentException(
          "_class_name: expected one of "
              + String.join(", ", CLASSES.keySet())
              + ", found \""
              + config.className()
              + "\"");
    }
    return factory.create(config);
  }

  /**
   * The method of this name, for models of any scheduler class: fields that its own class knows are
   * taken over, as diffusers' {@code from_config} does.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static SamplerFactory named(String name) {
    Method method = find(name);
    return changed(method::configuration);
  }

  /**
   * The method of the class of a changed configuration.
   *
   * @param change of the model's configuration, to one of any class
   */
  public static SamplerFactory changed(UnaryOperator<SchedulerConfig> change) {
    return new SamplerFactory() {
      @Override
      public Sampler create(SchedulerConfig model) {
        return Samplers.of(change.apply(model));
      }

      @Override
      public SchedulerConfig configuration(SchedulerConfig model) {
        return change.apply(model);
      }
    };
  }

  /**
   * The configuration from which {@link #named} makes the method of this name for a model: it can
   * be changed in fields that the method's own class has, and given to {@link #of}.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public static SchedulerConfig configuration(String name, SchedulerConfig model) {
    return find(name).configuration(model);
  }

  private static Method find(String name) {
    Method method = METHODS.get(name);
    if (method == null) {
      throw new IllegalArgumentException(
          "sampler: expected one of "
              + String.join(", ", METHODS.keySet())
              + ", found \""
              + name
              + "\"");
    }
    return method;
  }
}
