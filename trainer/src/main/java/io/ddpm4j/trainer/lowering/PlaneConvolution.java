package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;

/**
 * A convolution and its gradients as matrix products, over pixels in (H, W, N, C). An {@link
 * AxisAlgorithm} for each axis maps pixels to planes and products back; each map is one product
 * with a constant matrix, which this layout needs no copies for. In between stands one product for
 * each plane.
 *
 * <p>Where input or output have few channels, the taps become channels of that side instead, and
 * the products with the weight are a single one.
 */
final class PlaneConvolution {
  /** Up to so many channels, the taps are put beside them. */
  private static final long FEW = 4;

  /**
   * The maps of an axis are dense matrices, whose work for a pixel grows with the axis. So much
   * more work than a direct convolution's may be done, since products run faster than ONNX
   * Runtime's Conv and need no turning of the layout.
   */
  private static final double MORE_WORK = 1.25;

  /** With strides, the gradients of the direct form need a ConvTranspose and slices, too. */
  private static final double MORE_WORK_STRIDED = 4;

  /** Taps beside channels are cheap, as few channels are, up to axes of that size. */
  private static final int LONGEST_AXIS_OF_TAPS = 64;

  private final Ops o;
  private final Shape weight; // (K, C, r, s)
  private final int stride;
  private final int images;
  private final int[] size; // of the input: H, W
  private final int[] outputs; // H, W of the output
  private final AxisAlgorithm[] axes;
  private final Form form;

  private enum Form {
    /** 1x1: no planes at all. */
    POINTWISE,
    /** Taps beside the input's channels. */
    INPUT_TAPS,
    /** Taps beside the output's channels. */
    OUTPUT_TAPS,
    PLANES
  }

  /**
   * @param weight (K, C, r, s)
   * @param input (N, C, H, W), whatever the order in memory
   * @param pads top, left, bottom, right
   */
  PlaneConvolution(Ops o, Shape weight, Shape input, int stride, long... pads) {
    this.o = o;
    this.weight = weight;
    this.stride = stride;
    images = (int) input.size(0);
    size = new int[] {(int) input.size(2), (int) input.size(3)};
    outputs = new int[2];
    axes = new AxisAlgorithm[2];
    int[] taps = {(int) weight.size(2), (int) weight.size(3)};
    boolean pointwise =
        taps[0] == 1 && taps[1] == 1 && stride == 1 && pads[0] + pads[1] + pads[2] + pads[3] == 0;
    long channels = weight.size(1);
    form =
        pointwise
            ? Form.POINTWISE
            : channels <= FEW
                ? Form.INPUT_TAPS
                : weight.size(0) <= FEW ? Form.OUTPUT_TAPS : Form.PLANES;
    for (int axis = 0; axis < 2; axis++) {
      int before = (int) pads[axis];
      int after = (int) pads[2 + axis];
      outputs[axis] = (size[axis] + before + after - taps[axis]) / stride + 1;
      axes[axis] =
          form == Form.PLANES
              ? AxisAlgorithm.of(size[axis], taps[axis], stride, before, after)
              : AxisAlgorithm.direct(size[axis], taps[axis], stride, before, outputs[axis]);
    }
    if (form == Form.OUTPUT_TAPS) { // each pixel is multiplied with each tap, then they are moved
      for (int axis = 0; axis < 2; axis++) {
        axes[axis] = moved(axes[axis], size[axis], taps[axis]);
      }
    }
  }

  /** Whether this is at least as fast as ONNX's Conv in the (N, C, H, W) layout. */
  boolean pays() {
    if (form == Form.POINTWISE) {
      return true;
    }
    if (form != Form.PLANES) {
      return Math.max(size[0], size[1]) <= LONGEST_AXIS_OF_TAPS;
    }
    double c = weight.size(1);
    double k = weight.size(0);
    double rows = axes[0].planes() * axes[0].tiles();
    double columns = axes[1].planes() * axes[1].tiles();
    double in = rows * size[0] * size[1] + rows * columns * size[1];
    double out = rows * columns * outputs[1] + rows * outputs[0] * outputs[1];
    double planes = rows * columns * c * k + c * in + k * out;
    double direct = c * k * weight.size(2) * weight.size(3) * outputs[0] * outputs[1];
    return planes <= (stride == 1 ? MORE_WORK : MORE_WORK_STRIDED) * direct;
  }

