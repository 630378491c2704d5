package io.ddpm4j.runtime.likelihood;

/** Told how far the evaluation of a batch is. Called on the thread that evaluates. */
@FunctionalInterface
public interface EvaluationListener {
  /**
   * After each call of the network.
   *
   * @param done calls of this batch so far
   * @param calls of the batch in all
   */
  void onCall(int done, int calls);

  /** Nobody. */
  static EvaluationListener none() {
    return (done, calls) -> {};
  }
}
