package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ddpm train --dry-run}. */
class DryRunTest {
  private static final long SECOND = 1_000_000_000L;
  private static final String MEASURING = "Measuring a few steps on this machine:";

  @TempDir Path dir;

  private static Object[] arguments(Path out, Object... options) {
    Object[] fixed = {"train", "--out", out};
    return Stream.of(fixed, TrainCommandTest.SMALL, options).flatMap(Stream::of).toArray();
  }

  private static CommandRun train(Path out, Object... options) {
    return CommandRun.of(arguments(out, options));
  }

  @Test
  void aDryRunShowsTheRunAndWritesNothing() throws IOException {
    Path run = dir.resolve("run");
    CommandRun shown =
        train(run, "--steps", 100, "--sample-every", 40, "--checkpoint-every", 30, "--dry-run");
    assertEquals(0, shown.exitCode(), shown.err()); // on a slow machine progress stands there
    shown.prints(
        run + ": 6000 generated images of 8x8x3",
        "6 classes; steps 1 to 100",
        "1 ResNet, half the size",
        "1 ResNet with attention",
        "8x4x4",
        "images/s: a step of 4 images takes",
        "100 steps, 3 sample grids of ",
        "1 validations of ",
        run.resolve("run.json") + ", dataset.json, metrics.csv, loss.png, report.html",
        "checkpoints/: 4, of which 2 stay",
        "samples/: 3 grids of 4 images",
        "Nothing was written");
    assertFalse(Files.exists(run));
    try (var all = Files.list(dir)) {
      assertEquals(0, all.count());
    }
    assertEquals(0, train(run, "--steps", 1, "--sample-every", 0).exitCode());
    String parameters =
        shown.out().lines().filter(line -> line.startsWith("all ")).findFirst().orElseThrow();
    Path model = run.resolve("model.onnx");
    CommandRun.of("export", run).succeeds();
    String count = parameters.substring(parameters.lastIndexOf(' ') + 1);
    assertTrue(CommandRun.of("inspect", model).succeeds().out().contains(count), parameters);
    train(run, "--dry-run").failsSaying(run + ": expected a folder without a run, found one with");
    train(dir.resolve("other"), "--dry-run", "--image-size", 9).isWrongUsage("--image-size:");
    CommandRun.of("train", "--resume", "--out", run, "--dry-run")
        .isWrongUsage("--dry-run does not apply with --resume");
  }

  /**
   * Standard output and error in one, as a terminal shows them; each look at the clock takes so
   * long.
   */
  private String shown(boolean live, long nanos, Object... options) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream both = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    AtomicLong clock = new AtomicLong();
    Terminal terminal =
        new Terminal(both, both, live, 80, () -> clock.addAndGet(nanos), Interrupts.none());
    assertEquals(Main.OK, Main.run(texts(options), terminal));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private String[] texts(Object... options) {
    Object[] all =
        Stream.of(new Object[] {"--dry-run", "--steps", 3}, options).flatMap(Stream::of).toArray();
    return Arrays.stream(arguments(dir.resolve("run"), all))
        .map(Object::toString)
        .toArray(String[]::new);
  }

  private static void inThisOrder(String text, String... parts) {
    int from = 0;
    for (String part : parts) {
      int at = text.indexOf(part, from);
      assertTrue(at >= 0, "'" + part + "' after " + from + " in: " + text);
      from = at + part.length();
    }
  }

  @Test
  void onATerminalABarStandsBelowWhatIsKnownAtOnce() {
    String shown = shown(true, SECOND);
    inThisOrder(
        shown,
        ": 6000 generated images",
        "\nconv_in ",
        "\nall ",
        "\n" + MEASURING + "\n",
        "\rMeasuring [>                             ]   0 %  the train graph",
        "\rMeasuring [",
        "%  step 3 of 3",
        "%  the validation loss",
        "%  a checkpoint and a sample grid",
        "\r\u001b[Kmemory ", // the bar is taken away
        "speed ",
        "time ");
    assertFalse(shown.contains("left"), "how long each part takes is not known");
  }

  @Test
  void elsewhereThereArePlainLines() {
    inThisOrder(
        shown(false, 11 * SECOND),
        "\nall ",
        "\n" + MEASURING + "\n",
        "Measuring 0 %  the train graph\n",
        "Measuring 12 %  a step to warm up\n",
        "Measuring 25 %  step 1 of 3\n",
        "memory ");
    String quick = shown(false, 1);
    inThisOrder(quick, "\nall ", "\n" + MEASURING + "\nmemory ");
  }

  @Test
  void anInterruptEndsTheMeasurement() {
    Interrupts interrupts = Interrupts.none();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out =
        new PrintStream(bytes, true, StandardCharsets.UTF_8) {
          @Override
          public void println(String line) {
            super.println(line);
            if (line.equals(MEASURING)) {
              interrupts.cancellation().cancel();
            }
          }
        };
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    PrintStream err = new PrintStream(said, true, StandardCharsets.UTF_8);
    Terminal terminal = new Terminal(out, err, false, 80, System::nanoTime, interrupts);
    assertEquals(Main.INTERRUPTED, Main.run(texts(), terminal));
    assertEquals(
        List.of("ddpm: interrupted"), said.toString(StandardCharsets.UTF_8).lines().toList());
    String shown = bytes.toString(StandardCharsets.UTF_8);
    assertTrue(shown.contains(MEASURING) && !shown.contains("memory "), shown);
    assertFalse(Files.exists(dir.resolve("run")));
  }
}