  /** The algorithm whose planes are the unmoved pixels, so that its output map moves them. */
  private static AxisAlgorithm moved(AxisAlgorithm direct, int size, int taps) {
    int outputs = direct.output().length;
    double[][] output = new double[outputs][taps * size];
    for (int tap = 0; tap < taps; tap++) {
      for (int i = 0; i < outputs; i++) {
        System.arraycopy(direct.input()[tap * outputs + i], 0, output[i], tap * size, size);
      }
    }
    return new AxisAlgorithm(taps, size, null, output, direct.kernel());
  }

  /**
   * @param x (H, W, N, C)
   * @return (H', W', N, K)
   */
  Value forward(Value x, Value w) {
    return switch (form) {
      case POINTWISE -> o.matMul(x, matrix(w));
      case INPUT_TAPS -> pixels(o.matMul(inputTaps(x), inputTapMatrix(w)), weight.size(0));
      case OUTPUT_TAPS -> fromTaps(o.matMul(flat(x), outputTapMatrix(w)));
      case PLANES -> fromTiles(o.matMul(inputTiles(x), kernel(w)), false);
    };
  }

  /**
   * @param dy (H', W', N, K)
   * @return (H, W, N, C)
   */
  Value inputGrad(Value dy, Value w) {
    return switch (form) {
      case POINTWISE -> o.matMul(dy, o.transpose(matrix(w), 1, 0));
      case INPUT_TAPS -> fromInputTaps(o.matMul(flat(dy), o.transpose(inputTapMatrix(w), 1, 0)));
      case OUTPUT_TAPS ->
          o.reshape(
              o.matMul(toTaps(dy), o.transpose(outputTapMatrix(w), 1, 0)),
              size[0],
              size[1],
              images,
              weight.size(1));
      case PLANES ->
          fromTiles(o.matMul(outputTiles(dy), o.transpose(kernel(w), 0, 1, 2, 4, 3)), true);
    };
  }

  /**
   * @param dy (H', W', N, K)
   * @param x (H, W, N, C)
   * @return (K, C, r, s)
   */
  Value weightGrad(Value dy, Value x) {
    return switch (form) {
      case POINTWISE, INPUT_TAPS -> {
        Value rows = form == Form.POINTWISE ? flat(x) : inputTaps(x);
        yield weight(o.matMul(o.transpose(rows, 1, 0), flat(dy))); // (taps·C, K)
      }
      case OUTPUT_TAPS -> {
        Value product = o.matMul(o.transpose(flat(x), 1, 0), toTaps(dy)); // (C, taps·K)
        Value apart = o.reshape(product, weight.size(1), taps(), weight.size(0));
        yield weight(o.transpose(apart, 1, 0, 2));
      }
      case PLANES -> {
        Value planes = planeGrad(inputTiles(x), outputTiles(dy)); // (P, C, K)
        yield weight(
            o.matMul(
                AxisMaps.constant(o, AxisMaps.transposed(kernelMap())),
                o.reshape(planes, planes(), -1)));
      }
    };
  }

  /**
   * Σ over tiles and images of xᵀ·dy for each plane. Either a product for each row of tiles, which
   * needs no copies, and their sum; or one product for all, after the planes are brought together:
   * less work where a product of channels is large beside the tiles.
   */
  private Value planeGrad(Value x, Value dy) {
    long c = weight.size(1);
    long k = weight.size(0);
    long row = (long) axes[1].tiles() * images;
    if (c * k < row * (c + k)) {
      Value products = o.matMul(o.transpose(x, 0, 1, 2, 4, 3), dy); // (p, t, q, C, K)
      return o.reduceSum(products, false, 1);
    }
    return o.matMul(o.transpose(sorted(x), 0, 2, 1), sorted(dy));
  }

  // --- the weight ------------------------------------------------------------------------------

  private long taps() {
    return weight.size(2) * weight.size(3);
  }

  /** (K, C, r, s) as (r, s, C, K), the order that products take. */
  private Value turned(Value w) {
    return Transposes.of(o, w, 2, 3, 1, 0);
  }

  /** (r, s, C, K) or the same elements in another shape, as (K, C, r, s). */
  private Value weight(Value products) {
    Value apart =
        o.reshape(products, weight.size(2), weight.size(3), weight.size(1), weight.size(0));
    return Transposes.of(o, apart, 3, 2, 0, 1);
  }

  /** (C, K) of a 1x1 convolution. */
  private Value matrix(Value w) {
    return o.reshape(turned(w), weight.size(1), weight.size(0));
  }

  /** (taps·C, K). */
  private Value inputTapMatrix(Value w) {
    return o.reshape(turned(w), taps() * weight.size(1), weight.size(0));
  }

  /** (C, taps·K). */
  private Value outputTapMatrix(Value w) {
    Value flat = o.reshape(turned(w), taps(), weight.size(1), weight.size(0));
    return o.reshape(o.transpose(flat, 1, 0, 2), weight.size(1), taps() * weight.size(0));
  }

