package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.model.RoleNames;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * What a model that ddpm4j has not written may leave in doubt; null where the user said nothing.
 */
final class ForeignOptions {
  /** The options that settle which input and output is which. */
  static final String NAMES =
      "--input-sample NAME, --input-timestep NAME, --input-class NAME or --output-sample NAME";

  @Option(
      names = "--input-sample",
      paramLabel = "NAME",
      description = "Input that takes the noisy images (default: found by rank and type).")
  private String inputSample;

  @Option(
      names = "--input-timestep",
      paramLabel = "NAME",
      description = "Input that takes the timestep (default: found by rank, type and name).")
  private String inputTimestep;

  @Option(
      names = "--input-class",
      paramLabel = "NAME",
      description = "Input that takes the class labels (default: found by rank, type and name).")
  private String inputClass;

  @Option(
      names = "--output-sample",
      paramLabel = "NAME",
      description = "Output that is the prediction (default: found by rank, type and name).")
  private String outputSample;

  @Option(
      names = "--image-channels",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Channels where the model leaves them open (default: its own).")
  private Integer imageChannels;

  @Option(
      names = "--value-range",
      paramLabel = "LOW,HIGH",
      converter = Range.class,
      description = "Values of black and white (default: the model's, else -1,1).")
  private ValueRange valueRange;

  /** Two numbers, the first below the second. */
  static final class Range implements ITypeConverter<ValueRange> {
    @Override
    public ValueRange convert(String value) {
      String[] ends = value.split(",", -1);
      try {
        if (ends.length == 2) {
          Numbers.Real number = new Numbers.Real();
          return new ValueRange(number.convert(ends[0]), number.convert(ends[1]));
        }
      } catch (TypeConversionException | IllegalArgumentException e) {
        // The same sentence.
      }
      throw new TypeConversionException(
          "expected LOW,HIGH with the lower number first, found '" + value + "'");
    }
  }

  /** What was given, by option. */
  Map<String, String> given() {
    Map<String, String> given = new LinkedHashMap<>();
    given.put("--input-sample", inputSample);
    given.put("--input-timestep", inputTimestep);
    given.put("--input-class", inputClass);
    given.put("--output-sample", outputSample);
    given.put(
        "--value-range",
        valueRange == null
            ? null
            : Numbers.plain(valueRange.low()) + "," + Numbers.plain(valueRange.high()));
    given.values().removeIf(Objects::isNull);
    return given;
  }

  /** The names that were given. */
  RoleNames roleNames() {
    RoleNames names = RoleNames.none();
    names = inputSample == null ? names : names.withSample(inputSample);
    names = inputTimestep == null ? names : names.withTimestep(inputTimestep);
    names = inputClass == null ? names : names.withClassLabels(inputClass);
    return outputSample == null ? names : names.withOutput(outputSample);
  }

  /** Passes on what was given beside the names. */
  void apply(DiffusionPipeline.Builder builder) {
    if (imageChannels != null) {
      builder.imageChannels(imageChannels);
    }
    if (valueRange != null) {
      builder.valueRange(valueRange.low(), valueRange.high());
    }
  }
}
