package io.ddpm4j.cli;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.ddpm4j.runtime.likelihood.SampleStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What an evaluation has found so far, in a file that is written after every batch. It holds the
 * settings too, and goes on with the same ones only. Not thread-safe.
 */
final class EvaluationState {
  /** The setting that says what data are called. */
  static final String DATA = "data";

  /** The setting that says what they are: the same may be called otherwise. */
  static final String PIXELS = "pixels and labels";

  private static final Gson GSON = new Gson();

  private final Path file;
  private final Map<String, String> settings;
  private final SampleStatistics statistics;
  private double seconds;

  private EvaluationState(
      Path file, Map<String, String> settings, SampleStatistics statistics, double seconds) {
    this.file = file;
    this.settings = settings;
    this.statistics = statistics;
    this.seconds = seconds;
  }

  /**
   * Reads the state, or begins one.
   *
   * @param settings that must be the same, by the names that messages call them
   * @param figures of each image
   * @throws IOException if the file holds other settings or is damaged
   */
  static EvaluationState open(Path file, Map<String, String> settings, int figures)
      throws IOException {
    if (!Files.exists(file)) {
      return new EvaluationState(file, settings, new SampleStatistics(figures), 0);
    }
    JsonObject stored = StateJson.read(file);
    requireSame(file, settings, stored.get("settings"));
    try {
      SampleStatistics statistics =
          SampleStatistics.of(
              stored.get("images").getAsLong(),
              numbers(stored.getAsJsonArray("means")),
              numbers(stored.getAsJsonArray("squares")));
      if (statistics.figures() != figures) {
        throw new IllegalArgumentException("figures: " + statistics.figures());
      }
      return new EvaluationState(file, settings, statistics, stored.get("seconds").getAsDouble());
    } catch (RuntimeException e) {
      throw StateJson.damaged(file, e);
    }
  }

  /** Refuses stored settings that are not these. */
  static void requireSame(Path file, Map<String, String> settings, JsonElement stored)
      throws IOException {
    if (stored == null || !stored.isJsonObject()) {
      throw StateJson.damaged(file, null);
    }
    JsonObject found = stored.getAsJsonObject();
    boolean sameData = text(found, PIXELS).equals(settings.get(PIXELS));
    for (Map.Entry<String, String> setting : settings.entrySet()) {
      String value = text(found, setting.getKey());
      boolean passes = sameData && setting.getKey().equals(DATA);
      if (!passes && !value.equals(setting.getValue())) {
        throw new IOException(
            "%s: expected results of the same settings to go on with, %s %s, found %s; write these to another folder with --out"
                .formatted(file, setting.getKey(), setting.getValue(), value));
      }
    }
  }

  private static String text(JsonObject settings, String name) {
    JsonElement value = settings.get(name);
    return value == null || !value.isJsonPrimitive() ? "nothing" : value.getAsString();
  }

  private static double[] numbers(JsonArray array) {
    double[] numbers = new double[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = array.get(i).getAsDouble();
    }
    return numbers;
  }

  /** What was found, to be added to. */
  SampleStatistics statistics() {
    return statistics;
  }

  /** What was measured how. */
  Map<String, String> settings() {
    return settings;
  }

  /** Time that the images took, of all starts together. */
  double seconds() {
    return seconds;
  }

  /**
   * Writes it.
   *
   * @param more seconds that were spent since the last time
   */
  void save(double more) throws IOException {
    seconds += more;
    JsonObject object = new JsonObject();
    object.add("settings", GSON.toJsonTree(settings));
    object.addProperty("images", statistics.count());
    object.addProperty("seconds", seconds);
    object.add("means", GSON.toJsonTree(statistics.means()));
    object.add("squares", GSON.toJsonTree(statistics.squares()));
    StateJson.write(file, object);
  }
}
