package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The weight gradient of a convolution, dW[k,c,i,j] = Σ dY[n,k,h,w]·X[n,c,s·h+i-p,s·w+j-p], as
 * batched matrix products. ONNX has no operator for it, and a Conv with batch and channels swapped
 * takes four times a forward convolution.
 */
final class ConvWeightGrad {
  private final Ops o;
  private final long[] pads;
  private final long stride;
  private final long[] size;

  ConvWeightGrad(Ops o, Node n) {
    this.o = o;
    this.pads = n.intsAttribute("pads", null);
    this.stride = n.intsAttribute("strides", null)[0];
    this.size = n.intsAttribute("size", null);
  }

  Value apply(Value dy, Value x) {
    long kh = size[2];
    long kw = size[3];
    if (kh == 1 && kw == 1 && stride == 1) {
      return pointwise(dy, x);
    }
    boolean same =
        stride == 1
            && kh == 3
            && kw == 3
            && pads[0] == 1
            && pads[1] == 1
            && pads[2] == 1
            && pads[3] == 1;
    return same ? rowsStacked(dy, x) : windows(dy, x);
  }

  /** 1x1: dY·Xᵀ of each image, summed. */
  private Value pointwise(Value dy, Value x) {
    Value product = o.matMul(flat(dy), o.transpose(flat(x), 0, 2, 1)); // (N, K, C)
    return o.reshape(overImages(product), size);
  }

  /** The sum over the first axis, flat: as a product with ones it runs at memory speed. */
  private Value overImages(Value product) {
    long n = product.shape().size(0);
    float[] ones = new float[(int) n];
    Arrays.fill(ones, 1f);
    Value row = o.constant(TensorData.ofFloats(ones, 1, n));
    return o.matMul(row, o.reshape(product, n, -1));
  }

  private Value flat(Value x) {
    return o.reshape(x, x.shape().size(0), x.shape().size(1), -1);
  }

  /**
   * 3x3 with padding 1: three copies of dY, shifted by a row each, against three copies of X,
   * shifted by a column each, so that three products with long inner sizes do the work of nine.
   */
  private Value rowsStacked(Value dy, Value x) {
    long n = dy.shape().size(0);
    long k = dy.shape().size(1);
    long h = dy.shape().size(2);
    long w = dy.shape().size(3);
    long c = x.shape().size(1);
    Value stacked = stacked(dy);
    List<Value> columns = new ArrayList<>();
    for (long j = 0; j < 3; j++) {
      long left = 1 - j;
      Value shifted = o.reshape(o.pad(x, 0, 0, 1, left, 0, 0, 1, -left), n, c, (h + 2) * w);
      Value product = o.matMul(stacked, o.transpose(shifted, 0, 2, 1)); // (N, 3K, C)
      columns.add(o.reshape(overImages(product), k, 3, c, 1));
    }
    return o.transpose(o.concat(3, columns), 0, 2, 1, 3); // (K, i, C, j) to (K, C, i, j)
  }

  /** One flat row of dY, 0, dY, 0, dY is [dY 0 0], [0 dY 0], [0 0 dY] of h + 2 rows each. */
  private Value stacked(Value dy) {
    long n = dy.shape().size(0);
    long k = dy.shape().size(1);
    long h = dy.shape().size(2);
    long w = dy.shape().size(3);
    Value rows = o.reshape(dy, n, k, h * w);
    Value gap = o.constant(TensorData.ofFloats(new float[(int) (n * k * 3 * w)], n, k, 3 * w));
    return o.reshape(o.concat(2, rows, gap, rows, gap, rows), n, 3 * k, (h + 2) * w);
  }

  /** The general form: the pixels that each tap sees, side by side, in one product. */
  private Value windows(Value dy, Value x) {
    long n = dy.shape().size(0);
    long c = x.shape().size(1);
    long h = dy.shape().size(2);
    long w = dy.shape().size(3);
    Value padded = o.pad(x, 0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]);
    List<Value> taps = new ArrayList<>();
    for (long i = 0; i < size[2]; i++) {
      for (long j = 0; j < size[3]; j++) {
        Value tap =
            o.slice(
                o.slice(padded, 2, i, i + (h - 1) * stride + 1, stride),
                3,
                j,
                j + (w - 1) * stride + 1,
                stride);
        taps.add(o.reshape(tap, n, c, h * w));
      }
    }
    Value all = o.concat(1, taps); // (N, taps·C, h·w)
    Value product = o.matMul(flat(dy), o.transpose(all, 0, 2, 1)); // (N, K, taps·C)
    Value sum = o.reshape(overImages(product), size[0], size[2] * size[3], c);
    return o.reshape(o.transpose(sum, 0, 2, 1), size);
  }
}
