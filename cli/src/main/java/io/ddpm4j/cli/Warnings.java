package io.ddpm4j.cli;

import java.util.function.Consumer;

/** Shows the first warnings and counts the rest: a folder may hold thousands of bad images. */
final class Warnings implements Consumer<String> {
  private static final int SHOWN = 10;

  private final Terminal terminal;
  private int count;

  Warnings(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public void accept(String sentence) {
    if (++count <= SHOWN) {
      terminal.err().println("ddpm: warning: " + sentence);
    }
  }

  /** Says how many there were, when not all were shown. */
  void summarize() {
    if (count > SHOWN) {
      terminal.err().println("ddpm: warning: " + count + " in all, " + (count - SHOWN) + " more");
    }
  }
}
