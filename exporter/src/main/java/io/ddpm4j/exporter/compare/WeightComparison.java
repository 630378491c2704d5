package io.ddpm4j.exporter.compare;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Two models tensor by tensor. Tensors are paired by name; those that have no partner of their name
 * by equal content, since exporters rename what they fold.
 *
 * @param equal how many have the same name, shape and numbers
 * @param differing those of one name and shape whose numbers differ, in the first model's order
 * @param quantised those that are 8-bit integers with scales in one of the models and numbers in
 *     the other, with the error of quantisation; the integers' and scales' own names count nowhere
 * @param reshaped those of one name and different shapes
 * @param renamed those of equal content under two names: the first's name to the second's
 * @param onlyFirst what only the first model has
 * @param onlySecond what only the second model has
 */
public record WeightComparison(
    int equal,
    List<TensorDifference> differing,
    List<TensorDifference> quantised,
    List<Reshaped> reshaped,
    Map<String, String> renamed,
    Map<String, TensorType> onlyFirst,
    Map<String, TensorType> onlySecond) {

  /** One name, two shapes. */
  public record Reshaped(String name, TensorType first, TensorType second) {}

  /** Copies all. */
  public WeightComparison {
    differing = List.copyOf(differing);
    quantised = List.copyOf(quantised);
    reshaped = List.copyOf(reshaped);
    renamed = Map.copyOf(renamed);
    onlyFirst = new LinkedHashMap<>(onlyFirst);
    onlySecond = new LinkedHashMap<>(onlySecond);
  }

  /**
   * Compares.
   *
   * @param first tensors of real numbers by name
   * @param second likewise
   */
  public static WeightComparison of(Map<String, TensorData> first, Map<String, TensorData> second) {
    int equal = 0;
    List<TensorDifference> differing = new ArrayList<>();
    List<Reshaped> reshaped = new ArrayList<>();
    Map<String, TensorData> left = new LinkedHashMap<>();
    Map<String, TensorData> right = new LinkedHashMap<>(second);
    Map<String, TensorData> own = new LinkedHashMap<>(first);
    List<TensorDifference> quantised = takeQuantised(own, right);
    for (Map.Entry<String, TensorData> entry : own.entrySet()) {
      String name = entry.getKey();
      TensorData a = entry.getValue();
      TensorData b = right.remove(name);
      if (b == null) {
        left.put(name, a);
      } else if (!a.shape().equals(b.shape())) {
        reshaped.add(new Reshaped(name, a.type(), b.type()));
      } else {
        TensorDifference difference = TensorDifference.of(name, a, b);
        if (difference.isNone()) {
          equal++;
        } else {
          differing.add(difference);
        }
      }
    }
    Map<String, String> renamed = pairByContent(left, right);
    return new WeightComparison(
        equal, differing, quantised, reshaped, renamed, types(left), types(right));
  }

  /** Takes the pairs out of both maps. */
  private static List<TensorDifference> takeQuantised(
      Map<String, TensorData> first, Map<String, TensorData> second) {
    List<TensorDifference> quantised = new ArrayList<>();
    for (String name : List.copyOf(first.keySet())) {
      String original = Quantised.original(name, first);
      TensorData a = first.get(name);
      if (original != null && isSameShape(a, second.get(original))) {
        TensorData b = second.remove(original);
        quantised.add(TensorDifference.of(original, Quantised.take(original, first), b));
      } else if (a != null
          && !second.containsKey(name)
          && Quantised.has(name, second)
          && isSameShape(a, second.get(Quantised.integers(name)))) {
        TensorData b = Quantised.take(name, second);
        quantised.add(TensorDifference.of(name, first.remove(name), b));
      }
    }
    return quantised;
  }

  private static boolean isSameShape(TensorData a, TensorData b) {
    return a != null && b != null && a.shape().equals(b.shape());
  }

  /** Takes the pairs out of both maps. */
  private static Map<String, String> pairByContent(
      Map<String, TensorData> left, Map<String, TensorData> right) {
    Map<TensorData, List<String>> byContent = new HashMap<>();
    right.forEach(
        (name, data) -> byContent.computeIfAbsent(data, d -> new ArrayList<>()).add(name));
    Map<String, String> renamed = new LinkedHashMap<>();
    left.forEach(
        (name, data) -> {
          List<String> names = byContent.getOrDefault(data, List.of());
          if (!names.isEmpty()) {
            renamed.put(name, names.remove(0));
          }
        });
    renamed.forEach(
        (a, b) -> {
          left.remove(a);
          right.remove(b);
        });
    return renamed;
  }

  private static Map<String, TensorType> types(Map<String, TensorData> tensors) {
    Map<String, TensorType> types = new LinkedHashMap<>();
    tensors.forEach((name, data) -> types.put(name, data.type()));
    return types;
  }

  /** Whether both hold the same numbers, whatever their names. */
  public boolean isSame() {
    return differing.isEmpty()
        && quantised.isEmpty()
        && reshaped.isEmpty()
        && onlyFirst.isEmpty()
        && onlySecond.isEmpty();
  }
}
