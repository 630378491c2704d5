package io.ddpm4j.trainer.evaluate.features;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.model.ModelFormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the file of a feature network says about itself ({@code docs/model-format.md}): {@code
 * ddpm4j.image} with {@code value_range}, or {@code mean} and {@code std}; {@code ddpm4j.classes}.
 *
 * @param scale empty if the file says nothing of its images
 * @param classNames of the logits; empty if the file names none
 */
record FeatureMetadata(Optional<PixelScale> scale, List<String> classNames) {
  private static final String IMAGE = "ddpm4j.image";
  private static final String CLASSES = "ddpm4j.classes";

  static FeatureMetadata parse(String file, Map<String, String> properties)
      throws ModelFormatException {
    return new FeatureMetadata(scale(file, properties), classNames(file, properties));
  }

  private static Optional<PixelScale> scale(String file, Map<String, String> properties)
      throws ModelFormatException {
    JsonElement element = json(file, IMAGE, properties);
    if (element == null) {
      return Optional.empty();
    }
    try {
      JsonObject image = element.getAsJsonObject();
      if (image.has("mean") || image.has("std")) {
        return Optional.of(
            PixelScale.standardized(numbers(image.get("mean")), numbers(image.get("std"))));
      }
      if (!image.has("value_range")) {
        return Optional.of(PixelScale.SIGNED); // as of a noise predictor
      }
      List<Double> range = numbers(image.get("value_range"));
      if (range.size() == 2) {
        return Optional.of(PixelScale.range(range.get(0), range.get(1)));
      }
    } catch (RuntimeException e) {
      // Falls through to the message: no object, no numbers, or none that fit.
    }
    throw new ModelFormatException(
        "%s: %s: expected value_range [low, high], or mean and std as numbers for each channel, found %s"
            .formatted(file, IMAGE, element));
  }

  private static List<Double> numbers(JsonElement array) {
    List<Double> numbers = new ArrayList<>();
    array.getAsJsonArray().forEach(number -> numbers.add(number.getAsDouble()));
    return numbers;
  }

  private static List<String> classNames(String file, Map<String, String> properties)
      throws ModelFormatException {
    JsonElement element = json(file, CLASSES, properties);
    if (element == null) {
      return List.of();
    }
    try {
      List<String> names = new ArrayList<>();
      element.getAsJsonArray().forEach(name -> names.add(name.getAsString()));
      return List.copyOf(names);
    } catch (RuntimeException e) {
      throw new ModelFormatException(
          "%s: %s: expected a list of names, found %s".formatted(file, CLASSES, element), e);
    }
  }

  /** Null if there is nothing. */
  private static JsonElement json(String file, String key, Map<String, String> properties)
      throws ModelFormatException {
    String text = properties.get(key);
    try {
      return text == null ? null : JsonParser.parseString(text);
    } catch (JsonParseException e) {
      throw new ModelFormatException(
          "%s: %s: expected JSON, found \"%s\"".formatted(file, key, text), e);
    }
  }
}
