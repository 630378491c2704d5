package io.ddpm4j.trainer.evaluate.quality;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import java.util.List;

/** A {@link QualityTable} as JSON: numbers in full, every class, and what was measured with. */
final class QualityJson {
  private final QualityTable table;
  private final List<String> classNames;

  QualityJson(QualityTable table) {
    this.table = table;
    this.classNames = table.classNames();
  }

  /** All of it. */
  String text() {
    JsonObject json = new JsonObject();
    table.facts().forEach(json::addProperty);
    if (!classNames.isEmpty()) {
      JsonArray names = new JsonArray();
      classNames.forEach(names::add);
      json.add("classes", names);
    }
    json.addProperty("images", table.rows().stream().mapToInt(QualityRow::images).max().orElse(0));
    json.addProperty("floor_images", table.floorImages());
    JsonObject real = figures(table.floor());
    real.addProperty("images", table.floorImages());
    json.add("floor", real);
    JsonArray array = new JsonArray();
    for (QualityRow row : table.rows()) {
      JsonObject one = new JsonObject();
      one.addProperty("sampler", row.sampler());
      one.addProperty("steps", row.steps());
      one.addProperty("images", row.images());
      if (Double.isFinite(row.secondsPerImage())) {
        one.addProperty("seconds_per_image", row.secondsPerImage());
      }
      row.conditions().forEach(one::addProperty);
      figures(row.quality()).entrySet().forEach(e -> one.add(e.getKey(), e.getValue()));
      array.add(one);
    }
    json.add("rows", array);
    return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(json) + "\n";
  }

  private JsonObject figures(Quality quality) {
    JsonObject json = new JsonObject();
    for (QualityMetric metric : QualityMetric.values()) {
      double value = metric.of(quality);
      if (Double.isFinite(value)) {
        json.addProperty(metric.key(), value);
      }
    }
    quality.classes().ifPresent(classes -> addClasses(classes, json));
    return json;
  }

  /** The error of the accuracy, the accuracy of each class, and what each was seen as. */
  private void addClasses(ClassAccuracy classes, JsonObject json) {
    json.addProperty(QualityTable.CLASS_ACCURACY_ERROR, classes.standardError());
    json.addProperty(QualityTable.CLASS_ACCURACY_IMAGES, classes.images());
    JsonObject each = new JsonObject();
    JsonObject errors = new JsonObject();
    JsonArray confusion = new JsonArray();
    for (int asked = 0; asked < classes.classes(); asked++) {
      if (classes.images(asked) > 0) {
        each.addProperty(className(asked), classes.accuracy(asked));
        errors.addProperty(className(asked), classes.standardError(asked));
      }
      JsonArray row = new JsonArray();
      for (int seen = 0; seen < classes.classes(); seen++) {
        row.add(classes.confusion(asked, seen));
      }
      confusion.add(row);
    }
    json.add("class_accuracies", each);
    json.add("class_accuracy_errors", errors);
    json.add("confusion", confusion);
  }

  private String className(int label) {
    return label < classNames.size() ? classNames.get(label) : Integer.toString(label);
  }
}
