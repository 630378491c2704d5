package io.ddpm4j.runtime.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class SvgChartTest {
  private static final int RED = 0xe01010;

  private static Element svg(LineChart chart) throws Exception {
    byte[] text = chart.toSvg(400, 300).getBytes(StandardCharsets.UTF_8);
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(text))
        .getDocumentElement();
  }

  private static List<Element> all(Element svg, String tag) {
    NodeList nodes = svg.getElementsByTagName(tag);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }

  private static List<String> texts(Element svg) {
    return all(svg, "text").stream().map(Element::getTextContent).toList();
  }

  /** The strokes of the first line, each a list of points; of all that have no fill. */
  private static List<List<double[]>> strokes(Element svg) {
    Element line =
        all(svg, "path").stream()
            .filter(path -> path.getAttribute("fill").equals("none"))
            .findFirst()
            .orElseThrow();
    List<List<double[]>> strokes = new ArrayList<>();
    for (String stroke : line.getAttribute("d").substring(1).split("M")) {
      List<double[]> points = new ArrayList<>();
      for (String point : stroke.split("L")) {
        String[] xy = point.split(" ");
        points.add(new double[] {Double.parseDouble(xy[0]), Double.parseDouble(xy[1])});
      }
      strokes.add(points.subList(1, points.size())); // each begins with a line to its own start
    }
    return strokes;
  }

  @Test
  void pointsLieWhereTheAxesSay() throws Exception {
    double[] x = {0, 1, 2, 3, 4};
    Element svg =
        svg(new LineChart("").logY().line("", RED, x, new double[] {1, 10, 1e2, 1e3, 1e4}));
    List<double[]> points = strokes(svg).get(0);
    assertEquals(5, points.size());
    for (int i = 1; i < 5; i++) {
      assertEquals(
          points.get(1)[0] - points.get(0)[0], points.get(i)[0] - points.get(i - 1)[0], 0.2);
      assertEquals(
          points.get(1)[1] - points.get(0)[1], points.get(i)[1] - points.get(i - 1)[1], 0.2);
    }
    assertTrue(points.get(4)[1] < points.get(0)[1], "larger is higher");
    assertTrue(points.get(0)[0] > 0 && points.get(4)[0] < 400);
    double up = points.get(2)[1]; // the rule of the tick 100 goes through the third point
    assertTrue(
        all(svg, "path").stream()
            .anyMatch(p -> p.getAttribute("d").contains(String.format(Locale.ROOT, " %.1fL", up))),
        "a rule at " + up);
    assertTrue(texts(svg).containsAll(List.of("100", "10000", "0", "4")), texts(svg).toString());
  }

  @Test
  void gapsStayGapsAndAPointAloneIsADot() throws Exception {
    double[] x = {0, 1, 2, 3, 4, 5};
    double nan = Double.NaN;
    List<List<double[]>> strokes =
        strokes(svg(new LineChart("").line("", RED, x, new double[] {1, 2, nan, 3, nan, 4})));
    assertEquals(List.of(2, 1, 1), strokes.stream().map(List::size).toList());
  }

  @Test
  void ofManyPointsTheExtremesStay() throws Exception {
    int count = 100_000;
    Random random = new Random(5);
    double[] x = new double[count];
    double[] y = new double[count];
    for (int i = 0; i < count; i++) {
      x[i] = i;
      y[i] = random.nextDouble();
    }
    y[54_321] = 9;
    y[77_777] = -9;
    LineChart chart = new LineChart("").line("", RED, x, y);
    List<double[]> points = strokes(svg(chart)).get(0);
    assertTrue(points.size() <= 800, "points: " + points.size());
    double high = points.stream().mapToDouble(p -> p[1]).min().orElseThrow();
    double low = points.stream().mapToDouble(p -> p[1]).max().orElseThrow();
    double[] two = {0, 1};
    List<double[]> ends =
        strokes(svg(new LineChart("").line("", RED, two, new double[] {9, -9}))).get(0);
    assertEquals(ends.get(0)[1], high, 0.2);
    assertEquals(ends.get(1)[1], low, 0.2);
  }

  @Test
  void wordsAreWordsAndColoursCanBeReplaced() throws Exception {
    double[] x = {0, 1};
    Element svg =
        svg(
            new LineChart("a < b & 'c'")
                .xLabel("step")
                .yLabel("loss")
                .faint("raw", 0x0a0b0c, x, x)
                .line("mean", RED, x, x));
    assertTrue(
        texts(svg).containsAll(List.of("a < b & 'c'", "step", "loss", "raw", "mean")),
        texts(svg).toString());
    List<String> strokes =
        all(svg, "path").stream()
            .filter(p -> p.getAttribute("fill").equals("none"))
            .map(p -> p.getAttribute("style") + " " + p.getAttribute("stroke-opacity"))
            .toList();
    assertEquals(
        List.of("stroke:var(--chart-0a0b0c,#0a0b0c) 0.35", "stroke:var(--chart-e01010,#e01010) 1"),
        strokes,
        "the faint one is behind");
  }

  @Test
  void aChartOfNothingSaysSo() throws Exception {
    assertTrue(texts(svg(new LineChart("Loss").logY())).contains("no data"));
    double[] one = {3};
    assertTrue(!texts(svg(new LineChart("").line("", RED, one, one))).contains("no data"));
    assertThrows(IllegalArgumentException.class, () -> new LineChart("").toSvg(100, 100));
  }

  @Test
  void aMarkedLineHasADotAtEachPointThatHasAPlace() throws Exception {
    double[] x = {0, 1, 10, 100};
    Element svg =
        svg(new LineChart("").logX().marked("", RED, x, new double[] {1, 2, Double.NaN, 4}));
    List<Element> dots = all(svg, "circle");
    assertEquals(2, dots.size());
    double first = Double.parseDouble(dots.get(0).getAttribute("cx"));
    double second = Double.parseDouble(dots.get(1).getAttribute("cx"));
    double ten =
        all(svg, "text").stream()
            .filter(text -> text.getTextContent().equals("10"))
            .mapToDouble(text -> Double.parseDouble(text.getAttribute("x")))
            .findFirst()
            .orElseThrow();
    assertEquals(ten - first, second - ten, 0.2, "1, 10 and 100 are as far apart");
  }
}
