package io.ddpm4j.runtime.schedule;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A scheduler configuration: the fields of diffusers' {@code scheduler_config.json}, each with the
 * default of the class that {@code _class_name} names where it is absent. Start from {@link #ddpm},
 * {@link #of} or {@link #parse} and change it with the {@code with} methods.
 *
 * <p>Arguments that diffusers' pipelines pass when they call a scheduler ({@code eta}, {@code
 * s_churn}, {@code timesteps}, {@code sigmas}, ...) are fields too, since here a method is one
 * immutable object; so is OpenAI's {@code timestep_respacing}.
 */
public final class SchedulerConfig {
  private static final String DDPM = "DDPMScheduler";
  private static final String TIMESTEPS = "num_train_timesteps";

  /** What belongs to the network, whatever the class that samples from it. */
  private static final Set<String> TRAINED_WITH =
      Set.of(
          "beta_end",
          "beta_schedule",
          "beta_start",
          TIMESTEPS,
          "prediction_type",
          "rescale_betas_zero_snr",
          "trained_betas");

  /** Of T: far above every schedule in use, and its tables still fit into memory. */
  private static final int MOST_TIMESTEPS = 1_000_000;

  /** By class, every field with its default; null where there is none. */
  private static final Map<String, JsonObject> DEFAULTS = defaults();

  private final JsonObject json;

  private final JsonObject defaults;

  private SchedulerConfig(JsonObject json) {
    this.json = json;
    String name = className();
    defaults = DEFAULTS.get(name);
    if (defaults == null) {
      throw new IllegalArgumentException(
          "_class_name: expected one of "
              + String.join(", ", classNames())
              + ", found \""
              + name
              + "\"");
    }
    check();
  }

  private static Map<String, JsonObject> defaults() {
    try (InputStream in = SchedulerConfig.class.getResourceAsStream("scheduler-defaults.json")) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      Map<String, JsonObject> table = new TreeMap<>();
      for (Map.Entry<String, JsonElement> e :
          JsonParser.parseString(text).getAsJsonObject().entrySet()) {
        table.put(e.getKey(), e.getValue().getAsJsonObject());
      }
      return table;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The classes whose configurations are understood, sorted. */
  public static Set<String> classNames() {
    return Collections.unmodifiableSet(DEFAULTS.keySet());
  }

  /** All defaults: linear betas 1e-4 to 0.02, T = 1000, ε, fixed_small, clipping to [-1, 1]. */
  public static SchedulerConfig ddpm() {
    return of(DDPM);
  }

  /**
   * All defaults of a class.
   *
   * @param className one of {@link #classNames}
   */
  public static SchedulerConfig of(String className) {
    JsonObject json = new JsonObject();
    json.addProperty("_class_name", className);
    return new SchedulerConfig(json);
  }

  /**
   * Reads a JSON object. A schedule may also be given number by number as {@code betas} or {@code
   * alphas_cumprod}, which become {@code trained_betas}; T is then the length of the list.
   *
   * @throws IllegalArgumentException naming the field, what was expected and what was found
   */
  public static SchedulerConfig parse(String text) {
    JsonElement element;
    try {
      element = JsonParser.parseString(text);
    } catch (JsonParseException e) {
      throw new IllegalArgumentException("expected a JSON object, found text that is no JSON", e);
    }
    if (!element.isJsonObject()) {
      throw new IllegalArgumentException("expected a JSON object, found " + shorten(element));
    }
    return new SchedulerConfig(BetaLists.asTrainedBetas(element.getAsJsonObject()));
  }

  private void check() {
    if (trainTimesteps() > MOST_TIMESTEPS) {
      throw new IllegalArgumentException(
          TIMESTEPS + ": expected at most " + MOST_TIMESTEPS + ", found " + trainTimesteps());
    }
    noiseSchedule();
    predictionType();
    timestepSpacing();
    stepsOffset();
    positive("clip_sample_range", clipSampleRange());
    positive("sample_max_value", sampleMaxValue());
    clipSample();
    thresholding();
    double ratio = dynamicThresholdingRatio();
    if (!(ratio >= 0 && ratio <= 1)) {
      throw new IllegalArgumentException(
          "dynamic_thresholding_ratio: expected 0 to 1, found " + ratio);
    }
    string("variance_type").ifPresent(VarianceType::parse);
  }

  /** The scheduler class, {@code DDPMScheduler} where none is named. */
  public String className() {
    JsonElement element = json.get("_class_name");
    if (element == null || element.isJsonNull()) {
      return DDPM;
    }
    if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isString()) {
      throw wrong("_class_name", "text", element);
    }
    return element.getAsString();
  }

