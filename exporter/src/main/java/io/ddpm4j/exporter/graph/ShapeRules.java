package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** Types and shapes of operators' outputs, one method a rule; {@link OnnxSchemas} names them. */
final class ShapeRules {
  private ShapeRules() {}

  static List<TensorType> same(Inference i) {
    return List.of(i.type(0));
  }

  static List<TensorType> alongAxis(Inference i) {
    i.axis(i.intAttribute("axis", -1), i.rank(0));
    return same(i);
  }

  static List<TensorType> retype(List<TensorType> types, DataType dataType) {
    return types.stream().map(t -> new TensorType(dataType, t.shape())).toList();
  }

  static List<TensorType> one(DataType dataType, List<Dim> dims) {
    return List.of(new TensorType(dataType, new Shape(dims)));
  }

  // --- elementwise -----------------------------------------------------------------------------

  /** All inputs broadcast against each other; the element type is the first input's. */
  static List<TensorType> broadcast(Inference i) {
    Shape shape = i.shape(0);
    for (int k = 1; k < i.inputs(); k++) {
      shape = broadcast(i, shape, i.shape(k));
    }
    return List.of(new TensorType(i.dataType(0), shape));
  }

  static Shape broadcast(Inference i, Shape a, Shape b) {
    int rank = Math.max(a.rank(), b.rank());
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < rank; axis++) {
      int ia = axis - rank + a.rank();
      int ib = axis - rank + b.rank();
      Dim da = ia < 0 ? Dim.of(1) : a.dim(ia);
      Dim db = ib < 0 ? Dim.of(1) : b.dim(ib);
      if (da.equals(db) || db.is(1)) {
        dims.add(da);
      } else if (da.is(1)) {
        dims.add(db);
      } else if (da instanceof Dim.Named) {
        dims.add(db); // the unknown is 1 or equals the other
      } else if (db instanceof Dim.Named) {
        dims.add(da);
      } else {
        throw i.fail("shapes that broadcast", a + " and " + b);
      }
    }
    return new Shape(dims);
  }

  static List<TensorType> where(Inference i) {
    Shape shape = broadcast(i, broadcast(i, i.shape(0), i.shape(1)), i.shape(2));
    return List.of(new TensorType(i.dataType(1), shape));
  }

  // --- constants and shapes --------------------------------------------------------------------

  static List<TensorType> constant(Inference i) {
    if (i.attribute("value") instanceof Attribute.Tensor t) {
      return List.of(t.value().type());
    } else if (i.attribute("value_float") != null) {
      return one(DataType.FLOAT, List.of());
    } else if (i.attribute("value_floats") instanceof Attribute.Floats floats) {
      return one(DataType.FLOAT, List.of(Dim.of(floats.values().size())));
    } else if (i.attribute("value_int") != null) {
      return one(DataType.INT64, List.of());
    } else if (i.attribute("value_ints") instanceof Attribute.Ints ints) {
      return one(DataType.INT64, List.of(Dim.of(ints.values().size())));
    }
    throw i.fail("one of value, value_float, value_floats, value_int, value_ints", "none");
  }

  static List<TensorType> constantOfShape(Inference i) {
    DataType type =
        i.attribute("value") instanceof Attribute.Tensor t ? t.value().dataType() : DataType.FLOAT;
    return one(type, dimsOf(i, 0));
  }

  /** The dims that the integer vector at input {@code k} holds, as far as they are known. */
  private static List<Dim> dimsOf(Inference i, int k) {
    List<IntElement> sizes = i.integers(k);
    if (sizes != null) {
      return sizes.stream().map(e -> e.dim(i)).toList();
    }
    List<Dim> dims = new ArrayList<>();
    for (long n = i.shape(k, 1).size(0); n > 0; n--) {
      dims.add(i.unknown());
    }
    return dims;
  }

  /** The extent a + b. */
  static Dim sum(Inference i, Dim a, Dim b) {
    if (a instanceof Dim.Fixed x && b instanceof Dim.Fixed y) {
      return Dim.of(Math.addExact(x.size(), y.size()));
    }
    return a.is(0) ? b : b.is(0) ? a : i.unknown();
  }

  /** The extent a·b. */
  static Dim product(Inference i, Dim a, Dim b) {
    if (a instanceof Dim.Fixed x && b instanceof Dim.Fixed y) {
      return Dim.of(Math.multiplyExact(x.size(), y.size()));
    }
    return a.is(1) ? b : b.is(1) ? a : i.unknown();
  }

  static List<TensorType> shapeOf(Inference i) {
    int rank = i.rank(0);
    int start = clampAxis(i.intAttribute("start", 0), rank);
    int end = clampAxis(i.intAttribute("end", rank), rank);
    return one(DataType.INT64, List.of(Dim.of(Math.max(0, end - start))));
  }

  static int clampAxis(long axis, int rank) {
    return (int) Math.max(0, Math.min(rank, axis < 0 ? axis + rank : axis));
  }

  static List<TensorType> range(Inference i) {
    long[] start = i.constantLongs(0);
    long[] limit = i.constantLongs(1);
    long[] delta = i.constantLongs(2);
    if (start == null || limit == null || delta == null) {
      boolean counts = start != null && start[0] == 0 && delta != null && delta[0] == 1;
      List<IntElement> extent = counts ? i.integers(1) : null;
      return one(i.dataType(0), List.of(extent == null ? i.unknown() : extent.get(0).dim(i)));
    }
    if (delta[0] == 0) {
      throw i.fail("a delta other than 0", "0");
    }
    long n = Math.max(0, (long) Math.ceil((limit[0] - start[0]) / (double) delta[0]));
    return one(i.dataType(0), List.of(Dim.of(n)));
  }

  static List<TensorType> expand(Inference i) {
    Shape shape = broadcast(i, i.shape(0), new Shape(dimsOf(i, 1)));
    return List.of(new TensorType(i.dataType(0), shape));
  }

  // --- layout ----------------------------------------------------------------------------------

  static List<TensorType> reshape(Inference i) {
    Shape in = i.shape(0);
    List<IntElement> wanted = i.integers(1);
    if (wanted == null) {
      return one(i.dataType(0), dimsOf(i, 1));
    }
    boolean allowZero = i.intAttribute("allowzero", 0) == 1;
    List<Dim> dims = new ArrayList<>();
    int hole = -1;
    boolean vague = false; // an extent that nothing is known of
    for (int k = 0; k < wanted.size(); k++) {
      Long number = wanted.get(k).number();
      if (number != null && number == -1) {
        if (hole >= 0) {
          throw i.fail("at most one -1 in the new shape", text(wanted));
        }
        hole = k;
        dims.add(null);
      } else if (number != null && number == 0 && !allowZero) {
        if (k >= in.rank()) {
          throw i.fail("a 0 only where the input " + in + " has an axis", text(wanted));
        }
        dims.add(in.dim(k));
      } else {
        vague |= number == null;
        dims.add(wanted.get(k).dim(i));
      }
    }
    // Named dimensions that stand on both sides cancel; what is left decides the hole.
    List<Dim> rest = new ArrayList<>(in.dims());
    long known = 1;
    for (Dim dim : dims) {
      if (dim instanceof Dim.Named && !rest.remove(dim)) {
        // A name that the input has and the new shape has not may stand for the same size.
        if (!vague && rest.stream().noneMatch(Dim.Named.class::isInstance)) {
          throw i.fail("a shape of the same size as " + in, text(wanted));
        }
        rest.add(dim); // not comparable, so the hole is unknown
      } else if (dim instanceof Dim.Fixed fixed) {
        known = Math.multiplyExact(known, fixed.size());
      }
    }
    long total = product(rest);
    List<Dim> names = rest.stream().filter(Dim.Named.class::isInstance).toList();
    if (!names.isEmpty()) {
      if (hole >= 0) {
        // Only what the input has may fill the hole: (batch, 4) as (-1, 4) is (batch, 4).
        boolean fits = names.size() == 1 && in.dims().contains(names.get(0)) && total == known;
        dims.set(hole, fits ? names.get(0) : i.unknown());
      }
      return one(i.dataType(0), dims);
    }
    if (hole >= 0) {
      if (known == 0 ? total != 0 : total % known != 0) {
        throw i.fail("a shape of the same size as " + in, text(wanted));
      }
      dims.set(hole, Dim.of(known == 0 ? 0 : total / known));
    } else if (total != known) {
      throw i.fail("a shape of the same size as " + in, text(wanted));
    }
    return one(i.dataType(0), dims);
  }

  private static String text(List<IntElement> wanted) {
    return wanted.stream()
        .map(
            e ->
                e.number() != null
                    ? e.number().toString()
                    : e.name() != null ? e.name().name() : "?")
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private static long product(List<Dim> dims) {
    long product = 1;
    for (Dim dim : dims) {
      if (dim instanceof Dim.Fixed fixed) {
        product = Math.multiplyExact(product, fixed.size());
      }
    }
    return product;
  }

  static List<TensorType> transpose(Inference i) {
    Shape in = i.shape(0);
    long[] perm = i.intsAttribute("perm", null);
    List<Dim> dims = new ArrayList<>();
    if (perm == null) {
      dims.addAll(in.dims());
      Collections.reverse(dims);
    } else {
      long[] sorted = perm.clone();
      Arrays.sort(sorted);
      for (int k = 0; k < sorted.length; k++) {
        if (perm.length != in.rank() || sorted[k] != k) {
          throw i.fail("a permutation of the axes of " + in, Arrays.toString(perm));
        }
      }
      for (long axis : perm) {
        dims.add(in.dim((int) axis));
      }
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> concat(Inference i) {
    Shape first = i.shape(0);
    int axis = i.axis(i.intAttribute("axis", 0), first.rank());
    List<Dim> dims = new ArrayList<>(first.dims());
    long sum = 0;
    for (int k = 0; k < i.inputs(); k++) {
      Shape shape = i.shape(k, first.rank());
      for (int a = 0; a < first.rank(); a++) {
        Dim have = dims.get(a);
        Dim other = shape.dim(a);
        if (a == axis || have.equals(other) || other instanceof Dim.Named) {
          continue;
        }
        if (have instanceof Dim.Named) {
          dims.set(a, other);
        } else {
          throw i.fail("equal sizes but on axis " + axis, first + " and " + shape);
        }
      }
      long size = shape.dim(axis).sizeOrUnknown();
      sum = size < 0 || sum < 0 ? -1 : sum + size;
    }
    dims.set(axis, sum < 0 ? (i.inputs() == 1 ? first.dim(axis) : i.unknown()) : Dim.of(sum));
    return one(i.dataType(0), dims);
  }

  static List<TensorType> split(Inference i) {
    Shape in = i.shape(0);
    int axis = i.axis(i.intAttribute("axis", 0), in.rank());
    long[] sizes = i.has(1) ? i.constantLongs(1) : i.intsAttribute("split", null);
    long total = in.dim(axis).sizeOrUnknown();
    int parts = i.outputs();
    if (sizes != null && sizes.length != parts) {
      throw i.fail(sizes.length + " outputs", Integer.toString(parts));
    }
    if (sizes != null && total >= 0 && Arrays.stream(sizes).sum() != total) {
      throw i.fail("parts that add up to " + total, Arrays.toString(sizes));
    }
    boolean uneven = i.attribute("num_outputs") != null;
    if (uneven && i.intAttribute("num_outputs", 0) != parts) {
      throw i.fail(i.intAttribute("num_outputs", 0) + " outputs", Integer.toString(parts));
    }
    if (sizes == null && !i.has(1) && !uneven && total >= 0 && total % parts != 0) {
      throw i.fail("a size that " + parts + " divides on axis " + axis, in.toString());
    }
    List<TensorType> types = new ArrayList<>();
    long chunk = total < 0 ? -1 : (total + parts - 1) / parts;
    for (int k = 0; k < parts; k++) {
      Dim dim;
      if (sizes != null) {
        dim = Dim.of(sizes[k]);
      } else if (i.has(1) || total < 0) {
        dim = i.unknown();
      } else {
        dim = Dim.of(Math.max(0, Math.min(chunk, total - k * chunk)));
      }
      types.add(new TensorType(i.dataType(0), in.with(axis, dim)));
    }
    return types;
  }

  static List<TensorType> slice(Inference i) {
    Shape in = i.shape(0);
    long[] starts = i.constantLongs(1);
    long[] ends = i.constantLongs(2);
    long[] axes = i.has(3) ? i.constantLongs(3) : null;
    long[] steps = i.has(4) ? i.constantLongs(4) : null;
    List<Dim> dims = new ArrayList<>(in.dims());
    if (i.has(3) && axes == null) {
      dims.replaceAll(d -> i.unknown());
      return one(i.dataType(0), dims);
    }
    long count = axes != null ? axes.length : i.shape(1, 1).size(0);
    for (int k = 0; k < count; k++) {
      int axis = i.axis(axes == null ? k : axes[k], in.rank());
      long size = in.dim(axis).sizeOrUnknown();
      if (starts == null || ends == null || (i.has(4) && steps == null) || size < 0) {
        dims.set(axis, i.unknown());
        continue;
      }
      long step = steps == null ? 1 : steps[k];
      if (step == 0) {
        throw i.fail("a step other than 0", "0");
      }
      long start = starts[k] < 0 ? starts[k] + size : starts[k];
      long end = ends[k] < 0 ? ends[k] + size : ends[k];
      long low = step > 0 ? 0 : -1;
      start = Math.max(0, Math.min(start, step > 0 ? size : size - 1));
      end = Math.max(low, Math.min(end, step > 0 ? size : size - 1));
      long n = step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step;
      dims.set(axis, Dim.of(Math.max(0, n)));
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> pad(Inference i) {
    Shape in = i.shape(0);
    long[] pads = i.constantLongs(1);
    long[] axes = i.has(3) ? i.constantLongs(3) : null;
    List<Dim> dims = new ArrayList<>(in.dims());
    if (pads == null || (i.has(3) && axes == null)) {
      dims.replaceAll(d -> i.unknown());
      return one(i.dataType(0), dims);
    }
    int count = axes == null ? in.rank() : axes.length;
    if (pads.length != 2 * count) {
      throw i.fail(2 * count + " pads", Arrays.toString(pads));
    }
    for (int k = 0; k < count; k++) {
      int axis = i.axis(axes == null ? k : axes[k], in.rank());
      long more = pads[k] + pads[count + k];
      long size = in.dim(axis).sizeOrUnknown();
      if (size < 0) {
        dims.set(axis, more == 0 ? in.dim(axis) : i.unknown());
      } else {
        dims.set(axis, Dim.of(size + more));
      }
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> squeeze(Inference i) {
    Shape in = i.shape(0);
    long[] axes = i.has(1) ? i.constantLongs(1) : i.intsAttribute("axes", null);
    if (i.has(1) && axes == null) {
      throw i.fail("constant axes", "a computed value");
    }
    boolean[] drop = new boolean[in.rank()];
    if (axes == null) {
      if (!in.isStatic()) {
        throw i.fail("axes, because a named size may turn out to be 1", in.toString());
      }
      for (int a = 0; a < drop.length; a++) {
        drop[a] = in.dim(a).is(1);
      }
    } else {
      for (long axis : axes) {
        int a = i.axis(axis, in.rank());
        if (!in.dim(a).is(1) && in.dim(a) instanceof Dim.Fixed) {
          throw i.fail("size 1 on axis " + axis, in.toString());
        }
        drop[a] = true;
      }
    }
    List<Dim> dims = new ArrayList<>();
    for (int a = 0; a < drop.length; a++) {
      if (!drop[a]) {
        dims.add(in.dim(a));
      }
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> unsqueeze(Inference i) {
    Shape in = i.shape(0);
    long[] axes = i.has(1) ? i.constantLongs(1) : i.intsAttribute("axes", null);
    if (axes == null) {
      throw i.fail("constant axes", "a computed value");
    }
    int rank = in.rank() + axes.length;
    boolean[] fresh = new boolean[rank];
    for (long axis : axes) {
      int a = i.axis(axis, rank);
      if (fresh[a]) {
        throw i.fail("different axes", Arrays.toString(axes));
      }
      fresh[a] = true;
    }
    List<Dim> dims = new ArrayList<>();
    int from = 0;
    for (boolean isNew : fresh) {
      dims.add(isNew ? Dim.of(1) : in.dim(from++));
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> flatten(Inference i) {
    Shape in = i.shape(0);
    long axis = i.intAttribute("axis", 1);
    if (axis < -in.rank() || axis > in.rank()) {
      throw i.fail("an axis from " + -in.rank() + " to " + in.rank(), Long.toString(axis));
    }
    int split = (int) (axis < 0 ? axis + in.rank() : axis);
    Dim rows = Dim.of(1);
    Dim columns = Dim.of(1);
    for (int a = 0; a < in.rank(); a++) {
      if (a < split) {
        rows = product(i, rows, in.dim(a));
      } else {
        columns = product(i, columns, in.dim(a));
      }
    }
    return one(i.dataType(0), List.of(rows, columns));
  }

  static List<TensorType> cast(Inference i) {
    try {
      return retype(same(i), DataType.ofOnnx((int) i.intAttribute("to", 0)));
    } catch (IllegalArgumentException e) {
      throw i.fail("an element type from 1 to 16", Long.toString(i.intAttribute("to", 0)));
    }
  }

  /** The element type of random numbers and the like: an attribute, else the input's. */
  static List<TensorType> filled(Inference i) {
    long[] sizes = i.intsAttribute("shape", null);
    Shape shape = sizes == null ? i.shape(0) : Shape.of(sizes);
    int absent = (i.inputs() > 0 ? i.dataType(0) : DataType.FLOAT).onnx();
    return one(DataType.ofOnnx((int) i.intAttribute("dtype", absent)), shape.dims());
  }

  // --- reductions and products -----------------------------------------------------------------

  static List<TensorType> reduce(Inference i) {
    Shape in = i.shape(0);
    boolean keep = i.intAttribute("keepdims", 1) == 1;
    long[] axes = i.has(1) ? i.constantLongs(1) : i.intsAttribute("axes", null);
    if (i.has(1) && axes == null) {
      List<Dim> dims = new ArrayList<>();
      if (keep) {
        in.dims().forEach(d -> dims.add(i.unknown()));
        return one(i.dataType(0), dims);
      }
      throw i.fail("constant axes where keepdims is 0", "a computed value");
    }
    boolean none = axes == null || axes.length == 0;
    if (none && i.intAttribute("noop_with_empty_axes", 0) == 1) {
      return same(i);
    }
    boolean[] reduced = new boolean[in.rank()];
    Arrays.fill(reduced, none);
    if (!none) {
      for (long axis : axes) {
        reduced[i.axis(axis, in.rank())] = true;
      }
    }
    List<Dim> dims = new ArrayList<>();
    for (int a = 0; a < reduced.length; a++) {
      if (!reduced[a]) {
        dims.add(in.dim(a));
      } else if (keep) {
        dims.add(Dim.of(1));
      }
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> matMul(Inference i) {
    Shape a = i.shape(0);
    Shape b = i.shape(1);
    if (a.rank() == 0 || b.rank() == 0) {
      throw i.fail("inputs of rank 1 or more", a + " and " + b);
    }
    Dim innerA = a.dim(-1);
    Dim innerB = b.dim(b.rank() == 1 ? 0 : -2);
    if (innerA instanceof Dim.Fixed && innerB instanceof Dim.Fixed && !innerA.equals(innerB)) {
      throw i.fail("equal inner sizes", a + " and " + b);
    }
    Shape batchA = new Shape(a.dims().subList(0, Math.max(0, a.rank() - 2)));
    Shape batchB = new Shape(b.dims().subList(0, Math.max(0, b.rank() - 2)));
    List<Dim> dims = new ArrayList<>(broadcast(i, batchA, batchB).dims());
    if (a.rank() > 1) {
      dims.add(a.dim(-2));
    }
    if (b.rank() > 1) {
      dims.add(b.dim(-1));
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> gemm(Inference i) {
    Shape a = i.shape(0, 2);
    Shape b = i.shape(1, 2);
    boolean ta = i.intAttribute("transA", 0) == 1;
    boolean tb = i.intAttribute("transB", 0) == 1;
    Dim innerA = a.dim(ta ? 0 : 1);
    Dim innerB = b.dim(tb ? 1 : 0);
    if (innerA instanceof Dim.Fixed && innerB instanceof Dim.Fixed && !innerA.equals(innerB)) {
      throw i.fail("equal inner sizes", a + (ta ? " transposed" : "") + " and " + b);
    }
    List<Dim> dims = List.of(a.dim(ta ? 1 : 0), b.dim(tb ? 0 : 1));
    if (i.has(2)) {
      broadcast(i, new Shape(dims), i.shape(2));
    }
    return one(i.dataType(0), dims);
  }
}
