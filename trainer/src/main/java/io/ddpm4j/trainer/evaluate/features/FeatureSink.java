package io.ddpm4j.trainer.evaluate.features;

/** Takes what a network says of images, some hundred at a time. */
public interface FeatureSink {
  /**
   * Takes the next images, in order.
   *
   * @param from number of the first
   */
  void take(int from, NetworkOutput images);
}