  /**
   * The same configuration for another class, which takes the fields that it knows and that were
   * given here: what diffusers' {@code from_config} does with a saved file. What the network was
   * trained with (betas, prediction type) is taken over in any case, where diffusers would take
   * that class's default instead.
   */
  public SchedulerConfig as(String className) {
    JsonObject copy = new JsonObject();
    copy.addProperty("_class_name", className);
    JsonObject known = DEFAULTS.getOrDefault(className, new JsonObject());
    for (String name : known.keySet()) {
      JsonElement value = TRAINED_WITH.contains(name) ? field(name) : given(name);
      if (value != null) {
        copy.add(name, value);
      }
    }
    if (trainedBetas().isPresent() && known.has(TIMESTEPS)) {
      copy.addProperty(TIMESTEPS, trainTimesteps()); // theirs, not the class's default
    }
    return new SchedulerConfig(copy);
  }

  /** The field's value, null where it is absent or marked as the default of its class. */
  private JsonElement given(String name) {
    JsonElement defaults = json.get("_use_default_values");
    boolean isDefault =
        defaults != null
            && defaults.isJsonArray()
            && defaults.getAsJsonArray().contains(new JsonPrimitive(name));
    return isDefault ? null : json.get(name);
  }

  /** The same configuration with one field set to text, such as {@code beta_schedule}. */
  public SchedulerConfig with(String field, String value) {
    return withElement(field, new JsonPrimitive(value));
  }

  /** The same configuration with one field set to a number, such as {@code beta_end}. */
  public SchedulerConfig with(String field, Number value) {
    return withElement(field, new JsonPrimitive(value));
  }

  /** The same configuration with one field set to a truth value, such as {@code clip_sample}. */
  public SchedulerConfig with(String field, boolean value) {
    return withElement(field, new JsonPrimitive(value));
  }

  /** The same configuration with {@code trained_betas}, which overrule a named schedule. */
  public SchedulerConfig withTrainedBetas(double... betas) {
    return with("trained_betas", betas);
  }

  /** The same configuration with one field set to a list of numbers, such as {@code sigmas}. */
  public SchedulerConfig with(String field, double... values) {
    JsonArray array = new JsonArray();
    for (double value : values) {
      array.add(value);
    }
    return withElement(field, array);
  }

  /**
   * The same configuration with one field set to a value as JSON has it, such as {@code true},
   * {@code 0.5} or {@code [0.1, 0.2]}; what is no JSON is text.
   *
   * @throws IllegalArgumentException listing the fields, if the class has no such one
   */
  public SchedulerConfig withJson(String field, String value) {
    JsonElement element;
    try {
      element = JsonParser.parseString(value);
    } catch (JsonParseException e) {
      element = new JsonPrimitive(value);
    }
    return withElement(field, element);
  }

  /**
   * The same configuration with every field of its class written down.
   *
   * @param others fields that are left out
   */
  SchedulerConfig complete(Set<String> others) {
    JsonObject all = new JsonObject();
    all.addProperty("_class_name", className());
    for (String name : defaults.keySet()) {
      if (!others.contains(name)) {
        JsonElement value = field(name);
        all.add(name, value == null ? JsonNull.INSTANCE : value);
      }
    }
    return new SchedulerConfig(all);
  }

  private boolean knows(String field) {
    return defaults.has(field) || field.equals("_class_name");
  }

  private SchedulerConfig withElement(String field, JsonElement value) {
    if (!knows(field)) {
      throw new IllegalArgumentException(
          "field: expected one of "
              + new TreeSet<>(defaults.keySet())
              + ", found \""
              + field
              + "\"");
    }
    JsonObject copy = json.deepCopy();
    copy.add(field, value);
    return new SchedulerConfig(copy);
  }

