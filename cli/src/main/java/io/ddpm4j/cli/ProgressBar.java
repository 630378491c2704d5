package io.ddpm4j.cli;

import java.util.Locale;

/**
 * How far a long command is. On a terminal one line that is drawn again at most ten times a second
 * and is gone after {@link #close}; elsewhere, such as in a log file, a plain line now and then.
 */
final class ProgressBar implements AutoCloseable {
  private static final long SECOND = 1_000_000_000L;
  private static final long LIVE_INTERVAL = SECOND / 10;
  private static final long PLAIN_INTERVAL = 10 * SECOND;
  private static final String FEATURES = "features"; // a stage that counts images
  private static final int WIDEST_BAR = 30;
  private static final int NARROWEST_BAR = 8;

  private final Terminal terminal;
  private final String title;
  private final long start;
  private long last;
  private boolean drawn;
  private String stage = ""; // that is under way
  private long stageBegan; // when it was first heard of
  private long stageDone; // what it had done then

  /** A bar that is first seen with the first {@link #update}. */
  ProgressBar(Terminal terminal, String title) {
    this.terminal = terminal;
    this.title = title;
    this.start = terminal.nanoTime().getAsLong();
    // A terminal shows a bar at once; a log is left alone by what takes less than the interval.
    this.last = terminal.live() ? start - LIVE_INTERVAL : start;
  }

  /** Shows {@code done} of {@code total}, with the time left as the bar has measured it. */
  void update(long done, long total, String details) {
    long now = terminal.nanoTime().getAsLong();
    double seconds = (now - start) / (double) SECOND;
    update(done, total, details, done == 0 ? -1 : seconds * (total - done) / done);
  }

  /**
   * Shows {@code done} of {@code total} of one of several stages, each of which takes its own time:
   * what is left is that of the stage.
   *
   * @param name of the stage; that of images is said with their rate
   */
  void stage(String name, long done, long total) {
    long now = terminal.nanoTime().getAsLong();
    if (!name.equals(stage) || done < stageDone) {
      stage = name;
      stageBegan = now;
      stageDone = done;
    }
    double perSecond = (done - stageDone) / ((now - stageBegan) / (double) SECOND);
    boolean known = done > stageDone && now > stageBegan;
    String rate =
        known && name.equals(FEATURES)
            ? String.format(Locale.ROOT, ", %.1f images/s", perSecond)
            : "";
    update(done, total, name + rate, known ? (total - done) / perSecond : -1);
  }

  /**
   * Shows {@code done} of {@code total}.
   *
   * @param details what else to say
   * @param secondsLeft negative or NaN where it is not known
   */
  void update(long done, long total, String details, double secondsLeft) {
    long now = terminal.nanoTime().getAsLong();
    // In a log the lines grow rarer, so that a night of training leaves some hundred.
    long plain = Math.max(PLAIN_INTERVAL, (now - start) / 20);
    if (now - last < (terminal.live() ? LIVE_INTERVAL : plain)) {
      return;
    }
    last = now;
    double fraction = total == 0 ? 1 : Math.min(1, done / (double) total);
    String left = secondsLeft >= 0 ? "  " + clock(secondsLeft) + " left" : "";
    String percent = String.format(Locale.ROOT, "%3d %%", (int) (100 * fraction));
    String text = percent + "  " + details + left;
    if (!terminal.live()) {
      terminal.err().println(title + " " + text.strip());
      terminal.err().flush();
      return;
    }
    int widest = terminal.columns() - 1; // a full line would wrap on some terminals
    int room = widest - title.length() - text.length() - 4;
    String bar = room < NARROWEST_BAR ? "" : bar(fraction, Math.min(room, WIDEST_BAR)) + " ";
    String line = title + " " + bar + text;
    terminal.err().print("\r" + line.substring(0, Math.min(widest, line.length())) + "\u001b[K");
    terminal.err().flush();
    drawn = true;
  }

  /** Prints a line that stays, above the bar. */
  void println(String line) {
    erase();
    terminal.err().println(line);
    terminal.err().flush();
    last = terminal.live() ? last - LIVE_INTERVAL : last;
  }

  /** Takes the bar away. Idempotent. */
  @Override
  public void close() {
    erase();
  }

  private void erase() {
    if (drawn) {
      terminal.err().print("\r\u001b[K");
      terminal.err().flush();
      drawn = false;
    }
  }

  private static String bar(double fraction, int width) {
    int full = (int) (fraction * width);
    return "["
        + "=".repeat(full)
        + (full < width ? ">" : "") // the head moves in front
        + " ".repeat(Math.max(0, width - full - 1))
        + "]";
  }

  /** 7 becomes 0:07, 3661 becomes 1:01:01. */
  static String clock(double seconds) {
    long s = Math.round(seconds);
    return s < 3600
        ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  }
}
