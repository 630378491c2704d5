package io.ddpm4j.runtime.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LineChartTest {
  private static final int AXIS = 0xb4bcc4;
  private static final int RED = 0xe01010;

  @ParameterizedTest
  @CsvSource({
    "0, 1, 0 0.2 0.4 0.6 0.8 1",
    "1, 2000, 0 500 1000 1500 2000",
    "0.033, 0.041, 0.032 0.034 0.036 0.038 0.04 0.042",
    "-3, 3, -3 -2 -1 0 1 2 3",
    "0, 20000, 0 5k 10k 15k 20k",
    "0, 3e7, 0M 5M 10M 15M 20M 25M 30M",
    "0, 3e-6, 0 5e-7 1e-6 1.5e-6 2e-6 2.5e-6 3e-6",
    "5, 5, 2 3 4 5 6 7 8"
  })
  void linearTicksAreRoundNumbersAroundTheData(double min, double max, String labels) {
    ChartAxis axis = ChartAxis.linear(min, max, true);
    assertEquals(labels.replace("0M 5M", "0 5M"), labels(axis));
    assertTrue(axis.min <= min && axis.max >= max);
  }

  @ParameterizedTest
  @CsvSource({
    "0.02, 1.2, 0.02 0.05 0.1 0.2 0.5 1",
    "0.033, 0.041, 0.03 0.04 0.05",
    "0.001, 100, 0.001 0.01 0.1 1 10 100",
    "1e-6, 1e6, 1e-6 0.0001 0.01 1 100 10000 1e6"
  })
  void logarithmicTicksHaveRoom(double min, double max, String labels) {
    ChartAxis axis = ChartAxis.logarithmic(min, max);
    assertEquals(labels, labels(axis));
    assertEquals(0.5, axis.place(Math.sqrt(axis.min * axis.max)), 1e-12);
  }

  @Test
  void theLineGoesFromItsFirstToItsLastPoint() {
    BufferedImage image =
        new LineChart("").line("", RED, new double[] {0, 10}, new double[] {0, 1}).render(400, 300);
    int[] left = column(image, RED, 30, 60);
    int[] right = column(image, RED, 340, 370);
    assertTrue(left[0] > 0 && right[0] > 0, "drawn at both ends");
    assertTrue(left[1] > 230, "low at the left: y = " + left[1]);
    assertTrue(right[1] < 70, "high at the right: y = " + right[1]);
  }

  @Test
  void onALogarithmicAxisPowersAreStraight() {
    double[] x = {0, 1, 2, 3, 4};
    BufferedImage image =
        new LineChart("")
            .logY()
            .line("", RED, x, new double[] {1, 10, 100, 1e3, 1e4})
            .render(400, 300);
    int low = column(image, RED, 100, 110)[1];
    int middle = column(image, RED, 200, 210)[1];
    int high = column(image, RED, 300, 310)[1];
    assertEquals(low - middle, middle - high, 3);
    assertTrue(low > middle);
  }

  @Test
  void powersAreAsFarApartOnALogarithmicAxisAcross() {
    double[] x = {0, 1, 10, 100, 1e3, 1e4}; // 0 has no place
    double[] y = {9, 0, 1, 2, 3, 4};
    BufferedImage line = new LineChart("").logX().line("", RED, x, y).render(400, 300);
    int low = column(line, RED, 100, 110)[1];
    int middle = column(line, RED, 200, 210)[1];
    int high = column(line, RED, 300, 310)[1];
    assertEquals(low - middle, middle - high, 3);
    assertTrue(low > middle);
    BufferedImage marked = new LineChart("").logX().marked("", RED, x, y).render(400, 300);
    assertTrue(
        column(marked, RED, 0, 400)[0] > column(line, RED, 0, 400)[0] + 5 * 15, "five dots more");
  }

  /** How many places of the axis below the frame have a tick. */
  private static int ticks(BufferedImage image) {
    int most = 0;
    for (int y = image.getHeight() / 2; y < image.getHeight(); y++) {
      int runs = 0;
      for (int x = 1; x < image.getWidth(); x++) {
        boolean here = (image.getRGB(x, y) & 0xffffff) == AXIS;
        runs += here && (image.getRGB(x - 1, y) & 0xffffff) != AXIS ? 1 : 0;
      }
      most = Math.max(most, runs);
    }
    return most;
  }

  @Test
  void theAxisAcrossIsLabelledWhereThatIsAskedFor() {
    double[] x = {5, 10, 20, 50, 100, 1000};
    LineChart chart = new LineChart("").xLabel("steps").logX().line("", RED, x, x);
    assertEquals(5, ticks(chart.xTicks(5, 20, 100, 101, 500, 1000, 9000).render(900, 300)));
    assertEquals(6, ticks(chart.xTicks(x).render(900, 300)));
    assertTrue(ticks(chart.xTicks().render(900, 300)) != 6);
  }

  @Test
  void valuesThatHaveNoPlaceLeaveAGap() {
    double[] x = {0, 1, 2, 3, 4, 5};
    for (double hole : new double[] {Double.NaN, Double.POSITIVE_INFINITY, 0, -1}) {
      BufferedImage image =
          new LineChart("")
              .logY()
              .line("", RED, x, new double[] {1, 1, hole, hole, 1, 1})
              .render(400, 300);
      assertTrue(column(image, RED, 40, 100)[0] > 0);
      assertEquals(0, column(image, RED, 180, 230)[0], "gap at " + hole);
      assertTrue(column(image, RED, 320, 380)[0] > 0);
    }
  }

  @Test
  void faintIsPalerThanALineAndBehindIt() {
    double[] x = {0, 1};
    double[] y = {1, 1};
    BufferedImage faint = new LineChart("").faint("", RED, x, y).render(400, 300);
    assertEquals(0, column(faint, RED, 0, 400)[0]);
    BufferedImage both =
        new LineChart("").line("", RED, x, y).faint("", 0x0000ff, x, y).render(400, 300);
    assertTrue(column(both, RED, 200, 201)[0] > 0);
  }

  @Test
  void aChartOfNothingSaysSo() {
    BufferedImage none = new LineChart("Loss").logY().xLabel("step").render(400, 300);
    BufferedImage hollow =
        new LineChart("Loss")
            .logY()
            .xLabel("step")
            .line("", RED, new double[] {0, 1}, new double[] {Double.NaN, -1})
            .render(400, 300);
    assertTrue(column(none, 0x5c6873, 180, 230)[0] > 20);
    assertTrue(column(hollow, 0x5c6873, 180, 230)[0] > 20);
    new LineChart("").line("one", RED, new double[] {3}, new double[] {7}).render(240, 160);
  }

  @Test
  void nonsenseIsRefused() {
    LineChart chart = new LineChart("");
    assertThrows(
        IllegalArgumentException.class, () -> chart.line("a", RED, new double[2], new double[3]));
    assertThrows(IllegalArgumentException.class, () -> chart.render(100, 100));
  }

  private static String labels(ChartAxis axis) {
    List<Double> ticks = axis.ticks;
    return ticks.stream().map(axis::label).collect(Collectors.joining(" "));
  }

  /** Count and mean y of the pixels of a colour between two x. */
  private static int[] column(BufferedImage image, int rgb, int from, int to) {
    int count = 0;
    int sum = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = from; x < to; x++) {
        if ((image.getRGB(x, y) & 0xffffff) == rgb) {
          count++;
          sum += y;
        }
      }
    }
    return new int[] {count, count == 0 ? -1 : sum / count};
  }
}
