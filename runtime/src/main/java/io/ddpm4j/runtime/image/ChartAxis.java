package io.ddpm4j.runtime.image;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Where values lie between 0 and 1, and which of them get a label. */
final class ChartAxis {
  private static final int MOST_TICKS = 9;
  private static final double LEAST_APART = 0.04; // of the axis: room for a number

  final double min;
  final double max;
  final boolean log;
  final List<Double> ticks;
  private final double step;

  private ChartAxis(double min, double max, boolean log, double step, List<Double> ticks) {
    this.min = min;
    this.max = max;
    this.log = log;
    this.step = step;
    this.ticks = ticks;
  }

  /**
   * An axis with ticks at 1, 2 or 5 times a power of ten.
   *
   * @param widen whether to begin and end at a tick, instead of at the data
   */
  static ChartAxis linear(double min, double max, boolean widen) {
    if (min == max) {
      double around = min == 0 ? 1 : Math.abs(min) / 2;
      min -= around;
      max += around;
    }
    double rough = (max - min) / 6;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = 10 * power;
    for (double nice : new double[] {5, 2, 1}) {
      step = nice * power >= rough ? nice * power : step;
    }
    // A hair of tolerance: 0.3 / 0.1 is not 3.
    double slack = step * 1e-9;
    long first =
        (long) (widen ? Math.floor((min + slack) / step) : Math.ceil((min - slack) / step));
    long last = (long) (widen ? Math.ceil((max - slack) / step) : Math.floor((max + slack) / step));
    List<Double> ticks = new ArrayList<>();
    for (long k = first; k <= last; k++) {
      ticks.add(k * step);
    }
    return widen
        ? new ChartAxis(first * step, last * step, false, step, ticks)
        : new ChartAxis(min, max, false, step, ticks);
  }

  /** A logarithmic axis; as many of 1, 2, 5, ... times powers of ten as have room. */
  static ChartAxis logarithmic(double min, double max) {
    double low = Math.log10(min);
    double high = Math.log10(max);
    double margin = Math.max(0.04 * (high - low), high - low < 0.1 ? 0.1 : 0);
    low -= margin;
    high += margin;
    int[][] choices = {{1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}};
    List<Double> ticks = List.of();
    for (int[] choice : choices) {
      ticks = decadeTicks(low, high, choice, 1);
      if (ticks.size() <= MOST_TICKS) {
        break;
      }
    }
    for (int every = 2; ticks.size() > MOST_TICKS; every++) {
      ticks = decadeTicks(low, high, new int[] {1}, every);
    }
    return new ChartAxis(Math.pow(10, low), Math.pow(10, high), true, 0, ticks);
  }

  private static List<Double> decadeTicks(double low, double high, int[] digits, int every) {
    List<Double> ticks = new ArrayList<>();
    for (int decade = (int) Math.floor(low); decade <= high; decade++) {
      if (Math.floorMod(decade, every) != 0) {
        continue;
      }
      for (int digit : digits) {
        double at = decade + Math.log10(digit);
        if (at >= low && at <= high) {
          ticks.add(new BigDecimal(digit).scaleByPowerOfTen(decade).doubleValue());
        }
      }
    }
    return ticks;
  }

  /**
   * The same axis with labels at these values, as far as they lie on it and not on one another.
   *
   * @param values rising
   */
  ChartAxis withTicks(double[] values) {
    List<Double> kept = new ArrayList<>();
    for (double value : values) {
      boolean inside = shows(value) && place(value) >= 0 && place(value) <= 1;
      boolean apart =
          kept.isEmpty() || place(value) - place(kept.get(kept.size() - 1)) >= LEAST_APART;
      if (inside && apart) {
        kept.add(value);
      }
    }
    return new ChartAxis(min, max, log, step, kept);
  }

  boolean shows(double value) {
    return Double.isFinite(value) && (!log || value > 0);
  }

  double place(double value) {
    return log
        ? (Math.log10(value) - Math.log10(min)) / (Math.log10(max) - Math.log10(min))
        : (value - min) / (max - min);
  }

  /** A short number: 0.05, 1500, 20k, 1e-6. */
  String label(double tick) {
    if (tick == 0) {
      return "0";
    }
    if (!log && Math.max(Math.abs(min), Math.abs(max)) >= 10_000) {
      double unit = Math.max(Math.abs(min), Math.abs(max)) >= 1e7 ? 1e6 : 1e3;
      if (Math.abs(tick) < 1e12 && step >= unit / 10) {
        return plain(tick / unit) + (unit == 1e6 ? "M" : "k");
      }
    }
    double magnitude = Math.abs(tick);
    if (magnitude < 1e-4 || magnitude >= 1e6) {
      String text = String.format(Locale.ROOT, "%.3e", tick);
      String mantissa = plain(Double.parseDouble(text.substring(0, text.indexOf('e'))));
      return mantissa + "e" + Integer.parseInt(text.substring(text.indexOf('e') + 1));
    }
    return plain(tick);
  }

  private static String plain(double value) {
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(6)).stripTrailingZeros();
    return rounded.toPlainString();
  }
}
