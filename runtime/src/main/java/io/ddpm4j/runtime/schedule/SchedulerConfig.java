package io.ddpm4j.runtime.schedule;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A scheduler configuration: the fields of diffusers' {@code scheduler_config.json}, each with the
 * default of {@code DDPMScheduler} where it is absent. Start from {@link #ddpm()} or {@link #parse}
 * and change it with the {@code with} methods.
 */
public final class SchedulerConfig {
  private static final String CLASS_NAME = "DDPMScheduler";

  /** Every field that this class reads or knows to be of no consequence. */
  private static final Set<String> KNOWN =
      Set.of(
          "_class_name",
          "_diffusers_version",
          "num_train_timesteps",
          "beta_start",
          "beta_end",
          "beta_schedule",
          "trained_betas",
          "rescale_betas_zero_snr",
          "prediction_type",
          "variance_type",
          "clip_sample",
          "clip_sample_range",
          "thresholding",
          "dynamic_thresholding_ratio",
          "sample_max_value",
          "timestep_spacing",
          "steps_offset");

  private final JsonObject json;

  private SchedulerConfig(JsonObject json) {
    this.json = json;
    check();
  }

  /** All defaults: linear betas 1e-4 to 0.02, T = 1000, ε, fixed_small, clipping to [-1, 1]. */
  public static SchedulerConfig ddpm() {
    JsonObject json = new JsonObject();
    json.addProperty("_class_name", CLASS_NAME);
    return new SchedulerConfig(json);
  }

  /**
   * Reads a JSON object.
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
    return new SchedulerConfig(element.getAsJsonObject());
  }

  private void check() {
    string("_class_name")
        .filter(name -> !name.equals(CLASS_NAME))
        .ifPresent(
            name -> {
              throw new IllegalArgumentException(
                  "_class_name: expected " + CLASS_NAME + ", found \"" + name + "\"");
            });
    noiseSchedule();
    predictionType();
    varianceType();
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
    JsonArray array = new JsonArray();
    for (double beta : betas) {
      array.add(beta);
    }
    return withElement("trained_betas", array);
  }

  private SchedulerConfig withElement(String field, JsonElement value) {
    if (!KNOWN.contains(field)) {
      throw new IllegalArgumentException(
          "expected one of " + new TreeSet<>(KNOWN) + ", found the field \"" + field + "\"");
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
    fields.removeAll(KNOWN);
    return List.copyOf(fields);
  }

  /** T: as many as there are trained betas where the number itself is absent. */
  public int trainTimesteps() {
    return integer("num_train_timesteps", trainedBetas().map(betas -> betas.length).orElse(1000));
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
    JsonElement element = field("trained_betas");
    if (element == null) {
      return Optional.empty();
    }
    if (!element.isJsonArray()) {
      throw wrong("trained_betas", "a list of numbers", element);
    }
    JsonArray array = element.getAsJsonArray();
    double[] betas = new double[array.size()];
    for (int i = 0; i < betas.length; i++) {
      JsonElement beta = array.get(i);
      if (!isNumber(beta)) {
        throw wrong("trained_betas[" + i + "]", "a number", beta);
      }
      betas[i] = beta.getAsDouble();
    }
    return Optional.of(betas);
  }

  /** Whether the schedule is rescaled to ᾱ_{T-1} = 0. */
  public boolean rescaleBetasZeroSnr() {
    return bool("rescale_betas_zero_snr", false);
  }

  /** The betas and what follows from them. */
  public NoiseSchedule noiseSchedule() {
    Optional<double[]> trained = trainedBetas();
    if (trained.isPresent()
        && json.has("num_train_timesteps")
        && trained.get().length != trainTimesteps()) {
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
    return bool("clip_sample", true);
  }

  /** The bound of clipping. */
  public double clipSampleRange() {
    return number("clip_sample_range", 1);
  }

  /** Whether the predicted x_0 is thresholded by a quantile, instead of clipping. */
  public boolean thresholding() {
    return bool("thresholding", false);
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

  /** The field's value, or null where it is absent or JSON null. */
  private JsonElement field(String name) {
    JsonElement element = json.get(name);
    return element == null || element.isJsonNull() ? null : element;
  }

  private Optional<String> string(String name) {
    JsonElement element = field(name);
    if (element == null) {
      return Optional.empty();
    }
    if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isString()) {
      throw wrong(name, "text", element);
    }
    return Optional.of(element.getAsString());
  }

  private double number(String name, double absent) {
    JsonElement element = field(name);
    if (element == null) {
      return absent;
    }
    if (!isNumber(element)) {
      throw wrong(name, "a number", element);
    }
    return element.getAsDouble();
  }

  private int integer(String name, int absent) {
    double value = number(name, absent);
    if (value != (int) value) {
      throw wrong(name, "an integer", field(name));
    }
    return (int) value;
  }

  private boolean bool(String name, boolean absent) {
    JsonElement element = field(name);
    if (element == null) {
      return absent;
    }
    if (!element.isJsonPrimitive() || !element.getAsJsonPrimitive().isBoolean()) {
      throw wrong(name, "true or false", element);
    }
    return element.getAsBoolean();
  }

  private static boolean isNumber(JsonElement element) {
    return element.isJsonPrimitive() && element.getAsJsonPrimitive().isNumber();
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
