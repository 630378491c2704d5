package io.ddpm4j.runtime.model;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An input or output of a model, as the file declares it.
 *
 * @param name its name
 * @param type the element type in ONNX's spelling, lower case ({@code float}, {@code int64}, …)
 * @param shape the extents; -1 for one that is named or unknown. Empty for a single number, and
 *     where the file says nothing of the shape
 */
public record TensorSpec(String name, String type, List<Long> shape) {
  /** Copies the shape. */
  public TensorSpec {
    shape = List.copyOf(shape);
  }

  static TensorSpec of(String name, String type, long... shape) {
    return new TensorSpec(name, type, Arrays.stream(shape).boxed().toList());
  }

  /** The same with this many extents, all of them open. */
  TensorSpec withOpenRank(int rank) {
    return new TensorSpec(name, type, Collections.nCopies(rank, -1L));
  }

  int rank() {
    return shape.size();
  }

  /** Whether the file says how long this axis is; false for an axis that there is not. */
  boolean isFixed(int axis) {
    return axis < rank() && shape.get(axis) > 0;
  }

  /** Whether its elements are floating-point numbers, of any width. */
  public boolean isFloat() {
    return ElementType.of(type).filter(ElementType::isFloat).isPresent();
  }

  /** Of a tensor whose type was checked. */
  ElementType elementType() {
    return ElementType.of(type).orElseThrow();
  }

  @Override
  public String toString() {
    return shape.stream()
        .map(extent -> extent < 0 ? "?" : extent.toString())
        .collect(Collectors.joining(",", name + " " + type + "[", "]"));
  }
}
