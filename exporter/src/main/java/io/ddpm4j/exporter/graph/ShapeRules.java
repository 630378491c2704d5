package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** Types and shapes of operators' outputs, one method a rule; {@link OnnxSchemas} names them. */
final class ShapeRules {
  private ShapeRules() {}

  static List<TensorType> same(Inference i) {
    return List.of(i.type(0));
  }

  static List<TensorType> retype(List<TensorType> types, DataType dataType) {
    return types.stream().map(t -> new TensorType(dataType, t.shape())).toList();
  }

  private static List<TensorType> one(DataType dataType, List<Dim> dims) {
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
    } else if (i.attribute("value_int") != null) {
      return one(DataType.INT64, List.of());
    } else if (i.attribute("value_ints") instanceof Attribute.Ints ints) {
      return one(DataType.INT64, List.of(Dim.of(ints.values().size())));
    }
    throw i.fail("one of value, value_float, value_int, value_ints", "none");
  }

  static List<TensorType> constantOfShape(Inference i) {
    DataType type =
        i.attribute("value") instanceof Attribute.Tensor t ? t.value().dataType() : DataType.FLOAT;
    return one(type, dimsOf(i, 0));
  }

  /**
   * The dims that the int64 vector at input {@code k} holds, unknown ones where it is no constant.
   */
  private static List<Dim> dimsOf(Inference i, int k) {
    long[] sizes = i.constantLongs(k);
    if (sizes != null) {
      return Arrays.stream(sizes).mapToObj(Dim::of).toList();
    }
    List<Dim> dims = new ArrayList<>();
    for (long n = i.shape(k, 1).size(0); n > 0; n--) {
      dims.add(i.unknown());
    }
    return dims;
  }

  static List<TensorType> shapeOf(Inference i) {
    int rank = i.rank(0);
    long start = clampAxis(i.intAttribute("start", 0), rank);
    long end = clampAxis(i.intAttribute("end", rank), rank);
    return one(DataType.INT64, List.of(Dim.of(Math.max(0, end - start))));
  }

  private static long clampAxis(long axis, int rank) {
    return Math.max(0, Math.min(rank, axis < 0 ? axis + rank : axis));
  }

  static List<TensorType> range(Inference i) {
    return one(i.dataType(0), List.of(i.unknown()));
  }

  static List<TensorType> expand(Inference i) {
    Shape shape = broadcast(i, i.shape(0), new Shape(dimsOf(i, 1)));
    return List.of(new TensorType(i.dataType(0), shape));
  }

  // --- layout ----------------------------------------------------------------------------------

  static List<TensorType> reshape(Inference i) {
    Shape in = i.shape(0);
    long[] wanted = i.constantLongs(1);
    if (wanted == null) {
      return one(i.dataType(0), dimsOf(i, 1));
    }
    boolean allowZero = i.intAttribute("allowzero", 0) == 1;
    List<Dim> dims = new ArrayList<>();
    int hole = -1;
    for (int k = 0; k < wanted.length; k++) {
      if (wanted[k] == -1) {
        if (hole >= 0) {
          throw i.fail("at most one -1 in the new shape", Arrays.toString(wanted));
        }
        hole = k;
        dims.add(null);
      } else if (wanted[k] == 0 && !allowZero) {
        if (k >= in.rank()) {
          throw i.fail("a 0 only where the input " + in + " has an axis", Arrays.toString(wanted));
        }
        dims.add(in.dim(k));
      } else {
        dims.add(Dim.of(wanted[k]));
      }
    }
    // Named dimensions that stand on both sides cancel; what is left decides the hole.
    List<Dim> rest = new ArrayList<>(in.dims());
    long known = 1;
    for (Dim dim : dims) {
      if (dim instanceof Dim.Named) {
        if (!rest.remove(dim)) {
          throw i.fail("a shape of the same size as " + in, Arrays.toString(wanted));
        }
      } else if (dim instanceof Dim.Fixed fixed) {
        known *= fixed.size();
      }
    }
    if (rest.stream().anyMatch(Dim.Named.class::isInstance)) {
      if (hole >= 0) {
        boolean onlyNamed = rest.stream().allMatch(d -> d instanceof Dim.Named || d.is(1));
        boolean single = rest.stream().filter(Dim.Named.class::isInstance).count() == 1;
        long fixed = product(rest);
        Dim named = rest.stream().filter(Dim.Named.class::isInstance).findFirst().orElseThrow();
        dims.set(hole, single && (onlyNamed && known == 1 || fixed == known) ? named : i.unknown());
      }
      return one(i.dataType(0), dims);
    }
    long total = product(rest);
    if (hole >= 0) {
      if (known == 0 ? total != 0 : total % known != 0) {
        throw i.fail("a shape of the same size as " + in, Arrays.toString(wanted));
      }
      dims.set(hole, Dim.of(known == 0 ? 0 : total / known));
    } else if (total != known) {
      throw i.fail("a shape of the same size as " + in, Arrays.toString(wanted));
    }
    return one(i.dataType(0), dims);
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
    long[] sizes = i.constantLongs(1);
    long total = in.dim(axis).sizeOrUnknown();
    int parts = i.outputs();
    if (sizes != null && sizes.length != parts) {
      throw i.fail(sizes.length + " outputs", Integer.toString(parts));
    }
    if (sizes != null && total >= 0 && Arrays.stream(sizes).sum() != total) {
      throw i.fail("parts that add up to " + total, Arrays.toString(sizes));
    }
    boolean uneven = i.attribute("num_outputs") != null;
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

  static List<TensorType> gather(Inference i) {
    Shape in = i.shape(0);
    int axis = i.axis(i.intAttribute("axis", 0), in.rank());
    List<Dim> dims = new ArrayList<>(in.dims().subList(0, axis));
    dims.addAll(i.shape(1).dims());
    dims.addAll(in.dims().subList(axis + 1, in.rank()));
    return one(i.dataType(0), dims);
  }

  static List<TensorType> squeeze(Inference i) {
    Shape in = i.shape(0);
    long[] axes = i.has(1) ? i.constantLongs(1) : null;
    if (i.has(1) && axes == null) {
      throw i.fail("constant axes", "a computed value");
    }
    boolean[] drop = new boolean[in.rank()];
    if (axes == null) {
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
    long[] axes = i.constantLongs(1);
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

  // --- convolution, pooling, resizing ----------------------------------------------------------

  /** What Conv, ConvTranspose and pooling have in common, a number for each spatial axis. */
  private record Window(
      long[] kernel,
      long[] strides,
      long[] dilations,
      long[] padBegin,
      long[] padEnd,
      String auto) {

    static Window of(Inference i, long[] kernel) {
      int n = kernel.length;
      long[] ones = new long[n];
      Arrays.fill(ones, 1);
      long[] pads = i.intsAttribute("pads", new long[2 * n]);
      long[] strides = i.intsAttribute("strides", ones);
      long[] dilations = i.intsAttribute("dilations", ones);
      if (pads.length != 2 * n || strides.length != n || dilations.length != n) {
        throw i.fail(
            n + " strides and dilations and " + 2 * n + " pads",
            strides.length + ", " + dilations.length + " and " + pads.length);
      }
      return new Window(
          kernel,
          strides,
          dilations,
          Arrays.copyOf(pads, n),
          Arrays.copyOfRange(pads, n, 2 * n),
          i.textAttribute("auto_pad", "NOTSET"));
    }

    /** The output size along spatial axis {@code k}. */
    long out(Inference i, long in, int k, boolean ceil) {
      long reach = dilations[k] * (kernel[k] - 1) + 1;
      if (auto.startsWith("SAME")) {
        return (in + strides[k] - 1) / strides[k];
      }
      long padded = in + (auto.equals("VALID") ? 0 : padBegin[k] + padEnd[k]);
      if (padded < reach) {
        throw i.fail("a size of at least " + reach + " with padding", Long.toString(padded));
      }
      long extra = ceil ? strides[k] - 1 : 0;
      return (padded - reach + extra) / strides[k] + 1;
    }
  }

  private static long[] kernelShape(Inference i, Shape weight) {
    long[] kernel = i.intsAttribute("kernel_shape", null);
    return kernel != null ? kernel : new Shape(weight.dims().subList(2, weight.rank())).sizes();
  }

  static List<TensorType> conv(Inference i) {
    Shape x = i.shape(0);
    Shape w = i.shape(1, x.rank());
    if (x.rank() < 3) {
      throw i.fail("an input (N, C, ...) of rank 3 or more", x.toString());
    }
    long group = i.intAttribute("group", 1);
    if (x.dim(1) instanceof Dim.Fixed c
        && w.dim(1) instanceof Dim.Fixed wc
        && c.size() != wc.size() * group) {
      throw i.fail(c.size() / group + " input channels in the weights", w.toString());
    }
    if (i.has(2)) {
      i.shape(2, 1);
    }
    Window window = Window.of(i, kernelShape(i, w));
    List<Dim> dims = new ArrayList<>(List.of(x.dim(0), w.dim(0)));
    for (int k = 0; k < x.rank() - 2; k++) {
      long size = x.dim(k + 2).sizeOrUnknown();
      dims.add(size < 0 ? i.unknown() : Dim.of(window.out(i, size, k, false)));
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> convTranspose(Inference i) {
    Shape x = i.shape(0);
    Shape w = i.shape(1, x.rank());
    int n = x.rank() - 2;
    Window window = Window.of(i, kernelShape(i, w));
    long[] outputPadding = i.intsAttribute("output_padding", new long[n]);
    long[] outputShape = i.intsAttribute("output_shape", null);
    long group = i.intAttribute("group", 1);
    long channels = w.dim(1).sizeOrUnknown();
    List<Dim> dims = new ArrayList<>();
    dims.add(x.dim(0));
    dims.add(channels < 0 ? i.unknown() : Dim.of(channels * group));
    for (int k = 0; k < n; k++) {
      long size = x.dim(k + 2).sizeOrUnknown();
      if (outputShape != null) {
        dims.add(Dim.of(outputShape[outputShape.length - n + k]));
      } else if (size < 0) {
        dims.add(i.unknown());
      } else if (window.auto().startsWith("SAME")) {
        dims.add(Dim.of(size * window.strides()[k]));
      } else {
        long reach = window.dilations()[k] * (window.kernel()[k] - 1) + 1;
        long pads = window.auto().equals("VALID") ? 0 : window.padBegin()[k] + window.padEnd()[k];
        dims.add(Dim.of((size - 1) * window.strides()[k] + outputPadding[k] + reach - pads));
      }
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> pool(Inference i) {
    Shape x = i.shape(0);
    Window window = Window.of(i, i.intsAttribute("kernel_shape", null));
    boolean ceil = i.intAttribute("ceil_mode", 0) == 1;
    List<Dim> dims = new ArrayList<>(List.of(x.dim(0), x.dim(1)));
    for (int k = 0; k < x.rank() - 2; k++) {
      long size = x.dim(k + 2).sizeOrUnknown();
      dims.add(size < 0 ? i.unknown() : Dim.of(window.out(i, size, k, ceil)));
    }
    return one(i.dataType(0), dims);
  }

  static List<TensorType> resize(Inference i) {
    Shape x = i.shape(0);
    float[] scales = i.constantFloats(2);
    long[] sizes = i.constantLongs(3);
    if (i.has(2) == i.has(3)) {
      throw i.fail("either scales or sizes", i.has(2) ? "both" : "none");
    }
    List<Dim> dims = new ArrayList<>();
    for (int a = 0; a < x.rank(); a++) {
      long size = x.dim(a).sizeOrUnknown();
      if (scales != null) {
        if (scales.length != x.rank()) {
          throw i.fail(x.rank() + " scales", Integer.toString(scales.length));
        }
        boolean same = scales[a] == 1f;
        dims.add(
            same ? x.dim(a) : size < 0 ? i.unknown() : Dim.of((long) Math.floor(size * scales[a])));
      } else if (sizes != null) {
        dims.add(Dim.of(sizes[a]));
      } else {
        dims.add(i.unknown());
      }
    }
    return one(i.dataType(0), dims);
  }

  // --- subgraphs -------------------------------------------------------------------------------

  static List<TensorType> branches(Inference i) {
    Graph then = ((Attribute.Body) i.attribute("then_branch")).graph();
    Graph otherwise = ((Attribute.Body) i.attribute("else_branch")).graph();
    List<Value> a = List.copyOf(then.outputs().values());
    List<Value> b = List.copyOf(otherwise.outputs().values());
    if (a.size() != i.outputs() || b.size() != i.outputs()) {
      throw i.fail(i.outputs() + " outputs of both branches", a.size() + " and " + b.size());
    }
    List<TensorType> types = new ArrayList<>();
    for (int k = 0; k < a.size(); k++) {
      if (a.get(k).dataType() != b.get(k).dataType()
          || a.get(k).shape().rank() != b.get(k).shape().rank()) {
        throw i.fail("branches of equal type", a.get(k) + " and " + b.get(k));
      }
      types.add(new TensorType(a.get(k).dataType(), merge(i, a.get(k).shape(), b.get(k).shape())));
    }
    return types;
  }

  private static Shape merge(Inference i, Shape a, Shape b) {
    List<Dim> dims = new ArrayList<>();
    for (int axis = 0; axis < a.rank(); axis++) {
      dims.add(a.dim(axis).equals(b.dim(axis)) ? a.dim(axis) : i.unknown());
    }
    return new Shape(dims);
  }

  static List<TensorType> loop(Inference i) {
    Graph body = ((Attribute.Body) i.attribute("body")).graph();
    int carried = Math.max(0, i.inputs() - 2);
    List<Value> results = List.copyOf(body.outputs().values());
    if (body.inputs().size() != carried + 2 || results.size() != i.outputs() + 1) {
      throw i.fail(
          "a body with " + (carried + 2) + " inputs and " + (i.outputs() + 1) + " outputs",
          body.inputs().size() + " and " + results.size());
    }
    long[] trips = i.constantLongs(0);
    List<TensorType> types = new ArrayList<>();
    for (int k = 1; k < results.size(); k++) {
      TensorType type = results.get(k).type();
      if (k <= carried) {
        Shape initial = i.shape(k + 1);
        Shape shape =
            initial.rank() == type.shape().rank() ? merge(i, initial, type.shape()) : type.shape();
        types.add(new TensorType(type.dataType(), shape));
      } else {
        List<Dim> dims = new ArrayList<>();
        // A condition may end the loop early, so the count is only known without one.
        dims.add(trips != null && trips.length == 1 && !i.has(1) ? Dim.of(trips[0]) : i.unknown());
        dims.addAll(type.shape().dims());
        types.add(new TensorType(type.dataType(), new Shape(dims)));
      }
    }
    return types;
  }
}
