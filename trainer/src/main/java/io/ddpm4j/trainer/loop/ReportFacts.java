package io.ddpm4j.trainer.loop;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.trainer.report.Column;
import io.ddpm4j.trainer.report.Facts;
import io.ddpm4j.trainer.report.History;
import io.ddpm4j.trainer.report.HtmlReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a report says of a run in words and figures.
 *
 * @param name of the run
 * @param data the images that it trains on
 * @param parameters of the network
 * @param heldOut the images that it is measured with, in a line; empty if there are none
 */
record ReportFacts(
    String name, TrainConfig config, DatasetCard data, long parameters, Optional<String> heldOut) {

  /** The report as it stands. */
  HtmlReport.Content content(History history, Progress progress, List<HtmlReport.Grid> grids) {
    List<Facts> tables = new ArrayList<>();
    tables.add(images());
    tables.addAll(hyperparameters());
    tables.add(machine());
    return new HtmlReport.Content(
        headline(history, progress), history, config.diffusion().trainTimesteps(), grids, tables);
  }

  private Facts headline(History history, Progress progress) {
    Map<String, String> values = new LinkedHashMap<>();
    long steps = config.run().steps();
    values.put("steps", String.format(Locale.ROOT, "%,d of %,d", progress.step(), steps));
    values.put("epochs", number("%.2f", progress.position().epochs(data.images())));
    values.put("loss, smoothed", number("%.4f", progress.smoothedLoss()));
    double[] losses = history.validations(Column.VALIDATION_LOSS);
    if (losses.length > 0) {
      values.put("validation loss", number("%.4f", losses[losses.length - 1]));
    }
    values.put("parameters", String.format(Locale.ROOT, "%,d", parameters));
    values.put("training time", time(Math.round(progress.seconds())));
    if (progress.seconds() > 0) {
      long images = progress.position().images(data.images()); // the time is theirs, too
      values.put("images per second", number("%.1f", images / progress.seconds()));
    }
    return new Facts(name, values);
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private static String time(long seconds) {
    return "%d:%02d:%02d".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
  }

  private Facts images() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("Trained on", data.description());
    values.put("Images", Integer.toString(data.images()));
    values.put(
        "Size",
        data.shape().get(2) + "x" + data.shape().get(1) + ", channels: " + data.shape().get(0));
    if (!data.classes().isEmpty()) {
      values.put("Classes", String.join(", ", data.classes()));
    }
    heldOut.ifPresent(line -> values.put("Measured with", line));
    return new Facts("Images", values);
  }

  /** Those of {@code run.json}; levels with attention are counted as {@code --attention} does. */
  private List<Facts> hyperparameters() {
    JsonObject json = JsonParser.parseString(config.toJson()).getAsJsonObject();
    json.getAsJsonObject("network").addProperty("attention", attention());
    return Facts.ofJson(json.toString());
  }

  private String attention() {
    List<Boolean> levels = config.network().attention();
    List<String> with =
        IntStream.rangeClosed(1, levels.size())
            .filter(level -> levels.get(level - 1))
            .mapToObj(Integer::toString)
            .toList();
    if (with.isEmpty()) {
      return hasMiddle() ? "none but the middle" : "none";
    }
    int last = with.size() - 1;
    return last == 0
        ? "level " + with.get(0)
        : "levels " + String.join(", ", with.subList(0, last)) + " and " + with.get(last);
  }

  private boolean hasMiddle() {
    JsonObject unet = config.network().unet();
    return unet == null || !unet.has("add_attention") || unet.get("add_attention").getAsBoolean();
  }

  private Facts machine() {
    Runtime runtime = Runtime.getRuntime();
    Map<String, String> values = new LinkedHashMap<>();
    values.put(
        "System",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + ", "
            + System.getProperty("os.arch"));
    values.put("Processors", Integer.toString(runtime.availableProcessors()));
    values.put("Threads of the run", Integer.toString(config.run().threadCount()));
    values.put("Java's memory", (runtime.maxMemory() >> 20) + " MB at most");
    values.put("Java", System.getProperty("java.vm.name") + " " + Runtime.version());
    values.put("ONNX Runtime", OnnxEpsilonModel.runtimeVersion());
    values.put("ddpm4j", RunExporter.version());
    return new Facts("Machine and versions", values);
  }
}
