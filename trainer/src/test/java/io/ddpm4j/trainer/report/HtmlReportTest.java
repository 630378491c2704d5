package io.ddpm4j.trainer.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.PngWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HtmlReportTest {
  @TempDir Path folder;

  private static History history(int rows, int validationEvery) {
    History history = new History();
    for (int step = 1; step <= rows; step++) {
      Map<Column, Double> row = new EnumMap<>(Column.class);
      for (Column column : Column.values()) {
        boolean validation = column.name().startsWith("VALIDATION");
        if (!validation || validationEvery > 0 && step % validationEvery == 0) {
          row.put(column, 1.0 / step);
        }
      }
      row.put(Column.STEP, (double) step);
      history.add(row);
    }
    return history;
  }

  private List<HtmlReport.Grid> grids(int count) throws IOException {
    List<HtmlReport.Grid> grids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Path file = folder.resolve("step-" + i + ".png");
      BufferedImage image = new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB);
      image.setRGB(0, 0, i);
      PngWriter.write(file, image, Map.of());
      grids.add(new HtmlReport.Grid(100L * i, file));
    }
    return grids;
  }

  private static HtmlReport.Content content(History history, List<HtmlReport.Grid> grids) {
    return new HtmlReport.Content(
        new Facts("my <run> & \"more\"", Map.of("steps", "7 of 9")),
        history,
        1000,
        grids,
        List.of(new Facts("Optimizer", Map.of("Epsilon", "1e-8"))));
  }

  private static List<String> found(String pattern, String page) {
    Matcher matcher = Pattern.compile(pattern).matcher(page);
    List<String> found = new ArrayList<>();
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }

  @Test
  void nothingIsLoadedFromElsewhere() throws IOException {
    String page = HtmlReport.page(content(history(30, 10), grids(2)));
    assertFalse(page.contains("<script"), "no scripts");
    assertFalse(page.contains("<link"), "no style sheets");
    assertFalse(page.contains("@import"), "no style sheets");
    assertEquals(List.of(), found("url\\(([^)]*)", page));
    for (String source : found("(?:src|href)=.([^\"']{0,30})", page)) {
      assertTrue(source.startsWith("data:image/png;base64,"), source);
    }
    assertEquals( // the name of SVG, from which nothing is loaded
        List.of(), found("(https?://(?!www\\.w3\\.org/2000/svg)[^\"' ]*)", page));
  }

  @Test
  void whatIsToldStandsThere() throws IOException {
    String page = HtmlReport.page(content(history(30, 10), List.of()));
    assertTrue(page.contains("<title>my &lt;run> &amp; &quot;more&quot;</title>"), "escaped");
    assertTrue(page.contains("<dt>steps</dt><dd>7 of 9</dd>"));
    assertTrue(page.contains("<h3>Optimizer</h3>"));
    assertTrue(page.contains("<th>Epsilon</th><td>1e-8</td>"));
    assertTrue(page.contains("prefers-color-scheme: dark"));
    assertFalse(page.contains("<h2>Samples"), "there are none");
    List<String> charts = found("aria-label='([^']*)'", page);
    assertEquals(
        List.of(
            "Loss",
            "Validation loss by quarter of the timesteps",
            "Gradient norm",
            "Learning rate",
            "Speed"),
        charts);
    assertEquals(
        List.of("t 0-249", "t 250-499", "t 500-749", "t 750-999"),
        found(">(t [0-9]+-[0-9]+)<", page));
    assertEquals(
        List.of("Loss", "Gradient norm", "Learning rate", "Speed"),
        found("aria-label='([^']*)'", HtmlReport.page(content(history(30, 0), List.of()))));
  }

  @Test
  void aReportOfNothing() throws IOException {
    String page = HtmlReport.page(content(new History(), List.of()));
    assertEquals(4, found(">(no data)<", page).size());
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "3, 2 0 1", "9, 8 0 1 2 3 4 5 6 7", "41, 40 0 5 10 15 20 25 30 35"})
  void theNewestSamplesComeFirstAndOthersAreSpread(int count, String shown) throws IOException {
    List<HtmlReport.Grid> grids = grids(count);
    String page = HtmlReport.page(content(history(3, 0), grids));
    List<String> images = found("data:image/png;base64,([A-Za-z0-9+/=]*)", page);
    List<String> steps = found("<figcaption>step ([0-9]+)<", page);
    String[] expected = shown.split(" ");
    assertEquals(expected.length, images.size());
    for (int i = 0; i < expected.length; i++) {
      HtmlReport.Grid grid = grids.get(Integer.parseInt(expected[i]));
      assertEquals(Long.toString(grid.step()), steps.get(i));
      assertArrayEquals(Files.readAllBytes(grid.file()), Base64.getDecoder().decode(images.get(i)));
    }
  }

  @Test
  void aGridThatCannotBeReadIsNamed() {
    Path gone = folder.resolve("gone.png");
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                HtmlReport.write(
                    folder.resolve("report.html"),
                    content(history(3, 0), List.of(new HtmlReport.Grid(1, gone)))));
    assertTrue(e.getMessage().startsWith("cannot read " + gone), e.getMessage());
    assertFalse(Files.exists(folder.resolve("report.html")));
  }

  @Test
  void aJsonObjectIsATableForEachObjectInIt() {
    List<Facts> tables =
        Facts.ofJson(
            """
            {"network": {"labelDropout": 0.1, "channels": [32, 64], "inner": {"a": true}},
             "run": {"sampleEvery": 500, "labels": null, "emaDecay": 1.0E-8, "rate": 1.0E-4}, "init": null}
            """);
    assertEquals(List.of("Network", "Run"), tables.stream().map(Facts::title).toList());
    Map<String, String> network = new LinkedHashMap<>();
    network.put("Label dropout", "0.1");
    network.put("Channels", "32, 64");
    network.put("Inner, a", "true");
    assertEquals(
        new ArrayList<>(network.entrySet()), new ArrayList<>(tables.get(0).values().entrySet()));
    assertEquals(
        Map.of("Sample every", "500", "EMA decay", "1e-8", "Rate", "0.0001"),
        tables.get(1).values());
  }

  @Test
  void quartersOfAnyNumberOfTimesteps() {
    assertEquals("t 0-12", Charts.timesteps(0, 50)); // below 12.5
    assertEquals("t 13-24", Charts.timesteps(1, 50));
    assertEquals("t 38-49", Charts.timesteps(3, 50));
  }
}
