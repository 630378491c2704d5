package io.ddpm4j.exporter.graph;

import static io.ddpm4j.exporter.graph.ShapeRules.one;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Shape rules of operators that pick, place, repeat or relabel elements. */
final class IndexRules {
  private IndexRules() {}

  static List<TensorType> gather(Inference i) {
    Shape in = i.shape(0);
    int axis = i.axis(i.intAttribute("axis", 0), in.rank());
    List<Dim> dims = new ArrayList<>(in.dims().subList(0, axis));
    dims.addAll(i.shape(1).dims());
    dims.addAll(in.dims().subList(axis + 1, in.rank()));
    return one(i.dataType(0), dims);
  }

  static List<TensorType> gatherElements(Inference i) {
    i.axis(i.intAttribute("axis", 0), i.rank(0));
    return one(i.dataType(0), i.shape(1, i.rank(0)).dims());
  }

  static List<TensorType> gatherNd(Inference i) {
    Shape data = i.shape(0);
    Shape indices = i.shape(1);
    int batch = (int) i.intAttribute("batch_dims", 0);
    int depth = depth(i, indices);
    if (batch < 0 || batch + depth > data.rank() || batch >= indices.rank()) {
      throw i.fail("indices of at most " + data.rank() + " numbers", indices.toString());
    }
    List<Dim> dims = new ArrayList<>(indices.dims().subList(0, indices.rank() - 1));
    dims.addAll(data.dims().subList(batch + depth, data.rank()));
    return one(i.dataType(0), dims);
  }

  static List<TensorType> scatterElements(Inference i) {
    i.axis(i.intAttribute("axis", 0), i.rank(0));
    i.shape(1, i.rank(0));
    Shape updates = i.shape(2, i.rank(0));
    if (updates.isStatic() && i.shape(1).isStatic() && !updates.equals(i.shape(1))) {
      throw i.fail("updates of the indices' shape " + i.shape(1), updates.toString());
    }
    return ShapeRules.same(i);
  }

  static List<TensorType> scatterNd(Inference i) {
    Shape data = i.shape(0);
    Shape indices = i.shape(1);
    int depth = depth(i, indices);
    if (depth > data.rank()) {
      throw i.fail("indices of at most " + data.rank() + " numbers", indices.toString());
    }
    i.shape(2, indices.rank() - 1 + data.rank() - depth);
    return ShapeRules.same(i);
  }

  private static int depth(Inference i, Shape indices) {
    if (indices.rank() == 0 || !(indices.dim(-1) instanceof Dim.Fixed)) {
      throw i.fail("indices whose last size is known", indices.toString());
    }
    return (int) indices.size(-1);
  }

  static List<TensorType> oneHot(Inference i) {
    List<Dim> dims = new ArrayList<>(i.shape(0).dims());
    int axis = i.axis(i.intAttribute("axis", -1), dims.size() + 1);
    List<IntElement> depth = i.integers(1);
    dims.add(axis, depth == null ? i.unknown() : depth.get(0).dim(i));
    i.shape(2, 1);
    return one(i.dataType(2), dims);
  }

  static List<TensorType> tile(Inference i) {
    Shape in = i.shape(0);
    List<IntElement> repeats = i.integers(1);
    if (repeats != null && repeats.size() != in.rank()) {
      throw i.fail(in.rank() + " repeats", Integer.toString(repeats.size()));
    }
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < in.rank(); axis++) {
      dims.add(
          repeats == null
              ? i.unknown()
              : ShapeRules.product(i, in.dim(axis), repeats.get(axis).dim(i)));
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> argReduce(Inference i) {
    Shape in = i.shape(0);
    int axis = i.axis(i.intAttribute("axis", 0), in.rank());
    List<Dim> dims = new ArrayList<>(in.dims());
    if (i.intAttribute("keepdims", 1) == 1) {
      dims.set(axis, Dim.of(1));
    } else {
      dims.remove(axis);
    }
    return one(DataType.INT64, dims);
  }

  /** The values and where they were. */
  static List<TensorType> topK(Inference i) {
    Shape in = i.shape(0);
    List<IntElement> count = i.integers(1);
    int axis = i.axis(i.intAttribute("axis", -1), in.rank());
    Shape out = in.with(axis, count == null ? i.unknown() : count.get(0).dim(i));
    return List.of(new TensorType(i.dataType(0), out), new TensorType(DataType.INT64, out));
  }

  static List<TensorType> trilu(Inference i) {
    if (i.rank(0) < 2) {
      throw i.fail("an input of rank 2 or more", i.shape(0).toString());
    }
    return ShapeRules.same(i);
  }

  /** One letter an axis, {@code bhid,bhjd->bhij}; without an ellipsis. */
  static List<TensorType> einsum(Inference i) {
    String equation = i.textAttribute("equation", "").replace(" ", "");
    String[] sides = equation.split("->", -1);
    String[] terms = sides[0].split(",", -1);
    if (equation.contains(".") || sides.length > 2 || terms.length != i.inputs()) {
      throw i.fail("an equation of " + i.inputs() + " terms without an ellipsis", equation);
    }
    Map<Character, Dim> dims = new HashMap<>();
    TreeMap<Character, Integer> counts = new TreeMap<>();
    for (int k = 0; k < terms.length; k++) {
      Shape shape = i.shape(k, terms[k].length());
      for (int axis = 0; axis < shape.rank(); axis++) {
        char letter = terms[k].charAt(axis);
        counts.merge(letter, 1, Integer::sum);
        Dim dim = shape.dim(axis);
        Dim known = dims.putIfAbsent(letter, dim);
        if (known == null || known.equals(dim) || dim.is(1)) {
          continue;
        }
        if (known instanceof Dim.Fixed && dim instanceof Dim.Fixed && !known.is(1)) {
          throw i.fail("one size of axis " + letter, known + " and " + dim);
        }
        if (dim instanceof Dim.Fixed) {
          dims.put(letter, dim);
        }
      }
    }
    StringBuilder output = new StringBuilder(sides.length == 2 ? sides[1] : "");
    if (sides.length == 1) { // implicit form: what stands once, in alphabetical order
      counts.forEach((letter, count) -> output.append(count == 1 ? letter.toString() : ""));
    }
    List<Dim> result = new ArrayList<>();
    for (char letter : output.toString().toCharArray()) {
      if (!dims.containsKey(letter)) {
        throw i.fail("an output of the inputs' letters", equation);
      }
      result.add(dims.get(letter));
    }
    return one(i.dataType(0), result);
  }
}
