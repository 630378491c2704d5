package io.ddpm4j.exporter.loop;

/** How the steps of a method use their noise z, standard normal numbers of the images' shape. */
public enum NoiseUse {
  /** Not at all. */
  NONE,
  /** scale·z, added to x before x_0 is predicted, after the network saw x. */
  BEFORE,
  /** scale·z, at the end of the step. */
  AFTER,
  /** scale·√v·z, where v, at least 1e-20, is the second half of the network's output. */
  LEARNED,
  /** scale·e^{(v+1)/2·logRange}·z (Nichol and Dhariwal 2021, eq. 15). */
  LEARNED_RANGE;

  /** Whether the network's output says the deviation. */
  public boolean isLearned() {
    return this == LEARNED || this == LEARNED_RANGE;
  }
}
