package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What cards say of how good a model is: measured of the file beside them, as quality.json has it.
 */
class ShippedQualityTest {
  private static final String HEADING = "## How good it is";

  private static final String ACCURACY = "class_accuracy";
  private static final String FRECHET = "frechet_distance";
  private static final String KERNEL = "kernel distance";

  /** Columns of the table by their titles: the field of quality.json, and how it is written. */
  private static final Map<String, String[]> COLUMNS =
      Map.of(
          "s/image", new String[] {"seconds_per_image", "%.3g"},
          "Fréchet distance", new String[] {"frechet_distance", "%.3f"},
          "precision", new String[] {"precision", "%.3f"},
          "recall", new String[] {"recall", "%.3f"},
          "density", new String[] {"density", "%.3f"},
          "coverage", new String[] {"coverage", "%.3f"},
          "class accuracy", new String[] {"class_accuracy", "%.3f"});

  private static JsonObject quality(Path folder) throws IOException {
    return JsonParser.parseString(Files.readString(folder.resolve("quality.json")))
        .getAsJsonObject();
  }

  static List<Path> models() throws IOException {
    return ShippedModelsTest.models();
  }

  /** The cells of the first table below the heading, a list a line. */
  private static List<List<String>> table(Path folder) throws IOException {
    String card = Files.readString(folder.resolve("README.md"));
    assertTrue(card.contains(HEADING), folder + ": " + HEADING);
    List<List<String>> lines = new ArrayList<>();
    for (String line : card.substring(card.indexOf(HEADING)).split("\n")) {
      if (line.startsWith("|")) {
        lines.add(
            Arrays.stream(line.substring(1, line.lastIndexOf('|')).split("\\|"))
                .map(cell -> cell.strip().replace("`", ""))
                .toList());
      } else if (!lines.isEmpty()) {
        break;
      }
    }
    return lines;
  }

  @ParameterizedTest
  @MethodSource("models")
  void theFiguresOfTheCardAreMeasuredOfItsModel(Path folder) throws IOException {
    JsonObject json = quality(folder);
    String sums = Files.readString(folder.resolve("SHA256SUMS"));
    String hash = json.get("model_sha256").getAsString();
    assertTrue(sums.lines().anyMatch(l -> l.startsWith(hash) && l.endsWith("model.onnx")), hash);
    Map<String, JsonObject> measured = new HashMap<>();
    measured.put("real images -", json.getAsJsonObject("floor"));
    for (JsonElement each : json.getAsJsonArray("rows")) {
      JsonObject row = each.getAsJsonObject();
      measured.put(row.get("sampler").getAsString() + " " + row.get("steps").getAsInt(), row);
    }
    List<List<String>> table = table(folder);
    List<String> titles = table.get(0);
    assertTrue(titles.containsAll(List.of("s/image", "Fréchet distance")), titles.toString());
    for (List<String> line : table.subList(2, table.size())) {
      String name = line.get(0) + " " + line.get(titles.indexOf("steps"));
      JsonObject row = measured.remove(name);
      assertNotNull(row, folder + ": not in quality.json, or twice in the card: " + name);
      for (Map.Entry<String, String[]> column : COLUMNS.entrySet()) {
        int at = titles.indexOf(column.getKey());
        JsonElement value = row.get(column.getValue()[0]);
        if (at >= 0) {
          String expected =
              value == null
                  ? "-"
                  : String.format(Locale.ROOT, column.getValue()[1], value.getAsDouble());
          assertEquals(expected, line.get(at), name + ": " + column.getKey());
        }
      }
      assertEquals(kernel(row), line.get(titles.indexOf(KERNEL)), name + ": " + KERNEL);
    }
    assertTrue(measured.isEmpty(), "not in the card: " + measured.keySet());
  }

  private static String kernel(JsonObject row) {
    return String.format(
        Locale.ROOT,
        "%.5f ± %.5f",
        row.get("kernel_distance").getAsDouble(),
        row.get("kernel_distance_error").getAsDouble());
  }

  private static double of(JsonObject quality, String sampler, int steps, String field) {
    for (JsonElement each : quality.getAsJsonArray("rows")) {
      JsonObject row = each.getAsJsonObject();
      if (row.get("sampler").getAsString().equals(sampler)
          && row.get("steps").getAsInt() == steps) {
        return row.get(field).getAsDouble();
      }
    }
    throw new AssertionError("no row " + sampler + " " + steps);
  }

  /** What the project asks of the model that it samples from where none is named. */
  @Test
  void theDefaultModelIsAsGoodAsItHasToBe() throws IOException {
    JsonObject json = quality(Documents.ROOT.resolve("models").resolve(Models.DEFAULT));
    assertEquals("1.0", json.get("guidance").getAsString());
    assertTrue(json.get("images").getAsInt() >= 500);
    double best =
        List.of("ddpm", "ddim", "dpmpp_2m", "unipc").stream()
            .mapToDouble(sampler -> of(json, sampler, 20, FRECHET))
            .min()
            .orElseThrow();
    double thousand = of(json, "ddpm", 1000, FRECHET);
    assertTrue(best <= 1.1 * thousand, best + " in 20 steps, in 1000 " + thousand);
    assertTrue(of(json, "ddpm", 1000, ACCURACY) >= 0.90);
    assertTrue(of(json, "dpmpp_2m", 20, ACCURACY) >= 0.90);
  }

  /** The README quotes the card of the default model. */
  @Test
  void theReadmeSaysWhatWasMeasured() throws IOException {
    JsonObject json = quality(Documents.ROOT.resolve("models").resolve(Models.DEFAULT));
    JsonObject floor = json.getAsJsonObject("floor");
    String expected =
        String.format(
            Locale.ROOT,
            "Of %d samples in 20 steps of DPM-Solver++ the classifier sees the class that was asked for in %.3f, of real images in %.3f;"
                + " their Fréchet distance is %.3f, that of samples in 1000 steps of DDPM %.3f and that of real images %.3f.",
            json.get("images").getAsInt(),
            of(json, "dpmpp_2m", 20, ACCURACY),
            floor.get(ACCURACY).getAsDouble(),
            of(json, "dpmpp_2m", 20, FRECHET),
            of(json, "ddpm", 1000, FRECHET),
            floor.get(FRECHET).getAsDouble());
    String readme = Files.readString(Documents.ROOT.resolve("README.md")).replace('\n', ' ');
    assertTrue(readme.contains(expected), expected);
  }
}
