package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The extents of a tensor, outermost first; images are (N, C, H, W). Rank 0 is a scalar. */
public record Shape(List<Dim> dims) {

  /** The shape of a scalar. */
  public static final Shape SCALAR = new Shape(List.of());

  /** Copies the extents. */
  public Shape {
    dims = List.copyOf(dims);
  }

  /** A shape of known sizes. */
  public static Shape of(long... sizes) {
    return new Shape(Arrays.stream(sizes).mapToObj(Dim::of).toList());
  }

  /** A shape whose first extent is the named dimension {@code first}. */
  public static Shape named(String first, long... rest) {
    List<Dim> dims = new ArrayList<>();
    dims.add(Dim.named(first));
    for (long size : rest) {
      dims.add(Dim.of(size));
    }
    return new Shape(dims);
  }

  /** How many extents there are. */
  public int rank() {
    return dims.size();
  }

  /** The extent at {@code axis}; negative axes count from the end. */
  public Dim dim(int axis) {
    return dims.get(axis < 0 ? axis + rank() : axis);
  }

  /**
   * The known size at {@code axis}; negative axes count from the end.
   *
   * @throws ShapeException if that extent is only named
   */
  public long size(int axis) {
    long size = dim(axis).sizeOrUnknown();
    if (size < 0) {
      throw new ShapeException("axis " + axis + " of " + this + " has no known size");
    }
    return size;
  }

  /** True if every extent is known. */
  public boolean isStatic() {
    return dims.stream().allMatch(Dim.Fixed.class::isInstance);
  }

  /**
   * The number of elements.
   *
   * @throws ShapeException if an extent is only named
   */
  public long elements() {
    long n = 1;
    for (int axis = 0; axis < rank(); axis++) {
      n = Math.multiplyExact(n, size(axis));
    }
    return n;
  }

  /**
   * All sizes.
   *
   * @throws ShapeException if an extent is only named
   */
  public long[] sizes() {
    long[] sizes = new long[rank()];
    for (int axis = 0; axis < sizes.length; axis++) {
      sizes[axis] = size(axis);
    }
    return sizes;
  }

  /** This shape with another extent at {@code axis}; negative axes count from the end. */
  public Shape with(int axis, Dim dim) {
    List<Dim> changed = new ArrayList<>(dims);
    changed.set(axis < 0 ? axis + rank() : axis, dim);
    return new Shape(changed);
  }

  @Override
  public String toString() {
    return dims.stream().map(Dim::toString).collect(Collectors.joining(", ", "[", "]"));
  }
}
