package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

/**
 * What a run measures and tells of itself, beside the metrics of its steps. Nothing of it changes
 * the weights, but that images which are held out are not trained on.
 *
 * @param validationEvery steps between measurements of the validation loss; 0 for none
 * @param validationImages images that the network is shown for one
 * @param validationShare share of the images that is held out for it, in [0, 1), of data without a
 *     test split; 0 for no validation of such data
 * @param tensorboard whether event files for TensorBoard are written
 */
public record ReportingConfig(
    long validationEvery, int validationImages, double validationShare, boolean tensorboard) {
  /** Everything, as often as it costs little. */
  public static final ReportingConfig DEFAULTS = new ReportingConfig(500, 256, 0.05, true);

  /** Nothing, as in runs of versions that knew none of it: all images are trained on. */
  public static final ReportingConfig NONE = new ReportingConfig(0, 256, 0, false);

  /** Refuses numbers outside their range. */
  public ReportingConfig {
    require(validationEvery >= 0, "--validation-every", "0 or more", validationEvery);
    require(validationImages > 0, "--validation-images", "at least 1", validationImages);
    require(
        validationShare >= 0 && validationShare < 1,
        "--validation-share",
        "a number from 0 to below 1",
        validationShare);
  }
}
