package io.ddpm4j.runtime.schedule;

import static io.ddpm4j.runtime.schedule.BetaSchedule.LAPLACE;
import static io.ddpm4j.runtime.schedule.BetaSchedule.LINEAR;
import static io.ddpm4j.runtime.schedule.BetaSchedule.SCALED_LINEAR;
import static io.ddpm4j.runtime.schedule.BetaSchedule.SIGMOID;
import static io.ddpm4j.runtime.schedule.BetaSchedule.SQUAREDCOS_CAP_V2;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The scheduler of a pipeline that diffusers is to load. Its pipelines of a network alone drive
 * three classes as these want to be driven: others scale the network's input, or begin with other
 * noise.
 */
public final class PipelineScheduler {
  private static final String DDPM = "DDPMScheduler";

  /** By class that a pipeline drives, the schedules of betas that it knows by name. */
  private static final Map<String, Set<BetaSchedule>> DRIVEN =
      Map.of(
          DDPM,
          Set.of(LINEAR, SCALED_LINEAR, SQUAREDCOS_CAP_V2, LAPLACE, SIGMOID),
          "DDIMScheduler",
          Set.of(LINEAR, SCALED_LINEAR, SQUAREDCOS_CAP_V2),
          "ScoreSdeVeScheduler",
          Set.of());

  /** Fields of ours that are no arguments of these classes. */
  private static final Set<String> PASSED_BY_CALLERS =
      Set.of("eta", "timestep_respacing", "timesteps", "use_clipped_model_output");

  private PipelineScheduler() {}

  /**
   * The configuration that diffusers reads, with every argument of its class: the same noise
   * schedule and prediction, by the same method where a pipeline drives it, else by DDPM. Betas
   * that the class does not know by the name of their schedule are given number by number.
   *
   * @throws IllegalArgumentException if no pipeline drives it and it has no betas, which DDPM needs
   */
  public static SchedulerConfig of(SchedulerConfig config) {
    boolean driven = DRIVEN.containsKey(config.className());
    if (!driven && !config.hasBetas()) {
      throw new IllegalArgumentException(
          "scheduler: expected a class with a schedule of betas, or one of "
              + String.join(", ", new TreeSet<>(DRIVEN.keySet()))
              + ", found "
              + config.className());
    }
    SchedulerConfig same = driven ? config : config.as(DDPM);
    SchedulerConfig known = same.hasBetas() ? withKnownBetas(same) : same;
    return known.complete(PASSED_BY_CALLERS);
  }

  private static SchedulerConfig withKnownBetas(SchedulerConfig config) {
    SchedulerConfig counted = config.with("num_train_timesteps", config.trainTimesteps());
    BetaSchedule schedule = config.betaSchedule();
    if (config.trainedBetas().isPresent() || DRIVEN.get(config.className()).contains(schedule)) {
      return counted;
    }
    NoiseSchedule betas =
        NoiseSchedule.of(schedule, config.trainTimesteps(), config.betaStart(), config.betaEnd());
    return counted
        .withTrainedBetas(betas.betas())
        .with("beta_schedule", LINEAR.label()); // one that it knows, passed over
  }
}
