package io.ddpm4j.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.loop.LoopModel;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What kind of file one is that {@code ddpm sample} does not take: it says so itself.
 *
 * @param lines what it is, by what they are about
 * @param scheduler the configuration in its description, where there is one
 */
record FileKind(List<Line> lines, Optional<SchedulerConfig> scheduler) {
  private static final String TRAIN_STEP = "ddpm4j.train_step";

  /**
   * Something to say.
   *
   * @param key what it is about
   */
  record Line(String key, String value) {}

  /**
   * Of a whole sampling loop or a training step.
   *
   * @param file its name
   * @param inputs their names
   * @return empty for a network, and for a file that does not describe itself
   */
  static Optional<FileKind> of(String file, List<String> inputs, Map<String, String> metadata) {
    JsonObject loop = LoopModel.description(metadata);
    if (loop != null) {
      return Optional.of(loop(file, inputs, loop));
    }
    return object(metadata.get(TRAIN_STEP)).map(FileKind::trainStep);
  }

  private static FileKind loop(String file, List<String> inputs, JsonObject loop) {
    List<Line> lines = new ArrayList<>();
    lines.add(
        new Line(
            "loop",
            "a whole sampling run in one graph: %s, %s steps"
                .formatted(text(loop.get("sampler")), text(loop.get("steps")))));
    ports(lines, "takes", loop.get("inputs"));
    ports(lines, "gives", loop.get("outputs"));
    String arguments =
        inputs.stream().map(i -> " --input " + i + "=" + i + ".npy").collect(Collectors.joining());
    lines.add(new Line("to run it", "ddpm run " + file + arguments + " -o images.npy"));
    return new FileKind(lines, scheduler(loop));
  }

  /** What the body of a loop is, for a drawing of it. */
  static String repeated(Map<String, String> metadata) {
    JsonObject loop = LoopModel.description(metadata);
    return loop == null
        ? "Loop: what is in this frame is repeated"
        : "Loop: %s, what is in this frame is repeated for each of %s steps"
            .formatted(text(loop.get("sampler")), text(loop.get("steps")));
  }

  private static FileKind trainStep(JsonObject step) {
    List<Line> lines = new ArrayList<>();
    lines.add(
        new Line(
            "train step",
            "one step of training for %s images, with its state as inputs and outputs"
                .formatted(text(step.get("batch_size")))));
    lines.add(
        new Line(
            "to run it",
            "feed new_weights and the like back as weights, see docs/exporting.md; then ddpm export"
                + " RUN --from-state FILE makes a model of the state"));
    return new FileKind(lines, scheduler(step));
  }

  private static void ports(List<Line> lines, String key, JsonElement ports) {
    if (ports instanceof JsonObject object) {
      object
          .entrySet()
          .forEach(port -> lines.add(new Line(key, port.getKey() + ": " + text(port.getValue()))));
    }
  }

  private static Optional<SchedulerConfig> scheduler(JsonObject description) {
    try {
      return description.get("scheduler") instanceof JsonObject config
          ? Optional.of(SchedulerConfig.parse(config.toString()))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // of a later version, or damaged
    }
  }

  private static Optional<JsonObject> object(String json) {
    try {
      JsonElement element = JsonParser.parseString(json == null ? "null" : json);
      return element.isJsonObject() ? Optional.of(element.getAsJsonObject()) : Optional.empty();
    } catch (JsonParseException e) {
      return Optional.empty(); // of another program
    }
  }

  private static String text(JsonElement element) {
    return element != null && element.isJsonPrimitive() ? element.getAsString() : "?";
  }
}