  /** The JSON object, as {@code ddpm4j.scheduler} holds it in a model file. */
  public String toJson() {
    return json.toString();
  }

  /** Fields that were read and mean nothing here, in order of name. */
  public List<String> unknownFields() {
    TreeSet<String> fields = new TreeSet<>(json.keySet());
    fields.removeIf(field -> knows(field) || field.startsWith("_"));
    return List.copyOf(fields);
  }

  /** T: as many as there are trained betas where the number itself is absent. */
  public int trainTimesteps() {
    boolean said = json.has(TIMESTEPS) && !json.get(TIMESTEPS).isJsonNull();
    return said
        ? integer(TIMESTEPS, 1000)
        : trainedBetas().map(betas -> betas.length).orElseGet(() -> integer(TIMESTEPS, 1000));
  }

  /**
   * Whether the class is one for networks that were trained with a schedule of betas. Those of
   * consistency models, EDM, flow matching and exploding variances are not, and neither is IPNDM,
   * whose {@code trained_betas} are noise levels: the betas that such a configuration gives are the
   * defaults of DDPM, and of no network.
   */
  public boolean hasBetas() {
    return defaults.has("beta_schedule");
  }

  /** The name of the schedule; {@link #trainedBetas} overrule it. */
  public BetaSchedule betaSchedule() {
    return string("beta_schedule").map(BetaSchedule::parse).orElse(BetaSchedule.LINEAR);
  }

  /** β_0 of a named schedule. */
  public double betaStart() {
    return number("beta_start", 1e-4);
  }

  /** β_{T-1} of a named schedule. */
  public double betaEnd() {
    return number("beta_end", 0.02);
  }

  /** The betas given one by one, if they are. */
  public Optional<double[]> trainedBetas() {
    return numbers("trained_betas");
  }

  /** Whether the schedule is rescaled to ᾱ_{T-1} = 0. */
  public boolean rescaleBetasZeroSnr() {
    return flag("rescale_betas_zero_snr", false);
  }

  /** The betas and what follows from them. */
  public NoiseSchedule noiseSchedule() {
    Optional<double[]> trained = trainedBetas();
    if (trained.isPresent() && json.has(TIMESTEPS) && trained.get().length != trainTimesteps()) {
      throw new IllegalArgumentException(
          "trained_betas: expected num_train_timesteps = "
              + trainTimesteps()
              + " numbers, found "
              + trained.get().length);
    }
    NoiseSchedule schedule =
        trained
            .map(NoiseSchedule::ofBetas)
            .orElseGet(
                () -> NoiseSchedule.of(betaSchedule(), trainTimesteps(), betaStart(), betaEnd()));
    return rescaleBetasZeroSnr() ? schedule.withZeroTerminalSnr() : schedule;
  }

  /** What the network predicts. */
  public PredictionType predictionType() {
    return string("prediction_type").map(PredictionType::parse).orElse(PredictionType.EPSILON);
  }

  /** The variance of an ancestral step. */
  public VarianceType varianceType() {
    return string("variance_type").map(VarianceType::parse).orElse(VarianceType.FIXED_SMALL);
  }

  /** Whether the predicted x_0 is clipped to ± {@link #clipSampleRange}. */
  public boolean clipSample() {
    return flag("clip_sample", true);
  }

  /** The bound of clipping. */
  public double clipSampleRange() {
    return number("clip_sample_range", 1);
  }

  /** Whether the predicted x_0 is thresholded by a quantile, instead of clipping. */
  public boolean thresholding() {
    return flag("thresholding", false);
  }

  /** The quantile of dynamic thresholding, 0 to 1. */
  public double dynamicThresholdingRatio() {
    return number("dynamic_thresholding_ratio", 0.995);
  }

  /** The largest threshold of dynamic thresholding. */
  public double sampleMaxValue() {
    return number("sample_max_value", 1);
  }

  /** How fewer than T timesteps are chosen. */
  public TimestepSpacing timestepSpacing() {
    return string("timestep_spacing").map(TimestepSpacing::parse).orElse(TimestepSpacing.LEADING);
  }

