package io.ddpm4j.exporter.convert;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The noise schedule and the prediction of {@code GaussianDiffusion} of denoising-diffusion-pytorch
 * as a scheduler's configuration: from the tables that it keeps beside its network where they are,
 * otherwise from the arguments of its constructor.
 */
final class LucidrainsDiffusion {
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "sampling_timesteps",
          "ddim_sampling_eta",
          "loss_type",
          "offset_noise_strength",
          "min_snr_loss_weight",
          "min_snr_gamma",
          "p2_loss_weight_gamma",
          "p2_loss_weight_k",
          "immiscible");

  private static final Set<String> SCHEDULE =
      Set.of("timesteps", "beta_schedule", "schedule_fn_kwargs", "objective");

  private static final Map<String, String> PREDICTION_TYPES =
      Map.of("pred_noise", "epsilon", "pred_x0", "sample", "pred_v", "v_prediction");
  private static final List<String> OBJECTIVES = List.of("pred_noise", "pred_x0", "pred_v");

  private static final int DEFAULT_TIMESTEPS = 1000;

  private final Checkpoint checkpoint;
  private final Arguments arguments;

  private LucidrainsDiffusion(Checkpoint checkpoint, Arguments arguments) {
    this.checkpoint = checkpoint;
    this.arguments = arguments;
  }

  /**
   * The configuration.
   *
   * @return empty if neither tables nor arguments say anything
   * @throws IllegalArgumentException if they say only a part, or contradict each other
   */
  static Optional<JsonObject> scheduler(
      Checkpoint checkpoint, Arguments arguments, boolean learnedVariance) throws IOException {
    arguments.ignore(WITHOUT_EFFECT);
    return new LucidrainsDiffusion(checkpoint, arguments).scheduler(learnedVariance);
  }

  /** Passes over its arguments, for who knows the schedule and the prediction from elsewhere. */
  static void ignore(Arguments arguments) {
    arguments.ignore(WITHOUT_EFFECT);
    arguments.ignore(SCHEDULE);
  }

  private Optional<JsonObject> scheduler(boolean learnedVariance) throws IOException {
    Optional<float[]> table = checkpoint.table("betas");
    boolean said = !SCHEDULE.stream().filter(arguments::has).toList().isEmpty(); // all are asked
    if (table.isEmpty() && !said) {
      return Optional.empty();
    }
    JsonArray betas = new JsonArray();
    if (table.isPresent()) {
      arguments.agree("timesteps", table.get().length);
      for (float beta : table.get()) {
        betas.add(Double.parseDouble(Float.toString(beta)));
      }
    } else {
      for (double beta : betas()) {
        betas.add(beta);
      }
    }
    JsonObject scheduler = new JsonObject();
    scheduler.addProperty("_class_name", "DDPMScheduler");
    scheduler.addProperty("num_train_timesteps", betas.size());
    scheduler.add("trained_betas", betas);
    scheduler.addProperty("prediction_type", PREDICTION_TYPES.get(objective()));
    scheduler.addProperty("variance_type", learnedVariance ? "learned_range" : "fixed_small");
    scheduler.addProperty("clip_sample", true);
    return Optional.of(scheduler);
  }

  private double[] betas() {
    int timesteps = arguments.integer("timesteps").orElse(DEFAULT_TIMESTEPS);
    arguments.require(
        timesteps >= 1 && timesteps <= 1_000_000, "timesteps", "1 to 1000000", timesteps);
    if (arguments.has("schedule_fn_kwargs")) {
      throw Arguments.wrong(
          "schedule_fn_kwargs",
          "none without a table of betas in the checkpoint; give a noise schedule beside it",
          "some");
    }
    String name =
        arguments
            .word("beta_schedule", LucidrainsSchedule.names())
            .orElseThrow(() -> missing("beta_schedule", LucidrainsSchedule.names()));
    return LucidrainsSchedule.of(name).betas(timesteps);
  }

  private String objective() throws IOException {
    Optional<String> given = arguments.word("objective", OBJECTIVES);
    Optional<String> inferred = objectiveOfWeights();
    inferred.ifPresent(objective -> arguments.agree("objective", objective));
    return inferred.or(() -> given).orElseThrow(() -> missing("objective", OBJECTIVES));
  }

  private static IllegalArgumentException missing(String key, List<String> legal) {
    return Arguments.wrong(
        key,
        "one of " + String.join(", ", legal) + ", which the checkpoint does not say",
        "nothing");
  }

  /**
   * The loss of a timestep is weighted with w = min(snr, γ)/snr where the noise is predicted, with
   * min(snr, γ) for x_0 and with min(snr, γ)/(snr + 1) for v (Hang et al. 2023, section 3.4). γ is
   * far above 1/2, and at snr = 1/2 the three are 1, 1/2 and 1/3.
   */
  private Optional<String> objectiveOfWeights() throws IOException {
    Optional<float[]> weights = checkpoint.table("loss_weight");
    Optional<float[]> alphas = checkpoint.table("alphas_cumprod");
    if (weights.isEmpty() || alphas.isEmpty() || weights.get().length != alphas.get().length) {
      return Optional.empty();
    }
    int at = -1;
    double nearest = 2; // in nats, so that snr is below 4
    for (int t = 0; t < alphas.get().length; t++) {
      double snr = alphas.get()[t] / (1.0 - alphas.get()[t]);
      if (Math.abs(Math.log(2 * snr)) < nearest) {
        nearest = Math.abs(Math.log(2 * snr));
        at = t;
      }
    }
    if (at < 0) {
      return Optional.empty();
    }
    double snr = alphas.get()[at] / (1.0 - alphas.get()[at]);
    double[] expected = {1, snr, snr / (snr + 1)};
    for (int i = 0; i < expected.length; i++) {
      if (Math.abs(weights.get()[at] - expected[i]) < 1e-3 * expected[i]) {
        return Optional.of(OBJECTIVES.get(i));
      }
    }
    return Optional.empty();
  }
}
