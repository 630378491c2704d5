package io.ddpm4j.cli;

/**
 * What a runtime made of a case.
 *
 * @param values the output, of all images or the first few; null where it was refused
 * @param milliseconds that it took
 * @param refused why the runtime does not load the graph; null where it does
 */
record RuntimeResult(double[] values, double milliseconds, String refused) {

  /** The largest difference from what is expected of the same images. */
  double largestDifference(double[] expected) {
    double largest = 0;
    for (int i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i] - expected[i])); // NaN stays
    }
    return largest;
  }
}
