package io.ddpm4j.exporter.convert;

/**
 * Where a parameter of our network comes from.
 *
 * @param name of the checkpoint's tensor, without what stands before the network's names
 */
record Origin(String name, Transform transform) {
  /** The tensor of that name as it is. */
  static Origin of(String name) {
    return new Origin(name, Transform.NONE);
  }
}
