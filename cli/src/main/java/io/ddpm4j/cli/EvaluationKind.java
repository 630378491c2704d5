package io.ddpm4j.cli;

import java.io.IOException;
import java.util.Set;

/**
 * One kind of figure that {@code evaluate} measures, with the options of its own. {@link
 * EvaluateCommand} lists them all; the first that is wanted is measured.
 */
interface EvaluationKind {
  /** The option that asks for it. */
  String option();

  /** Whether the user asks for it. */
  boolean isWanted();

  /** Every option of its own, {@link #option} among them; the others are refused beside it. */
  Set<String> options();

  /** Refuses options that contradict each other, before anything is read. */
  void requireConsistent();

  /**
   * Measures it, writes its files and says what was found.
   *
   * @return the exit code
   * @throws UsageException if an option does not suit the model or the data
   * @throws IOException if a file cannot be read or written
   */
  int evaluate(EvaluationInputs inputs) throws IOException;
}