  /** The weight in planes, to go with rows of tiles: (p, 1, q, C, K). */
  private Value kernel(Value w) {
    Value flat = o.reshape(turned(w), taps(), weight.size(1) * weight.size(0));
    return o.reshape(
        o.matMul(AxisMaps.constant(o, kernelMap()), flat),
        axes[0].planes(),
        1,
        axes[1].planes(),
        weight.size(1),
        weight.size(0));
  }

  /** (P, taps) of both axes together. */
  private double[][] kernelMap() {
    double[][] a = axes[0].kernel();
    double[][] b = axes[1].kernel();
    double[][] both = new double[a.length * b.length][a[0].length * b[0].length];
    for (int i = 0; i < both.length; i++) {
      for (int j = 0; j < both[i].length; j++) {
        both[i][j] = a[i / b.length][j / b[0].length] * b[i % b.length][j % b[0].length];
      }
    }
    return both;
  }

  private long planes() {
    return (long) axes[0].planes() * axes[1].planes();
  }

  // --- planes ----------------------------------------------------------------------------------

  private Value inputTiles(Value x) {
    return toTiles(x, axes[0].input(), axes[1].input());
  }

  /** The transpose of the map from products to outputs. */
  private Value outputTiles(Value dy) {
    return toTiles(
        dy, AxisMaps.transposed(axes[0].output()), AxisMaps.transposed(axes[1].output()));
  }

  /** (H, W, N, C) to (p, t, q, s·N, C): planes and tiles of each axis. */
  private Value toTiles(Value x, double[][] rows, double[][] columns) {
    return o.reshape(
        AxisMaps.apply(o, x, rows, columns),
        axes[0].planes(),
        axes[0].tiles(),
        axes[1].planes(),
        -1,
        x.shape().size(3));
  }

  /**
   * (p, t, q, s·N, K) to (H', W', N, K); or, for the gradient, to the input's (H, W, N, C) by the
   * transpose of the map from pixels to planes.
   */
  private Value fromTiles(Value products, boolean gradient) {
    double[][] rows = gradient ? AxisMaps.transposed(axes[0].input()) : axes[0].output();
    double[][] columns = gradient ? AxisMaps.transposed(axes[1].input()) : axes[1].output();
    long channels = products.shape().size(4);
    long inner = images * channels;
    Value tiles = o.reshape(products, rows[0].length, columns[0].length, inner);
    Value across = o.matMul(AxisMaps.constant(o, columns), tiles);
    Value down = o.matMul(AxisMaps.constant(o, rows), o.reshape(across, rows[0].length, -1));
    return o.reshape(down, rows.length, columns.length, images, channels);
  }

  /** (p, t, q, s·N, C) to (P, t·s·N, C). */
  private Value sorted(Value tiles) {
    Shape s = tiles.shape();
    Value rows = o.reshape(tiles, s.size(0), s.size(1), s.size(2), s.size(3) * s.size(4));
    return o.reshape(o.transpose(rows, 0, 2, 1, 3), planes(), s.size(1) * s.size(3), s.size(4));
  }

  // --- taps as channels ------------------------------------------------------------------------

  /** (H·W·N, C). */
  private Value flat(Value x) {
    return o.reshape(x, -1, x.shape().size(3));
  }

  private Value pixels(Value flat, long channels) {
    return o.reshape(flat, outputs[0], outputs[1], images, channels);
  }

  /** (H, W, N, C) to what each tap of each output sees, (H'·W'·N, taps·C). */
  private Value inputTaps(Value x) {
    return beside(inputTiles(x));
  }

  private Value fromInputTaps(Value taps) {
    return fromTiles(apart(taps, weight.size(1)), true);
  }

  /** (H·W·N, taps·K), each pixel times each tap, to the outputs (H', W', N, K). */
  private Value fromTaps(Value taps) {
    return fromTiles(apart(taps, weight.size(0)), false);
  }

  private Value toTaps(Value dy) {
    return beside(outputTiles(dy));
  }

  /** (r, t, s, pixels of a row, channels) to (pixels, taps·channels). */
  private Value beside(Value tiles) {
    Value turned = o.transpose(tiles, 1, 3, 0, 2, 4);
    return o.reshape(turned, -1, taps() * tiles.shape().size(4));
  }

  private Value apart(Value taps, long channels) {
    Value split =
        o.reshape(taps, axes[0].tiles(), -1, axes[0].planes(), axes[1].planes(), channels);
    return o.transpose(split, 2, 0, 3, 1, 4);
  }
}