  /** Added to every timestep by leading spacing. */
  public int stepsOffset() {
    return integer("steps_offset", 0);
  }

  /**
   * The sections of {@link TimestepGrid.Respaced}: text, or the number that a single one may be.
   */
  Optional<String> timestepRespacing() {
    JsonElement element = field("timestep_respacing");
    boolean number =
        element != null && element.isJsonPrimitive() && element.getAsJsonPrimitive().isNumber();
    return number ? Optional.of(element.getAsString()) : string("timestep_respacing");
  }

  /** The field's value or the class's default, null where there is neither. */
  private JsonElement field(String name) {
    JsonElement element = json.get(name);
    if (element == null || element.isJsonNull()) {
      element = defaults.get(name);
    }
    return element == null || element.isJsonNull() ? null : element;
  }

  /** A field of text, by its name in the file; empty where it is absent and has no default. */
  public Optional<String> string(String name) {
    JsonElement element = field(name);
    if (element == null) {
      return Optional.empty();
    }
    if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isString()) {
      throw wrong(name, "text", element);
    }
    return Optional.of(element.getAsString());
  }

  /** Whether the field has a value, its own or its class's default. */
  public boolean isSet(String name) {
    return field(name) != null;
  }

  /**
   * A closed choice, by the names that it has in the file.
   *
   * @throws IllegalArgumentException listing the legal names
   */
  public <E extends Enum<E>> E choice(String name, E[] values, Function<E, String> label) {
    return Labels.parse(name, string(name).orElse(null), values, label);
  }

  /** A number, infinite ones among them; empty where it is absent and has no default. */
  public OptionalDouble number(String name) {
    JsonElement element = field(name);
    return element == null ? OptionalDouble.empty() : OptionalDouble.of(number(name, element));
  }

  /** A number that the class has a default for. */
  public double number(String name, double absent) {
    return number(name).orElse(absent);
  }

  /** A whole number. */
  public int integer(String name, int absent) {
    double value = number(name, absent);
    if (value != (int) value) {
      throw wrong(name, "an integer", field(name));
    }
    return (int) value;
  }

  /** A truth value. */
  public boolean flag(String name, boolean absent) {
    JsonElement element = field(name);
    if (element == null) {
      return absent;
    }
    if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isBoolean()) {
      throw wrong(name, "true or false", element);
    }
    return element.getAsBoolean();
  }

  /** A list of numbers; empty where it is absent and has no default. */
  public Optional<double[]> numbers(String name) {
    JsonElement element = field(name);
    if (element == null) {
      return Optional.empty();
    }
    if (!element.isJsonArray()) {
      throw wrong(name, "a list of numbers", element);
    }
    JsonArray array = element.getAsJsonArray();
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = number(name + "[" + i + "]", array.get(i));
    }
    return Optional.of(values);
  }

  static double number(String name, JsonElement element) {
    if (element.isJsonPrimitive()) {
      JsonPrimitive primitive = element.getAsJsonPrimitive();
      if (primitive.isNumber()) {
        return primitive.getAsDouble();
      }
      // JSON has no infinity: Python writes Infinity, other tools a string.
      switch (primitive.getAsString()) {
        case "inf", "Infinity":
          return Double.POSITIVE_INFINITY;
        case "-inf", "-Infinity":
          return Double.NEGATIVE_INFINITY;
        default:
      }
    }
    throw wrong(name, "a number", element);
  }

  private static void positive(String name, double value) {
    if (!(value > 0)) {
      throw new IllegalArgumentException(name + ": expected a number above 0, found " + value);
    }
  }

  private static IllegalArgumentException wrong(String name, String expected, JsonElement found) {
    return new IllegalArgumentException(
        name + ": expected " + expected + ", found " + shorten(found));
  }

  private static String shorten(JsonElement element) {
    String text = element.toString();
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SchedulerConfig that && json.equals(that.json);
  }

  @Override
  public int hashCode() {
    return json.hashCode();
  }

  @Override
  public String toString() {
    return toJson();
  }
}
