package io.ddpm4j.cli;

import io.ddpm4j.exporter.compare.TensorDifference;
import io.ddpm4j.exporter.compare.WeightComparison;
import io.ddpm4j.exporter.graph.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** What a comparison of weights found, line by line. */
final class WeightsText {
  private final WeightComparison weights;
  private final int top;
  private final List<String> lines = new ArrayList<>();

  private WeightsText(WeightComparison weights, int top) {
    this.weights = weights;
    this.top = top;
  }

  /**
   * The lines.
   *
   * @param top how many tensors of each kind of difference are listed
   */
  static List<String> lines(WeightComparison weights, int top) {
    WeightsText text = new WeightsText(weights, top);
    text.write();
    return text.lines;
  }

  private void write() {
    lines.add(
        ("tensors: %d equal, %d of equal content under another name, %d with other numbers,"
                + " %d of another shape, %d only in A, %d only in B")
            .formatted(
                weights.equal(),
                weights.renamed().size(),
                weights.differing().size(),
                weights.reshaped().size(),
                weights.onlyFirst().size(),
                weights.onlySecond().size()));
    List<TensorDifference> worst = new ArrayList<>(weights.differing());
    worst.sort(Comparator.comparingDouble(TensorDifference::relative).reversed()); // NaN first
    list(worst, WeightsText::difference);
    if (!weights.quantised().isEmpty()) {
      lines.add(
          "quantised: %d with 8 bits and scales in one of the two"
              .formatted(weights.quantised().size()));
      worst = new ArrayList<>(weights.quantised());
      worst.sort(Comparator.comparingDouble(TensorDifference::relative).reversed());
      list(worst, d -> "error of " + difference(d));
    }
    list(
        weights.reshaped(),
        r -> r.name() + ": " + text(r.first()) + " in A, " + text(r.second()) + " in B");
    list(
        List.copyOf(weights.onlyFirst().entrySet()),
        e -> "only in A: " + e.getKey() + " " + text(e.getValue()));
    list(
        List.copyOf(weights.onlySecond().entrySet()),
        e -> "only in B: " + e.getKey() + " " + text(e.getValue()));
  }

  private static String difference(TensorDifference d) {
    return String.format(
        Locale.ROOT,
        "%s %s: largest difference %.3g at %s, %.3g of its norm",
        d.name(),
        d.first().equals(d.second())
            ? text(d.first())
            : text(d.first()) + " and " + text(d.second()),
        d.largest(),
        Arrays.toString(d.at()).replace(" ", ""),
        d.relative());
  }

  /** As {@code ddpm inspect} writes types. */
  private static String text(TensorType type) {
    return type.dataType().name().toLowerCase(Locale.ROOT) + type.shape();
  }

  private <T> void list(List<T> all, Function<T, String> words) {
    all.stream().limit(top).forEach(each -> lines.add("  " + words.apply(each)));
    if (all.size() > top) {
      lines.add("  ... and %d more".formatted(all.size() - top));
    }
  }
}
