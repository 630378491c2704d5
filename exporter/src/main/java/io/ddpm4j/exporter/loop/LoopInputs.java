package io.ddpm4j.exporter.loop;

/** The names by which a loop's inputs and output are known. */
public final class LoopInputs {
  private LoopInputs() {}

  /** float (N, C, H, W): what the run starts from, standard normal. */
  public static final String NOISE = "noise";

  /** float (steps, N, C, H, W): the noise of the steps, standard normal; of stochastic methods. */
  public static final String STEP_NOISE = "step_noise";

  /** int64 (N): the classes; of a conditional network. */
  public static final String CLASS_LABELS = "class_labels";

  /** float scalar: 1 for no guidance; of a network that knows a label for no class. */
  public static final String GUIDANCE = "guidance";

  /** int64 scalar: what the noise is made of, in place of noise. */
  public static final String SEED = "seed";

  /** int64 scalar: how many images are made of a seed, where no other input says it. */
  public static final String COUNT = "count";

  /** The images. */
  public static final String IMAGES = "images";
}
