package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code docs/exporting.md} says that forms cost: sizes to the digits that stand there, errors
 * at most as large. Prints what it measures.
 */
@Tag("slow")
class FormCostTest {
  @TempDir Path dir;

  /** The rows of models in another form: {@code fashion-mnist --fp16}, and the figures. */
  private static Map<List<String>, List<Double>> rows() throws IOException {
    Map<List<String>, List<Double>> rows = new LinkedHashMap<>();
    String text = Files.readString(Documents.ROOT.resolve("docs/exporting.md"));
    Documents.table(text, "## What it costs")
        .forEach(
            (first, cells) -> {
              List<String> words = List.of(first.replace("`", "").split(" "));
              if (words.size() > 1 && words.get(1).startsWith("--")) {
                rows.put(words, cells.stream().map(FormCostTest::number).toList());
              }
            });
    return rows;
  }

  private static double number(String cell) {
    return Double.parseDouble(cell.replaceAll(" .*", ""));
  }

  @Test
  void formsCostWhatIsSaid() throws IOException {
    Map<List<String>, List<Double>> rows = rows();
    Set<String> models = new TreeSet<>();
    for (Map.Entry<List<String>, List<Double>> row : rows.entrySet()) {
      String model = row.getKey().get(0);
      models.add(model);
      List<Double> said = row.getValue();
      Path original = Documents.ROOT.resolve("models").resolve(model).resolve(Models.FILE);
      Path file = dir.resolve("form.onnx");
      List<Object> command = new ArrayList<>(List.of("export", original, "-o", file));
      command.addAll(row.getKey().subList(1, row.getKey().size()));
      CommandRun.of(command.toArray()).succeeds();
      FormCost predictions = FormCost.ofPredictions(original, file);
      FormCost images = FormCost.ofImages(original, file);
      double[] found = {
        Math.round(Files.size(file) / 1e5) / 10.0,
        predictions.largest(),
        predictions.rms(),
        images.largest(),
        images.rms()
      };
      System.out.println(String.join(" ", row.getKey()) + ": " + Arrays.toString(found));
      assertEquals(said.get(0), found[0], row.getKey() + ": MB");
      for (int k = 1; k < found.length; k++) {
        assertTrue(found[k] <= said.get(k), row.getKey() + ": " + found[k] + " > " + said.get(k));
        assertTrue(found[k] > 0, row.getKey() + ": differs");
      }
    }
    Set<String> shipped = new TreeSet<>();
    ShippedModelsTest.models().forEach(folder -> shipped.add(folder.getFileName().toString()));
    assertEquals(shipped, models);
    assertTrue(rows.size() >= 3 * shipped.size(), rows.keySet().toString());
  }
}
