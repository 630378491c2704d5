package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.Preset;
import io.ddpm4j.trainer.loop.TrainConfig;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.ListResourceBundle;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What the presets say, for the help of {@code ddpm train}. */
final class PresetDefaults extends ListResourceBundle {
  @Override
  protected Object[][] getContents() {
    return new Object[][] {
      entry("threads", c -> c.run().threads()),
      entry("checkpointEvery", c -> c.run().checkpointEvery()),
      entry("keepCheckpoints", c -> c.run().keepCheckpoints()),
      entry("sampleEvery", c -> c.run().sampleEvery()),
      entry("sampleImages", c -> c.run().sampleImages()),
      entry("sampleSteps", c -> c.run().sampleSteps()),
      entry("validationEvery", c -> c.reporting().validationEvery()),
      entry("validationImages", c -> c.reporting().validationImages()),
      entry("validationShare", c -> number(c.reporting().validationShare())),
      entry("widths", c -> joined(c.network().channels())),
      entry("attention", c -> joined(levels(c.network().attention()))),
      entry("layers", c -> c.network().layersPerBlock()),
      entry("groups", c -> c.network().groups()),
      entry("headChannels", c -> c.network().attentionHeadDim()),
      entry("labelDropout", c -> number(c.network().labelDropout())),
      entry("dropout", c -> number(c.network().dropout())),
      entry("loss", c -> c.diffusion().objective().loss()),
      entry("timestepSampling", c -> c.diffusion().objective().timestepSampling()),
      entry("offsetNoise", c -> number(c.diffusion().objective().offsetNoise())),
      entry("modelGuidance", c -> number(c.diffusion().objective().modelGuidance())),
      entry("batchSize", c -> c.optimizer().batchSize()),
      entry("accumulate", c -> c.optimizer().accumulate()),
      entry("learningRate", c -> number(c.optimizer().learningRate())),
      entry("warmupSteps", c -> c.optimizer().warmupSteps()),
      entry("lrSchedule", c -> c.optimizer().lrSchedule()),
      entry("minLearningRate", c -> number(c.optimizer().minLearningRate())),
      entry("weightDecay", c -> number(c.optimizer().weightDecay())),
      entry("beta1", c -> number(c.optimizer().beta1())),
      entry("beta2", c -> number(c.optimizer().beta2())),
      entry("epsilon", c -> number(c.optimizer().epsilon())),
      entry("maxGradientNorm", c -> number(c.optimizer().maxGradientNorm())),
      entry("emaDecay", c -> number(c.optimizer().emaDecay())),
    };
  }

  /** One value where all presets agree, else each with its preset's name. */
  private static Object[] entry(String key, Function<TrainConfig, Object> value) {
    List<String> each = new ArrayList<>();
    Set<String> distinct = new LinkedHashSet<>();
    for (Preset preset : Preset.values()) {
      String text = value.apply(preset.config("", 1, 0)).toString();
      distinct.add(text);
      each.add(preset.name().toLowerCase(Locale.ROOT) + " " + text);
    }
    return new Object[] {
      "preset." + key, distinct.size() == 1 ? distinct.iterator().next() : String.join("; ", each)
    };
  }

  private static List<Integer> levels(List<Boolean> attention) {
    return IntStream.rangeClosed(1, attention.size())
        .filter(level -> attention.get(level - 1))
        .boxed()
        .toList();
  }

  private static String joined(List<Integer> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** 0.001 and 1e-8, not 1.0E-3. */
  private static String number(double value) {
    String text = Double.toString(value).toLowerCase(Locale.ROOT).replace(".0e", "e");
    return value < 1e-4 || value == Math.rint(value)
        ? text.replaceAll("\\.0$", "")
        : new BigDecimal(text).toPlainString();
  }
}
