package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.SchedulerConfig;
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
              Map.entry("DDPMParallelScheduler", DdpmSampler::of),
              Map.entry("DDPMScheduler", DdpmSampler::of),
              Map.entry("DPMSolverSDEScheduler", DpmSolverSdeSampler::of),
              Map.entry("EDMEulerScheduler", EdmEulerSampler::of),
              Map.entry("EulerAncestralDiscreteScheduler", EulerAncestralSampler::of),
              Map.entry("EulerDiscreteScheduler", EulerSampler::of),
              Map.entry("FlowMatchEulerDiscreteScheduler", FlowMatchEulerSampler::of),
              Map.entry("FlowMatchHeunDiscreteScheduler", FlowMatchHeunSampler::of),
              Map.entry("HeunDiscreteScheduler", HeunSampler::of),
              Map.entry("IPNDMScheduler", IpndmSampler::of),
              Map.entry("KDPM2AncestralDiscreteScheduler", Kdpm2Sampler::ofAncestral),
              Map.entry("KDPM2DiscreteScheduler", Kdpm2Sampler::of),
              Map.entry("LMSDiscreteScheduler", LmsSampler::of),
              Map.entry("ScoreSdeVeScheduler", ScoreSdeVeSampler::of)));

  /** By name: a class and what the name says beyond it. */
  private static final Map<String, Method> METHODS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(ConsistencyModelSampler.NAME, method("CMStochasticIterativeScheduler")),
              Map.entry(DdpmSampler.NAME, method("DDPMScheduler")),
              Map.entry(DpmSolverSdeSampler.NAME, method("DPMSolverSDEScheduler")),
              Map.entry(EdmEulerSampler.NAME, method("EDMEulerScheduler")),
              Map.entry(EulerSampler.NAME, method("EulerDiscreteScheduler")),
              Map.entry(EulerAncestralSampler.NAME, method("EulerAncestralDiscreteScheduler")),
              Map.entry(FlowMatchEulerSampler.NAME, method("FlowMatchEulerDiscreteScheduler")),
              Map.entry(FlowMatchHeunSampler.NAME, method("FlowMatchHeunDiscreteScheduler")),
              Map.entry(HeunSampler.NAME, method("HeunDiscreteScheduler")),
              Map.entry(IpndmSampler.NAME, method("IPNDMScheduler")),
              Map.entry(Kdpm2Sampler.ANCESTRAL, method("KDPM2AncestralDiscreteScheduler")),
              Map.entry(Kdpm2Sampler.NAME, method("KDPM2DiscreteScheduler")),
              Map.entry(LmsSampler.NAME, method("LMSDiscreteScheduler")),
              Map.entry(ScoreSdeVeSampler.NAME, method("ScoreSdeVeScheduler"))));

  private record Method(String className, UnaryOperator<SchedulerConfig> settings) {}

  private Samplers() {}

  private static Method method(String className) {
    return new Method(className, config -> config);
  }

  /** Ancestral sampling: see {@link DdpmSampler}. */
  public static SamplerFactory ddpm() {
    return named(DdpmSampler.NAME);
  }

  /** The names that {@link #named} knows, sorted. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(METHODS.keySet());
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
    Method method = METHODS.get(name);
    if (method == null) {
      throw new IllegalArgumentException(
          "sampler: expected one of "
              + String.join(", ", METHODS.keySet())
              + ", found \""
              + name
              + "\"");
    }
    return config -> of(method.settings().apply(config.as(method.className())));
  }
}
