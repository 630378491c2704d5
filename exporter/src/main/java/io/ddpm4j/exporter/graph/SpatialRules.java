package io.ddpm4j.exporter.graph;

import static io.ddpm4j.exporter.graph.ShapeRules.one;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Shape rules of convolution, pooling and resizing; images are (N, C, H, W), or of other ranks. */
final class SpatialRules {
  private SpatialRules() {}

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
    for (int k = 0; kernel != null && k < weight.rank() - 2; k++) {
      long size = weight.dim(k + 2).sizeOrUnknown();
      if (kernel.length != weight.rank() - 2 || size >= 0 && size != kernel[k]) {
        throw i.fail("weights with a kernel of " + Arrays.toString(kernel), weight.toString());
      }
    }
    return kernel != null ? kernel : new Shape(weight.dims().subList(2, weight.rank())).sizes();
  }

  static List<TensorType> conv(Inference i) {
    Shape x = image(i);
    Shape w = i.shape(1, x.rank());
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
    Shape x = image(i);
    Shape w = i.shape(1, x.rank());
    if (x.dim(1) instanceof Dim.Fixed
        && w.dim(0) instanceof Dim.Fixed
        && !x.dim(1).equals(w.dim(0))) {
      throw i.fail(x.dim(1) + " input channels in the weights", w.toString());
    }
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
    Shape x = image(i);
    long[] kernel = i.intsAttribute("kernel_shape", new long[0]);
    if (kernel.length != x.rank() - 2) {
      throw i.fail("a kernel of " + (x.rank() - 2) + " sizes", Arrays.toString(kernel));
    }
    Window window = Window.of(i, kernel);
    boolean ceil = i.intAttribute("ceil_mode", 0) == 1;
    List<Dim> dims = new ArrayList<>(List.of(x.dim(0), x.dim(1)));
    for (int k = 0; k < x.rank() - 2; k++) {
      long size = x.dim(k + 2).sizeOrUnknown();
      dims.add(size < 0 ? i.unknown() : Dim.of(window.out(i, size, k, ceil)));
    }
    List<TensorType> types = new ArrayList<>(one(i.dataType(0), dims));
    types.addAll(one(DataType.INT64, dims)); // MaxPool's indices
    return types;
  }

  static List<TensorType> globalPool(Inference i) {
    Shape x = image(i);
    List<Dim> dims = new ArrayList<>(x.dims().subList(0, 2));
    while (dims.size() < x.rank()) {
      dims.add(Dim.of(1));
    }
    return one(i.dataType(0), dims);
  }

  private static Shape image(Inference i) {
    if (i.rank(0) < 3) {
      throw i.fail("an input (N, C, ...) of rank 3 or more", i.shape(0).toString());
    }
    return i.shape(0);
  }

  static List<TensorType> depthToSpace(Inference i) {
    Shape x = i.shape(0, 4);
    long block = i.intAttribute("blocksize", 1);
    List<Dim> dims = new ArrayList<>();
    dims.add(x.dim(0));
    dims.add(divided(i, x, 1, block * block));
    dims.add(times(i, x.dim(2), block));
    dims.add(times(i, x.dim(3), block));
    return one(i.dataType(0), dims);
  }

  static List<TensorType> spaceToDepth(Inference i) {
    Shape x = i.shape(0, 4);
    long block = i.intAttribute("blocksize", 1);
    List<Dim> dims = new ArrayList<>();
    dims.add(x.dim(0));
    dims.add(times(i, x.dim(1), block * block));
    dims.add(divided(i, x, 2, block));
    dims.add(divided(i, x, 3, block));
    return one(i.dataType(0), dims);
  }

  private static Dim times(Inference i, Dim dim, long factor) {
    return dim instanceof Dim.Fixed d ? Dim.of(d.size() * factor) : i.unknown();
  }

  private static Dim divided(Inference i, Shape x, int axis, long by) {
    long size = x.dim(axis).sizeOrUnknown();
    if (by < 1 || size >= 0 && size % by != 0) {
      throw i.fail("a size that " + by + " divides on axis " + axis, x.toString());
    }
    return size < 0 ? i.unknown() : Dim.of(size / by);
  }

  static List<TensorType> resize(Inference i) {
    Shape x = i.shape(0);
    if (given(i, 2) == given(i, 3)) {
      throw i.fail("either scales or sizes", given(i, 2) ? "both" : "none");
    }
    long[] axes = i.intsAttribute("axes", null);
    int count = axes == null ? x.rank() : axes.length;
    float[] scales = given(i, 2) ? i.constantFloats(2) : null;
    List<IntElement> sizes = given(i, 3) ? i.integers(3) : null;
    if (scales != null && scales.length != count || sizes != null && sizes.size() != count) {
      throw i.fail(
          count + (scales != null ? " scales" : " sizes"),
          Integer.toString(scales != null ? scales.length : sizes.size()));
    }
    String policy = i.textAttribute("keep_aspect_ratio_policy", "stretch");
    double ratio = sizes == null || policy.equals("stretch") ? 0 : ratio(x, axes, sizes, policy);
    List<Dim> dims = new ArrayList<>(x.dims());
    for (int k = 0; k < count; k++) {
      int axis = axes == null ? k : i.axis(axes[k], x.rank());
      Dim dim = x.dim(axis);
      long size = dim.sizeOrUnknown();
      if (scales != null) {
        dims.set(axis, scales[k] == 1f ? dim : scaled(i, size, scales[k]));
      } else if (sizes != null && policy.equals("stretch")) {
        dims.set(axis, sizes.get(k).dim(i));
      } else {
        boolean known = size >= 0 && ratio > 0;
        dims.set(axis, known ? Dim.of((long) Math.floor(size * ratio + 0.5)) : i.unknown());
      }
    }
    return one(i.dataType(0), dims);
  }

  private static Dim scaled(Inference i, long size, float scale) {
    return size < 0 ? i.unknown() : Dim.of((long) Math.floor(size * (double) scale));
  }

  /** An empty tensor stands for an absent one in files of operator set 11. */
  private static boolean given(Inference i, int k) {
    return i.has(k) && !(i.rank(k) == 1 && i.shape(k).dim(0).is(0));
  }

  /** The one scale that keeps the aspect ratio within the wanted sizes; 0 where unknown. */
  private static double ratio(Shape x, long[] axes, List<IntElement> sizes, String policy) {
    double best = 0;
    for (int k = 0; k < sizes.size(); k++) {
      long size = x.dim(axes == null ? k : (int) axes[k]).sizeOrUnknown();
      if (size <= 0 || sizes.get(k).number() == null) {
        return 0;
      }
      double scale = sizes.get(k).number() / (double) size;
      boolean better = policy.equals("not_larger") ? scale < best : scale > best;
      best = k == 0 || better ? scale : best;
    }
    return best;
  }
}
