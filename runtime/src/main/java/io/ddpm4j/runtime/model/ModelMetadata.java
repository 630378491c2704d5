package io.ddpm4j.runtime.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.StreamSupport;

/**
 * What a model file says about itself ({@code docs/model-format.md}). A file without {@code
 * ddpm4j.format} is foreign: it says nothing, and the schedule has to come from elsewhere.
 *
 * @param scheduler the noise schedule and the sampler's defaults; empty in a classifier, and where
 *     the file does not say with which the network was trained
 * @param image channels, height and width
 * @param valueRange the values of black and white
 * @param classNames in label order; empty in an unconditional model
 * @param nullClass the label that stands for no class, for classifier-free guidance (Ho and
 *     Salimans 2022): none of the named classes; empty in a model that was trained without one
 * @param unet the network's configuration, JSON
 * @param provenance data set, steps, seed, …, as text; free to show, never needed
 */
public record ModelMetadata(
    Optional<SchedulerConfig> scheduler,
    Optional<ImageShape> image,
    ValueRange valueRange,
    List<String> classNames,
    OptionalInt nullClass,
    Optional<String> unet,
    Map<String, String> provenance) {
  /** The one version of the format. */
  public static final String FORMAT = "1";

  private static final String CLASSIFIER = "ddpm4j.classifier";

  /** Channels, height and width of an image. */
  public record ImageShape(int channels, int height, int width) {
    /** Refuses extents below 1. */
    public ImageShape {
      if (channels < 1 || height < 1 || width < 1) {
        throw new IllegalArgumentException(
            "image: expected extents of at least 1, found "
                + channels
                + "x"
                + height
                + "x"
                + width);
      }
    }
  }

  /** Copies the collections. */
  public ModelMetadata {
    classNames = List.copyOf(classNames);
    provenance = Collections.unmodifiableMap(new LinkedHashMap<>(provenance));
  }

  /** Of a file that says nothing. */
  public static ModelMetadata foreign() {
    return new ModelMetadata(
        Optional.empty(),
        Optional.empty(),
        ValueRange.SIGNED,
        List.of(),
        OptionalInt.empty(),
        Optional.empty(),
        Map.of());
  }

  /** The same with this noise schedule. */
  ModelMetadata withScheduler(Optional<SchedulerConfig> config) {
    return new ModelMetadata(config, image, valueRange, classNames, nullClass, unet, provenance);
  }

  /** The same with this size of the images and configuration of the network. */
  ModelMetadata withNetwork(Optional<ImageShape> size, Optional<String> config) {
    return new ModelMetadata(
        scheduler, size, valueRange, classNames, nullClass, config, provenance);
  }

  /** The same with other values of black and white. */
  public ModelMetadata withValueRange(ValueRange range) {
    return new ModelMetadata(scheduler, image, range, classNames, nullClass, unet, provenance);
  }

  /**
   * Reads the {@code metadata_props} of a file.
   *
   * @param file named in messages
   * @return {@link #foreign} where the file says nothing
   * @throws ModelFormatException naming the key, what was expected and what was found
   */
  public static ModelMetadata parse(String file, Map<String, String> properties)
      throws ModelFormatException {
    if (!isOurs(properties)) {
      return foreign();
    }
    String format = properties.get("ddpm4j.format");
    if (!format.equals(FORMAT)) {
      throw new ModelFormatException(
          file + ": ddpm4j.format: expected " + FORMAT + ", found \"" + format + "\"");
    }
    Reader reader = new Reader(file, properties);
    JsonObject image = reader.object("ddpm4j.image");
    return new ModelMetadata(
        reader.scheduler(),
        Optional.ofNullable(image == null ? null : reader.shape(image)),
        image == null ? ValueRange.SIGNED : reader.valueRange(image),
        reader.classNames(),
        reader.nullClass(),
        Optional.ofNullable(properties.get("ddpm4j.unet")),
        reader.provenance());
  }

  /** Whether a file with these {@code metadata_props} says anything about itself. */
  public static boolean isOurs(Map<String, String> properties) {
    return properties.containsKey("ddpm4j.format");
  }

  /** Whether a file with these {@code metadata_props} holds a classifier: it predicts no noise. */
  public static boolean isClassifier(Map<String, String> properties) {
    return isOurs(properties) && properties.containsKey(CLASSIFIER);
  }

  /**
   * How many timesteps the network knows: the rows of its table, where it has learned a vector for
   * each (UNet2DModel's {@code time_embedding_type: learned}).
   *
   * @return empty where it takes any timestep, or does not say
   */
  public OptionalInt timestepRows() {
    try {
      JsonObject config = JsonParser.parseString(unet.orElse("{}")).getAsJsonObject();
      JsonElement type = config.get("time_embedding_type");
      return type != null && type.getAsString().equals("learned")
          ? OptionalInt.of(config.get("num_train_timesteps").getAsInt())
          : OptionalInt.empty();
    } catch (RuntimeException e) { // of another program: the graph is what counts
      return OptionalInt.empty();
    }
  }

  /**
   * Refuses a noise schedule with timesteps that the network does not know.
   *
   * @param name of model or schedule, for the message
   * @param trainTimesteps of the schedule
   * @throws ModelFormatException if there are more than {@link #timestepRows}
   */
  public void requireTimesteps(String name, int trainTimesteps) throws ModelFormatException {
    int rows = timestepRows().orElse(trainTimesteps);
    if (trainTimesteps > rows) {
      throw new ModelFormatException(
          "%s: expected a noise schedule of at most %d timesteps, as many as the network has learned a vector for, found one of %d"
              .formatted(name, rows, trainTimesteps));
    }
  }

  /**
   * The label of a class.
   *
   * @param name as in {@link #classNames}; upper and lower case do not matter
   * @throws IllegalArgumentException listing the names
   */
  public int classLabel(String name) {
    return findClass(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    classNames.isEmpty()
                        ? "class: expected none, since the model names no classes, found \""
                            + name
                            + "\""
                        : "class: expected one of "
                            + String.join(", ", classNames)
                            + ", found \""
                            + name
                            + "\""));
  }

  private OptionalInt findClass(String name) {
    for (int label = 0; label < classNames.size(); label++) {
      if (classNames.get(label).equalsIgnoreCase(name.strip())) {
        return OptionalInt.of(label);
      }
    }
    return OptionalInt.empty();
  }

  private record Reader(String file, Map<String, String> properties) {

    private JsonElement json(String key) throws ModelFormatException {
      String text = properties.get(key);
      if (text == null) {
        return null;
      }
      try {
        return JsonParser.parseString(text);
      } catch (JsonParseException e) {
        throw wrong(key, "JSON", text);
      }
    }

    JsonObject object(String key) throws ModelFormatException {
      JsonElement element = json(key);
      if (element != null && !element.isJsonObject()) {
        throw wrong(key, "a JSON object", element.toString());
      }
      return element == null ? null : element.getAsJsonObject();
    }

    Optional<SchedulerConfig> scheduler() throws ModelFormatException {
      String text = properties.get("ddpm4j.scheduler");
      if (text == null) {
        return Optional.empty();
      }
      try {
        return Optional.of(SchedulerConfig.parse(text));
      } catch (IllegalArgumentException e) {
        throw new ModelFormatException(file + ": ddpm4j.scheduler: " + e.getMessage(), e);
      }
    }

    ImageShape shape(JsonObject image) throws ModelFormatException {
      return new ImageShape(
          extent(image, "channels"), extent(image, "height"), extent(image, "width"));
    }

    private int extent(JsonObject image, String field) throws ModelFormatException {
      JsonElement element = image.get(field);
      try {
        int extent = element.getAsInt();
        if (extent >= 1 && element.getAsDouble() == extent) {
          return extent;
        }
      } catch (RuntimeException e) {
        // Falls through to the message: absent, no number, or too large.
      }
      throw wrong("ddpm4j.image: " + field, "an integer of at least 1", String.valueOf(element));
    }

    ValueRange valueRange(JsonObject image) throws ModelFormatException {
      JsonElement element = image.get("value_range");
      if (element == null) {
        return ValueRange.SIGNED;
      }
      try {
        JsonArray pair = element.getAsJsonArray();
        if (pair.size() == 2) {
          return new ValueRange(pair.get(0).getAsDouble(), pair.get(1).getAsDouble());
        }
      } catch (RuntimeException e) {
        // Falls through to the message: no pair of numbers, or an empty range.
      }
      throw wrong("ddpm4j.image: value_range", "[low, high] with low < high", element.toString());
    }

    List<String> classNames() throws ModelFormatException {
      JsonElement element = json("ddpm4j.classes");
      if (element == null) {
        return List.of();
      }
      if (!element.isJsonArray()
          || !StreamSupport.stream(element.getAsJsonArray().spliterator(), false)
              .allMatch(e -> e.isJsonPrimitive() && e.getAsJsonPrimitive().isString())) {
        throw wrong("ddpm4j.classes", "a JSON array of names", element.toString());
      }
      return StreamSupport.stream(element.getAsJsonArray().spliterator(), false)
          .map(JsonElement::getAsString)
          .toList();
    }

    OptionalInt nullClass() throws ModelFormatException {
      JsonElement element = json("ddpm4j.null_class");
      if (element == null) {
        return OptionalInt.empty();
      }
      int named = classNames().size();
      try {
        int label = element.getAsBigDecimal().intValueExact();
        if (label >= named) {
          return OptionalInt.of(label);
        }
      } catch (RuntimeException e) {
        // Falls through to the message: no number, not whole, or too large.
      }
      throw wrong("ddpm4j.null_class", "a label of at least " + named, element.toString());
    }

    Map<String, String> provenance() throws ModelFormatException {
      Map<String, String> provenance = new LinkedHashMap<>();
      JsonObject object = object("ddpm4j.provenance");
      if (object != null) {
        object
            .entrySet()
            .forEach(
                e ->
                    provenance.put(
                        e.getKey(),
                        e.getValue().isJsonPrimitive()
                            ? e.getValue().getAsString()
                            : e.getValue().toString()));
      }
      return provenance;
    }

    private ModelFormatException wrong(String key, String expected, String found) {
      String shown = found.length() <= 60 ? found : found.substring(0, 57) + "...";
      return new ModelFormatException(
          file + ": " + key + ": expected " + expected + ", found " + shown);
    }
  }
}
