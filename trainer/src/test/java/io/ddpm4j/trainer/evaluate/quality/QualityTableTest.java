package io.ddpm4j.trainer.evaluate.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.evaluate.distance.KernelDistance;
import io.ddpm4j.trainer.evaluate.distance.ManifoldScores;
import io.ddpm4j.trainer.evaluate.distance.SampleQuality;
import io.ddpm4j.trainer.evaluate.features.Features;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class QualityTableTest {
  private static Quality quality(double frechet, Optional<ClassAccuracy> classes) {
    return new Quality(
        new SampleQuality(
            100,
            50,
            100,
            50,
            frechet,
            new KernelDistance(frechet / 100, 0.001, 10, 20),
            new ManifoldScores(0.75, 0.5, 1.25, 0.875)),
        classes);
  }

  /** Of four images three are seen as what they should be. */
  private static Optional<ClassAccuracy> threeOfFour() {
    Features logits = Features.of(new float[] {1, 0, 0, 1, 1, 0, 1, 0}, 4, 2);
    return Optional.of(ClassAccuracy.of(logits, new int[] {0, 1, 0, 1}));
  }

  private static QualityTable table(Optional<ClassAccuracy> classes) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("model", "some");
    facts.put("seed", "7");
    return new QualityTable(
        facts,
        quality(0.5, classes),
        50,
        List.of(
            new QualityRow("ddim", 20, 50, 0.04, Map.of(), quality(2, classes)),
            new QualityRow("ddim", 5, 50, 0.01, Map.of(), quality(8, classes)),
            new QualityRow("ddpm", 1000, 40, 12.5, Map.of("threads", "2"), quality(1, classes))),
        List.of("boot", "bag"));
  }

  @Test
  void everyFigureIsInTheCsvInFull() {
    assertEquals(
        """
        sampler,steps,images,seconds_per_image,frechet_distance,kernel_distance,kernel_distance_error,precision,recall,density,coverage,class_accuracy,class_accuracy_error,class_accuracy_images
        real,,50,,0.5,0.005,0.001,0.75,0.5,1.25,0.875,0.75,0.21650635094610965,4
        ddim,20,50,0.04,2.0,0.02,0.001,0.75,0.5,1.25,0.875,0.75,0.21650635094610965,4
        ddim,5,50,0.01,8.0,0.08,0.001,0.75,0.5,1.25,0.875,0.75,0.21650635094610965,4
        ddpm,1000,40,12.5,1.0,0.01,0.001,0.75,0.5,1.25,0.875,0.75,0.21650635094610965,4
        """,
        table(threeOfFour()).toCsv());
  }

  @Test
  void whatThereIsNotIsEmpty() {
    String[] lines = table(Optional.empty()).toCsv().split("\n");
    assertTrue(lines[1].endsWith(",0.875,,,"), lines[1]);
    assertFalse(table(Optional.empty()).toMarkdown().contains("class accuracy"));
    JsonObject json = JsonParser.parseString(table(Optional.empty()).toJson()).getAsJsonObject();
    assertFalse(json.getAsJsonObject("floor").has("class_accuracy"));
  }

  @Test
  void aTimeThatIsNotKnownIsLeftOut() {
    QualityRow row =
        new QualityRow("ddim", 20, 50, Double.NaN, Map.of(), quality(2, Optional.empty()));
    QualityTable table =
        new QualityTable(Map.of(), quality(1, Optional.empty()), 50, List.of(row), List.of());
    assertTrue(table.toCsv().contains("ddim,20,50,,2.0"), table.toCsv());
    assertTrue(table.toMarkdown().contains("| `ddim` | 20 | - |"), table.toMarkdown());
    JsonObject json = JsonParser.parseString(table.toJson()).getAsJsonObject();
    assertFalse(json.getAsJsonArray("rows").get(0).getAsJsonObject().has("seconds_per_image"));
  }

  @Test
  void theJsonHasFactsFloorAndRows() {
    JsonObject json = JsonParser.parseString(table(threeOfFour()).toJson()).getAsJsonObject();
    assertEquals("some", json.get("model").getAsString());
    assertEquals(0.5, json.getAsJsonObject("floor").get("frechet_distance").getAsDouble());
    JsonObject last = json.getAsJsonArray("rows").get(2).getAsJsonObject();
    assertEquals(1000, last.get("steps").getAsInt());
    assertEquals("2", last.get("threads").getAsString());
    assertEquals(50, json.get("images").getAsInt());
    assertEquals(50, json.get("floor_images").getAsInt());
    assertEquals(12.5, last.get("seconds_per_image").getAsDouble());
    assertEquals(0.75, last.get("class_accuracy").getAsDouble());
    for (JsonObject each : List.of(last, json.getAsJsonObject("floor"))) {
      assertEquals(Math.sqrt(0.75 * 0.25 / 4), each.get("class_accuracy_error").getAsDouble());
      assertEquals(4, each.get("class_accuracy_images").getAsInt());
      assertEquals("{\"boot\":1.0,\"bag\":0.5}", each.get("class_accuracies").toString());
      assertEquals("[[2,0],[1,1]]", each.get("confusion").toString());
    }
    assertEquals("[\"boot\",\"bag\"]", json.get("classes").toString());
  }

  @Test
  void peopleReadItWithTheFloorBelow() {
    assertEquals(
        """
        | sampler | steps | images | s/image | Fréchet distance | kernel distance | precision | recall | density | coverage | class accuracy |
        |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
        | `ddim` | 20 | 50 | 0.0400 | 2.000 | 0.02000 ± 0.00100 | 0.750 | 0.500 | 1.250 | 0.875 | 0.750 |
        | `ddim` | 5 | 50 | 0.0100 | 8.000 | 0.08000 ± 0.00100 | 0.750 | 0.500 | 1.250 | 0.875 | 0.750 |
        | `ddpm` | 1000 | 40 | 12.5 | 1.000 | 0.01000 ± 0.00100 | 0.750 | 0.500 | 1.250 | 0.875 | 0.750 |
        | real images | - | 50 | - | 0.500 | 0.00500 ± 0.00100 | 0.750 | 0.500 | 1.250 | 0.875 | 0.750 |
        """,
        table(threeOfFour()).toMarkdown());
    List<String> lines = table(threeOfFour()).toText().lines().toList();
    assertEquals(5, lines.size());
    assertEquals(1, lines.stream().map(String::length).distinct().count(), "columns end alike");
    assertTrue(lines.get(4).startsWith("real images"));
  }

  @Test
  void theChartHasALineForEachSamplerAndTheFloor() {
    QualityTable table = table(threeOfFour());
    assertTrue(table.hasCurves());
    String svg = table.chart(QualityMetric.FRECHET_DISTANCE).toSvg(640, 400);
    assertEquals(3, svg.split("<circle", -1).length - 1);
    for (String text : List.of("real images", "ddim", "ddpm", "steps", "1000")) {
      assertTrue(svg.contains(">" + text + "<"), text);
    }
    QualityRow near = new QualityRow("unipc", 999, 50, 1, Map.of(), quality(1, Optional.empty()));
    List<QualityRow> rows = new ArrayList<>(table.rows());
    rows.add(near);
    QualityTable more = new QualityTable(Map.of(), table.floor(), 50, rows, List.of());
    String labels = more.chart(QualityMetric.FRECHET_DISTANCE).toSvg(640, 400);
    assertTrue(labels.contains(">1000<") && !labels.contains(">999<"), "one label for both");
    QualityTable one =
        new QualityTable(
            Map.of(), quality(1, Optional.empty()), 5, List.of(table.rows().get(0)), List.of());
    assertFalse(one.hasCurves());
  }
}
