package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private long millis = 1_000_000;

  private ProgressBar bar(boolean live, int columns) {
    PrintStream err = new PrintStream(written, true);
    return new ProgressBar(
        new Terminal(err, err, live, columns, () -> millis * 1_000_000, Interrupts.none()),
        "Sampling");
  }

  private List<String> frames() {
    List<String> frames = new ArrayList<>(Arrays.asList(written.toString().split("\r")));
    frames.remove("");
    frames.replaceAll(frame -> frame.replace("\u001b[K", ""));
    return frames;
  }

  @Test
  void onATerminalOneLineIsDrawnAgainAndTakenAway() {
    try (ProgressBar bar = bar(true, 80)) {
      bar.update(0, 100, "step 0/100");
      millis += 5_000;
      bar.update(25, 100, "step 25/100");
    }
    assertEquals(
        List.of(
            "Sampling [>                             ]   0 %  step 0/100",
            "Sampling [=======>                      ]  25 %  step 25/100  0:15 left", ""),
        frames());
    assertTrue(written.toString().endsWith("\r\u001b[K"));
  }

  @Test
  void drawnAtMostTenTimesASecond() {
    ProgressBar bar = bar(true, 80);
    for (int i = 0; i < 1000; i++) {
      bar.update(i, 1000, "");
      millis += 1;
    }
    assertEquals(10, frames().size());
  }

  @Test
  void fitsTheWidth() {
    for (int columns = 20; columns < 120; columns++) {
      written.reset();
      bar(true, columns).update(1, 2, "step 1/2, images 1-16 of 64");
      String frame = frames().get(0);
      assertTrue(frame.length() < columns, columns + ": " + frame);
      assertTrue(frame.startsWith("Sampling "), frame);
    }
  }

  @Test
  void elsewhereAPlainLineEveryTenSeconds() {
    ProgressBar bar = bar(false, 80);
    for (int second = 0; second <= 35; second++) {
      bar.update(second, 70, "step " + second);
      millis += 1000;
    }
    bar.close();
    assertEquals(
        List.of(
            "Sampling 14 %  step 10  1:00 left",
            "Sampling 28 %  step 20  0:50 left", "Sampling 42 %  step 30  0:40 left"),
        written.toString().lines().toList());
  }

  @Test
  void eachStageHasAClockOfItsOwn() {
    ProgressBar bar = bar(false, 80);
    bar.stage("features", 100, 1000);
    millis += 1_000_000; // a long stage
    bar.stage("features", 600, 1000);
    bar.stage("kernel distance", 1, 100);
    millis += 60_000;
    bar.stage("kernel distance", 11, 100);
    millis += 60_000;
    bar.stage("kernel distance", 21, 100);
    assertEquals(
        List.of(
            "Sampling 60 %  features, 0.5 images/s  13:20 left",
            "Sampling 11 %  kernel distance  8:54 left",
            "Sampling 21 %  kernel distance  7:54 left"),
        written.toString().lines().toList());
  }

  @Test
  void linesStayAboveTheBar() {
    ProgressBar bar = bar(true, 80);
    bar.update(1, 2, "");
    bar.println("wrote a.png");
    bar.update(1, 2, "");
    List<String> frames = frames();
    assertEquals(3, frames.size());
    assertEquals("wrote a.png" + System.lineSeparator(), frames.get(1));
  }

  @Test
  void clock() {
    assertEquals("0:07", ProgressBar.clock(7.2));
    assertEquals("59:59", ProgressBar.clock(3599));
    assertEquals("1:01:01", ProgressBar.clock(3661));
  }
}
