package io.ddpm4j.trainer.evaluate.features;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What numbers a network takes for the levels 0 (black) to 255 (white): of channel c, {@code
 * offset(c) + slope(c)·level}.
 *
 * @param offsets of all channels, or one for each
 * @param slopes as many
 */
public record PixelScale(List<Double> offsets, List<Double> slopes) {
  /** 0 to 255, the levels themselves. */
  public static final PixelScale LEVELS = range(0, 255);

  /** 0 to 1. */
  public static final PixelScale UNIT = range(0, 1);

  /** -1 to 1. */
  public static final PixelScale SIGNED = range(-1, 1);

  /** 0 to 1, of which ImageNet's means are taken away and then its deviations divided out. */
  public static final PixelScale IMAGENET =
      standardized(List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));

  private static final String LEGAL = "LOW,HIGH such as 0,1, -1,1 or 0,255, or imagenet";

  /** Copies the lists and refuses what does not fit. */
  public PixelScale {
    offsets = List.copyOf(offsets);
    slopes = List.copyOf(slopes);
    if (offsets.isEmpty() || offsets.size() != slopes.size()) {
      throw new IllegalArgumentException(
          "pixel scale: expected as many offsets as slopes and at least one, found %d and %d"
              .formatted(offsets.size(), slopes.size()));
    }
    offsets.forEach(PixelScale::requireFinite);
    for (double slope : slopes) {
      requireFinite(slope);
      if (slope == 0) {
        throw new IllegalArgumentException(
            "pixel scale: expected black and white to differ, found a slope of 0");
      }
    }
  }

  private static void requireFinite(double number) {
    if (!Double.isFinite(number)) {
      throw new IllegalArgumentException("pixel scale: expected finite numbers, found " + number);
    }
  }

  /**
   * Black and white as these values.
   *
   * @throws IllegalArgumentException unless {@code low < high}
   */
  public static PixelScale range(double low, double high) {
    if (!(low < high)) {
      throw new IllegalArgumentException(
          "pixel scale: expected LOW,HIGH with low < high, found " + low + "," + high);
    }
    return new PixelScale(List.of(low), List.of((high - low) / 255));
  }

  /**
   * Values of 0 to 1 of which a mean is taken away, divided by a deviation.
   *
   * @param means one, or one for each channel
   * @param deviations as many, above 0
   */
  public static PixelScale standardized(List<Double> means, List<Double> deviations) {
    if (means.size() != deviations.size() || deviations.stream().anyMatch(d -> !(d > 0))) {
      throw new IllegalArgumentException(
          "pixel scale: expected as many means as deviations above 0, found "
              + means
              + " and "
              + deviations);
    }
    return new PixelScale(
        IntStream.range(0, means.size()).mapToObj(c -> -means.get(c) / deviations.get(c)).toList(),
        deviations.stream().map(deviation -> 1 / (255 * deviation)).toList());
  }

  /**
   * Reads an option.
   *
   * @param text {@code LOW,HIGH} or {@code imagenet}
   * @throws IllegalArgumentException listing what is legal
   */
  public static PixelScale parse(String text) {
    if (text.strip().equalsIgnoreCase("imagenet")) {
      return IMAGENET;
    }
    String[] ends = text.split(",", -1);
    if (ends.length == 2) {
      try {
        return range(Double.parseDouble(ends[0].strip()), Double.parseDouble(ends[1].strip()));
      } catch (NumberFormatException e) {
        // Falls through to the message.
      }
    }
    throw new IllegalArgumentException(
        "pixel scale: expected " + LEGAL + ", found \"" + text + "\"");
  }

  /** For how many channels it is; 0 for any number. */
  int channels() {
    return offsets.size() == 1 ? 0 : offsets.size();
  }

  /** Offsets and slopes of this many channels. */
  double[][] coefficients(int count) {
    List<Double> offset = channels() == 0 ? Collections.nCopies(count, offsets.get(0)) : offsets;
    List<Double> slope = channels() == 0 ? Collections.nCopies(count, slopes.get(0)) : slopes;
    return new double[][] {
      offset.stream().mapToDouble(Double::doubleValue).toArray(),
      slope.stream().mapToDouble(Double::doubleValue).toArray()
    };
  }
}
