package io.ddpm4j.exporter.convert;

import com.google.gson.JsonObject;
import java.util.List;
import java.util.Set;

/**
 * The noise schedule and the prediction of OpenAI's {@code create_gaussian_diffusion}, by the names
 * of its arguments.
 *
 * @param steps T
 * @param schedule {@code linear} or {@code cosine}
 * @param predictsX0 {@code predict_xstart}
 * @param smallVariance {@code sigma_small}
 * @param rescalesTimesteps whether the network is given t·1000/T ({@code rescale_timesteps})
 * @param stated whether steps and schedule are given, not the scripts' defaults
 */
record OpenAiDiffusion(
    int steps,
    String schedule,
    boolean predictsX0,
    boolean smallVariance,
    boolean rescalesTimesteps,
    boolean stated) {
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("use_kl", "rescale_learned_sigmas", "timestep_respacing");
  private static final int DEFAULT_STEPS = 1000;

  /**
   * Takes the arguments; the scripts' defaults count, but for one on which the two code bases do
   * not agree.
   *
   * @throws IllegalArgumentException naming the argument
   */
  static OpenAiDiffusion of(Arguments arguments) {
    arguments.ignore(WITHOUT_EFFECT);
    boolean stated = arguments.has("diffusion_steps") | arguments.has("noise_schedule");
    int steps = arguments.integer("diffusion_steps").orElse(DEFAULT_STEPS);
    arguments.require(steps >= 1 && steps <= 1_000_000, "diffusion_steps", "1 to 1000000", steps);
    String schedule =
        arguments.word("noise_schedule", List.of("linear", "cosine")).orElse("linear");
    if (steps != DEFAULT_STEPS && !arguments.has("rescale_timesteps")) {
      throw Arguments.wrong(
          "rescale_timesteps",
          "true or false for other than " + DEFAULT_STEPS + " steps",
          "nothing");
    }
    return new OpenAiDiffusion(
        steps,
        schedule,
        arguments.bool("predict_xstart").orElse(false),
        arguments.bool("sigma_small").orElse(false),
        arguments.bool("rescale_timesteps").orElse(false),
        stated);
  }

  /** What t is multiplied with before the network sees it. */
  double timestepScale() {
    return rescalesTimesteps ? 1000.0 / steps : 1;
  }

  /** As a scheduler's configuration. */
  JsonObject scheduler(boolean learnedVariance) {
    JsonObject scheduler = new JsonObject();
    scheduler.addProperty("_class_name", "DDPMScheduler");
    scheduler.addProperty("num_train_timesteps", steps);
    if (schedule.equals("cosine")) {
      scheduler.addProperty("beta_schedule", "squaredcos_cap_v2");
    } else {
      double scale = 1000.0 / steps; // get_named_beta_schedule
      scheduler.addProperty("beta_schedule", "linear");
      scheduler.addProperty("beta_start", scale * 1e-4);
      scheduler.addProperty("beta_end", scale * 0.02);
    }
    scheduler.addProperty("prediction_type", predictsX0 ? "sample" : "epsilon");
    scheduler.addProperty(
        "variance_type",
        learnedVariance ? "learned_range" : smallVariance ? "fixed_small" : "fixed_large");
    scheduler.addProperty("clip_sample", true);
    return scheduler;
  }
}
