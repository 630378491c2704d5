package io.ddpm4j.exporter.convert;

import java.util.Optional;
import java.util.regex.Pattern;

/** Tensors that lie beside a network in a checkpoint, and that its output does not depend on. */
enum Leftover {
  /** Moments and scales of a training. */
  OPTIMIZER(
      "(?:opt|optimizer|optim|scaler|lr_scheduler|optimizer_states?|lr_schedulers)\\..*",
      "the optimizer's state"),

  /** Of PyTorch Lightning. */
  TRAINER("(?:callbacks|loops|hparams|hyper_parameters)\\..*", "the training loop's state"),

  /** Early versions of diffusers saved the frequencies of a Fourier embedding twice. */
  FREQUENCIES("time_proj\\.W", "a second copy of time_proj.weight"),

  /** Of {@code Trainer} and {@code EMA}. */
  COUNTER("(?:step|initted|num_updates|epoch|version)", "a counter"),

  /** What {@code GaussianDiffusion} keeps: β, ᾱ and what follows from them. */
  DIFFUSION(
      "(?:betas|alphas_cumprod|alphas_cumprod_prev|sqrt_alphas_cumprod"
          + "|sqrt_one_minus_alphas_cumprod|log_one_minus_alphas_cumprod"
          + "|sqrt_recip_alphas_cumprod|sqrt_recipm1_alphas_cumprod|posterior_variance"
          + "|posterior_log_variance_clipped|posterior_mean_coef1|posterior_mean_coef2"
          + "|p2_loss_weight|loss_weight|snr)",
      "a table of the noise schedule");

  private final Pattern name;
  private final String what;

  Leftover(String regex, String what) {
    this.name = Pattern.compile("(?:.*\\.)?" + regex);
    this.what = what;
  }

  /** What a tensor of that name is; empty if it is none of these. */
  static Optional<String> of(String name) {
    for (Leftover leftover : values()) {
      if (leftover.name.matcher(name).matches()) {
        return Optional.of(leftover.what);
      }
    }
    return Optional.empty();
  }
}
