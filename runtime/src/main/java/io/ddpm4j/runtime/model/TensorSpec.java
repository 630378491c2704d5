package io.ddpm4j.runtime.model;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An input or output of a model, as the file declares it.
 *
 * @param name its name
 * @param type the element type in ONNX's spelling, lower case ({@code float}, {@code int64}, …)
 * @param shape the extents; -1 for one that is named or unknown
 */
public record TensorSpec(String name, String type, List<Long> shape) {
  /** Copies the shape. */
  public TensorSpec {
    shape = List.copyOf(shape);
  }

  static TensorSpec of(String name, String type, long... shape) {
    return new TensorSpec(name, type, Arrays.stream(shape).boxed().toList());
  }

  int rank() {
    return shape.size();
  }

  boolean isFixed(int axis) {
    return shape.get(axis) > 0;
  }

  @Override
  public String toString() {
    return shape.stream()
        .map(extent -> extent < 0 ? "?" : extent.toString())
        .collect(Collectors.joining(",", name + " " + type + "[", "]"));
  }
}
