package io.ddpm4j.cli;

import java.io.PrintStream;
import java.util.function.LongSupplier;

/**
 * Where a command writes.
 *
 * @param out what was asked for
 * @param err progress and errors
 * @param live whether {@code err} is a terminal on which a line can be drawn again
 * @param columns the width of that terminal
 * @param nanoTime the clock of progress bars
 * @param interrupts Ctrl-C
 */
record Terminal(
    PrintStream out,
    PrintStream err,
    boolean live,
    int columns,
    LongSupplier nanoTime,
    Interrupts interrupts) {
  static final int DEFAULT_COLUMNS = 80;
  private static final int NARROWEST = 20;

  /** Files and pipes: nothing is drawn again. */
  static Terminal plain(PrintStream out, PrintStream err) {
    return new Terminal(out, err, false, DEFAULT_COLUMNS, System::nanoTime, Interrupts.none());
  }

  /** The streams of this process. */
  static Terminal ofProcess() {
    return new Terminal(
        System.out,
        System.err,
        isLive(),
        columnsOfProcess(),
        System::nanoTime,
        Interrupts.ofProcess());
  }

  /**
   * The launcher knows whether standard error is a terminal. Java alone only knows whether standard
   * input and output both are, and from 22 on has a console even where neither is.
   */
  private static boolean isLive() {
    String term = System.getenv("TERM");
    if (term == null || term.equals("dumb")) {
      return false;
    }
    String known = System.getProperty("ddpm4j.stderr");
    return known == null
        ? Runtime.version().feature() < 22 && System.console() != null
        : known.equals("terminal");
  }

  private static int columnsOfProcess() {
    String columns = System.getProperty("ddpm4j.columns", System.getenv("COLUMNS"));
    try {
      int width = Integer.parseInt(columns);
      return width == 0 ? DEFAULT_COLUMNS : Math.max(NARROWEST, width); // 0: it does not know
    } catch (NumberFormatException e) { // unset, or not a number
      return DEFAULT_COLUMNS;
    }
  }
}
