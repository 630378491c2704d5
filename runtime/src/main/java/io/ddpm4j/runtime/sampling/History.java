package io.ddpm4j.runtime.sampling;

/** The last outputs of the network in one run, for multistep methods; the oldest gives way. */
final class History {
  private final float[][] arrays;
  private int newest;

  /**
   * Takes {@code capacity} of the run's buffers.
   *
   * @param firstBuffer the number of the first
   */
  History(SamplingRun run, int firstBuffer, int capacity) {
    arrays = new float[capacity][];
    for (int i = 0; i < capacity; i++) {
      arrays[i] = run.buffer(firstBuffer + i);
    }
  }

  /** The array for the next output: the oldest one's. */
  float[] push() {
    newest = (newest + 1) % arrays.length;
    return arrays[newest];
  }

  /**
   * An earlier output.
   *
   * @param back 0 for the newest, below the capacity
   */
  float[] get(int back) {
    return arrays[Math.floorMod(newest - back, arrays.length)];
  }
}
