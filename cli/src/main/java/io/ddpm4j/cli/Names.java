package io.ddpm4j.cli;

import io.ddpm4j.exporter.loop.LoopImages;
import io.ddpm4j.runtime.likelihood.BoundVariance;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.random.NoiseGenerator;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.VarianceType;
import io.ddpm4j.trainer.data.Split;
import io.ddpm4j.trainer.evaluate.features.ResizeFilter;
import io.ddpm4j.trainer.loop.Preset;
import io.ddpm4j.trainer.objective.LossKind;
import io.ddpm4j.trainer.objective.TimestepSampling;
import io.ddpm4j.trainer.optim.Decay;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Option values that are names from a list: any other is wrong usage. */
final class Names {
  private Names() {}

  /** A sampling method. */
  static final class Sampler implements ITypeConverter<String> {
    @Override
    public String convert(String value) {
      return oneOf(Samplers.names(), name -> name, value);
    }
  }

  /** How images leave a graph. */
  static final class Pixels implements ITypeConverter<LoopImages.Format> {
    @Override
    public LoopImages.Format convert(String value) {
      return constant(LoopImages.Format.values(), value);
    }
  }

  /** Where the noise of a graph comes from. */
  static final class Origin implements ITypeConverter<LoopExport.NoiseOrigin> {
    @Override
    public LoopExport.NoiseOrigin convert(String value) {
      return constant(LoopExport.NoiseOrigin.values(), value);
    }
  }

  /** A generator of noise. */
  static final class Generator implements ITypeConverter<NoiseGenerator> {
    @Override
    public NoiseGenerator convert(String value) {
      return oneOf(List.of(NoiseGenerator.values()), NoiseGenerator::label, value);
    }
  }

  /** A noise schedule. */
  static final class Schedule implements ITypeConverter<BetaSchedule> {
    @Override
    public BetaSchedule convert(String value) {
      if (value.equals("cosine")) { // as papers call it; files hold diffusers' name
        return BetaSchedule.SQUAREDCOS_CAP_V2;
      }
      return oneOf(List.of(BetaSchedule.values()), BetaSchedule::label, value);
    }
  }

  /** What a network predicts. */
  static final class Prediction implements ITypeConverter<PredictionType> {
    @Override
    public PredictionType convert(String value) {
      return oneOf(List.of(PredictionType.values()), PredictionType::label, value);
    }
  }

  /** A variance that any model can be sampled with: a learned one is not to be chosen. */
  static final class Variance implements ITypeConverter<VarianceType> {
    @Override
    public VarianceType convert(String value) {
      return oneOf(
          List.of(VarianceType.FIXED_SMALL, VarianceType.FIXED_LARGE), VarianceType::label, value);
    }
  }

  /** A variance that a network can be trained for. */
  static final class TrainedVariance implements ITypeConverter<VarianceType> {
    @Override
    public VarianceType convert(String value) {
      return oneOf(
          List.of(VarianceType.FIXED_SMALL, VarianceType.FIXED_LARGE, VarianceType.LEARNED_RANGE),
          VarianceType::label,
          value);
    }
  }

  /** Where a bound has its variance from. */
  static final class VarianceOfBound implements ITypeConverter<BoundVariance> {
    @Override
    public BoundVariance convert(String value) {
      return constant(BoundVariance.values(), value);
    }
  }

  /** How the last step of a bound decodes. */
  static final class DecoderKinds implements ITypeConverter<LikelihoodOptions.DecoderKind> {
    @Override
    public LikelihoodOptions.DecoderKind convert(String value) {
      return constant(LikelihoodOptions.DecoderKind.values(), value);
    }
  }

  /** A part of a data set. */
  static final class Splits implements ITypeConverter<Split> {
    @Override
    public Split convert(String value) {
      return constant(Split.values(), value);
    }
  }

  /** How images are resized for a feature network. */
  static final class Filters implements ITypeConverter<ResizeFilter> {
    @Override
    public ResizeFilter convert(String value) {
      return constant(ResizeFilter.values(), value);
    }
  }

  /** A loss of training. */
  static final class Losses implements ITypeConverter<LossKind> {
    @Override
    public LossKind convert(String value) {
      return oneOf(List.of(LossKind.values()), LossKind::label, value);
    }
  }

  /** How often each timestep is drawn in training. */
  static final class Timesteps implements ITypeConverter<TimestepSampling> {
    @Override
    public TimestepSampling convert(String value) {
      return oneOf(List.of(TimestepSampling.values()), TimestepSampling::label, value);
    }
  }

  /** How a learning rate goes on after its warm-up. */
  static final class LearningRates implements ITypeConverter<Decay> {
    @Override
    public Decay convert(String value) {
      return oneOf(List.of(Decay.values()), Decay::label, value);
    }
  }

  /** A preset of training. */
  static final class Presets implements ITypeConverter<Preset> {
    @Override
    public Preset convert(String value) {
      return constant(Preset.values(), value);
    }
  }

  /** Where a model runs. */
  static final class Devices implements ITypeConverter<Device> {
    @Override
    public Device convert(String value) {
      try {
        return Device.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(
            e.getMessage().replaceFirst("^device: ", "").replace('"', '\''));
      }
    }
  }

  /** A field of a configuration and its value, which may hold further equals signs. */
  static final class Field implements ITypeConverter<Map.Entry<String, String>> {
    @Override
    public Map.Entry<String, String> convert(String value) {
      int equals = value.indexOf('=');
      if (equals < 1) {
        throw new TypeConversionException("expected FIELD=VALUE, found '" + value + "'");
      }
      return Map.entry(value.substring(0, equals), value.substring(equals + 1));
    }
  }

  /** A constant by its own name in small letters. */
  private static <E extends Enum<E>> E constant(E[] values, String value) {
    return oneOf(List.of(values), each -> each.name().toLowerCase(Locale.ROOT), value);
  }

  private static <T> T oneOf(Collection<T> legal, Function<T, String> name, String value) {
    return legal.stream()
        .filter(each -> name.apply(each).equalsIgnoreCase(value))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "expected "
                        + legal.stream().map(name).collect(Collectors.joining(", "))
                        + ", found '"
                        + value
                        + "'"));
  }
}
