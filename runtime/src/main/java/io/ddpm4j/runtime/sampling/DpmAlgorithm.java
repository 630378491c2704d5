package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.Set;

/** The equation that DPM-Solver solves, under diffusers' names. */
public enum DpmAlgorithm {
  /** The ODE in ε (Lu et al. 2022, DPM-Solver). */
  DPMSOLVER("dpmsolver", false, false),
  /** The ODE in x_0 (Lu et al. 2022, DPM-Solver++). */
  DPMSOLVER_PLUS_PLUS("dpmsolver++", true, false),
  /** The SDE in ε. */
  SDE_DPMSOLVER("sde-dpmsolver", false, true),
  /** The SDE in x_0. */
  SDE_DPMSOLVER_PLUS_PLUS("sde-dpmsolver++", true, true);

  private final String label;
  private final boolean inX0;
  private final boolean stochastic;

  DpmAlgorithm(String label, boolean inX0, boolean stochastic) {
    this.label = label;
    this.inX0 = inX0;
    this.stochastic = stochastic;
  }

  /** The name in a scheduler configuration. */
  public String label() {
    return label;
  }

  /** Whether it steps in x_0, in ε otherwise. */
  public boolean inX0() {
    return inX0;
  }

  /** Whether it adds noise at every step. */
  public boolean stochastic() {
    return stochastic;
  }

  /** What a configuration says; DEIS's name, which a model saved with it has, is the default. */
  static DpmAlgorithm of(SchedulerConfig config) {
    return config.string("algorithm_type").filter("deis"::equals).isPresent()
        ? DPMSOLVER_PLUS_PLUS
        : config.choice("algorithm_type", values(), DpmAlgorithm::label);
  }

  /** The second-order rule of a DPM-Solver, under diffusers' names. */
  public enum Rule {
    /** The midpoint rule: half a step of the first order along the derivative. */
    MIDPOINT("midpoint"),
    /** Heun's: the exact integral of the linear part. */
    HEUN("heun");

    private static final Set<String> OTHERS = Set.of("logrho", "bh1", "bh2");

    private final String label;

    Rule(String label) {
      this.label = label;
    }

    /** The name in a scheduler configuration. */
    public String label() {
      return label;
    }

    /** What a configuration says; other solvers' rules, which a saved model may have, count. */
    static Rule of(SchedulerConfig config) {
      return config.string("solver_type").filter(OTHERS::contains).isPresent()
          ? MIDPOINT
          : config.choice("solver_type", values(), Rule::label);
    }
  }
}
