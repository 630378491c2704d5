package io.ddpm4j.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.evaluate.distance.SampleQuality;
import io.ddpm4j.trainer.evaluate.quality.Quality;
import io.ddpm4j.trainer.evaluate.quality.QualityRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The rows of a table of sample quality that are measured, in a file that is written after each of
 * them. It holds what they were measured with, too, and takes further rows of the same only. Not
 * thread-safe.
 */
final class QualityState {
  /** Its name in the folder of the results. */
  static final String FILE = "quality.state.json";

  private static final Gson GSON =
      new GsonBuilder().serializeSpecialFloatingPointValues().disableHtmlEscaping().create();

  private final Path file;
  private final Map<String, String> settings;
  private final int images;
  private final List<Row> rows = new ArrayList<>();
  private Floor floor; // null: not measured

  /**
   * A row that is measured.
   *
   * @param samples hash of the settings of its samples: they are these or others
   * @param method that opens the model as it was
   */
  record Row(String samples, SampleQualityOptions.Method method, QualityRow row) {}

  /**
   * What real images reach.
   *
   * @param images how many they were
   */
  record Floor(Quality quality, int images) {}

  private QualityState(Path file, Map<String, String> settings, int images) {
    this.file = file;
    this.settings = settings;
    this.images = images;
  }

  /**
   * Reads the rows of a folder, or begins a table. More samples than those of the folder's rows
   * begin a table, too, whose first row takes the place of them all.
   *
   * @param settings that must be the same, by the names that messages call them
   * @param images samples of each row
   * @throws IOException if the file holds other settings or rows of more samples, or is damaged
   */
  static QualityState open(Path file, Map<String, String> settings, int images) throws IOException {
    QualityState state = new QualityState(file, settings, images);
    if (!Files.exists(file)) {
      return state;
    }
    JsonObject stored = StateJson.read(file);
    int there;
    try {
      there = stored.get("images").getAsInt();
    } catch (RuntimeException e) {
      throw StateJson.damaged(file, e);
    }
    EvaluationState.requireSame(file, settings, stored.get("settings"));
    if (there > images) {
      throw new IOException(
          "%s: expected results of at most %d samples to go on with, found %d; write these to another folder with --out"
              .formatted(file, images, there));
    }
    if (there == images) {
      try {
        state.read(stored);
      } catch (RuntimeException e) {
        throw StateJson.damaged(file, e);
      }
    }
    return state;
  }

  private void read(JsonObject stored) {
    JsonObject real = stored.getAsJsonObject("floor");
    if (real != null) { // or it is measured again
      floor = new Floor(quality(real), real.get("images").getAsInt());
    }
    for (JsonElement each : stored.getAsJsonArray("rows")) {
      JsonObject row = each.getAsJsonObject();
      rows.add(
          new Row(
              row.get("samples").getAsString(),
              new SampleQualityOptions.Method(
                  Optional.ofNullable(row.get("asked_sampler")).map(JsonElement::getAsString),
                  Optional.ofNullable(row.get("asked_steps")).map(JsonElement::getAsInt)),
              new QualityRow(
                  row.get("sampler").getAsString(),
                  row.get("steps").getAsInt(),
                  images,
                  row.has("seconds_per_image")
                      ? row.get("seconds_per_image").getAsDouble()
                      : Double.NaN,
                  conditions(row.getAsJsonObject("conditions")),
                  quality(row))));
    }
  }

  private static Map<String, String> conditions(JsonObject stored) {
    Map<String, String> conditions = new LinkedHashMap<>();
    stored.entrySet().forEach(e -> conditions.put(e.getKey(), e.getValue().getAsString()));
    return conditions;
  }

  /** What real images reach; empty while that is not measured. */
  Optional<Floor> floor() {
    return Optional.ofNullable(floor);
  }

  /** Takes what real images reach; kept with the first row, or with those that there are. */
  void floor(Floor real) throws IOException {
    floor = real;
    if (!rows.isEmpty()) {
      write();
    }
  }

  /** Whether the samples of these settings are measured. */
  boolean has(String samples) {
    return rows.stream().anyMatch(row -> row.samples.equals(samples));
  }

  /** Takes a row and writes all of them. */
  void add(Row row) throws IOException {
    rows.add(row);
    write();
  }

  private void write() throws IOException {
    JsonObject object = new JsonObject();
    object.add("settings", GSON.toJsonTree(settings));
    object.addProperty("images", images);
    JsonObject real = json(floor.quality);
    real.addProperty("images", floor.images);
    object.add("floor", real);
    JsonArray array = new JsonArray();
    rows.forEach(each -> array.add(json(each)));
    object.add("rows", array);
    StateJson.write(file, object);
  }

  private static JsonObject json(Row row) {
    JsonObject object = json(row.row.quality());
    object.addProperty("samples", row.samples);
    row.method.sampler().ifPresent(name -> object.addProperty("asked_sampler", name));
    row.method.steps().ifPresent(steps -> object.addProperty("asked_steps", steps));
    object.addProperty("sampler", row.row.sampler());
    object.addProperty("steps", row.row.steps());
    if (!Double.isNaN(row.row.secondsPerImage())) {
      object.addProperty("seconds_per_image", row.row.secondsPerImage());
    }
    object.add("conditions", GSON.toJsonTree(row.row.conditions()));
    return object;
  }

  /** All rows: samplers in the order in which papers have them, each with its steps rising. */
  List<Row> rows() {
    List<String> usual = SampleQualityOptions.USUAL_SAMPLERS;
    return rows.stream()
        .sorted(
            Comparator.<Row>comparingInt(
                    row ->
                        usual.contains(row.row.sampler())
                            ? usual.indexOf(row.row.sampler())
                            : usual.size())
                .thenComparing(row -> row.row.sampler())
                .thenComparingInt(row -> row.row.steps()))
        .toList();
  }

  private static JsonObject json(Quality quality) {
    JsonObject object = new JsonObject();
    object.add("scores", GSON.toJsonTree(quality.scores()));
    quality.classes().ifPresent(classes -> object.add("confusion", confusion(classes)));
    return object;
  }

  private static JsonArray confusion(ClassAccuracy classes) {
    JsonArray asked = new JsonArray();
    for (int a = 0; a < classes.classes(); a++) {
      JsonArray seen = new JsonArray();
      for (int s = 0; s < classes.classes(); s++) {
        seen.add(classes.confusion(a, s));
      }
      asked.add(seen);
    }
    return asked;
  }

  private static Quality quality(JsonObject object) {
    SampleQuality scores = GSON.fromJson(object.get("scores"), SampleQuality.class);
    Objects.requireNonNull(scores.kernelDistance());
    Objects.requireNonNull(scores.manifolds());
    return new Quality(
        scores, Optional.ofNullable(object.getAsJsonArray("confusion")).map(QualityState::classes));
  }

  private static ClassAccuracy classes(JsonArray confusion) {
    return ClassAccuracy.ofCounts(GSON.fromJson(confusion, long[][].class));
  }
}
