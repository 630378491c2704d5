package io.ddpm4j.exporter.transform;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Operators that older versions lack, in those that they have. */
final class OpsetFunctions {
  private OpsetFunctions() {}

  /** x·Φ(x), or its approximation by tanh (Hendrycks and Gimpel 2016). */
  static List<Value> gelu(OpsetNode n) {
    Ops o = n.ops();
    Value x = n.in(0);
    Value inner;
    if (n.node().textAttribute("approximate", "none").equals("tanh")) {
      Value cube = o.mul(o.mul(x, o.mul(x, x)), number(o, 0.044715, x));
      inner = o.tanh(o.mul(o.add(x, cube), number(o, Math.sqrt(2 / Math.PI), x)));
    } else {
      inner = o.erf(o.mul(x, number(o, Math.sqrt(0.5), x)));
    }
    return List.of(o.mul(o.mul(x, number(o, 0.5, x)), o.add(inner, number(o, 1, x))));
  }

  /** x·tanh(softplus(x)) (Misra 2019). */
  static List<Value> mish(OpsetNode n) {
    Value x = n.in(0);
    Value softplus = n.ops().graph().add("Softplus", List.of(x), Map.of()).out();
    return List.of(n.ops().mul(x, n.ops().tanh(softplus)));
  }

  /**
   * InstanceNormalization of (N, groups, ...) and one affine map, whose parameters are a number for
   * each group before version 21 and for each channel from then on.
   */
  static List<Value> groupNorm(OpsetNode n) {
    Ops o = n.ops();
    Value x = n.in(0);
    int groups = (int) n.node().intAttribute("num_groups", 1);
    boolean perGroup = n.node().schema().sinceVersion() < 21;
    float[] ones = new float[groups];
    Arrays.fill(ones, 1f);
    Value grouped =
        o.graph()
            .add(
                "InstanceNormalization",
                List.of(
                    o.reshape(x, 0, groups, -1),
                    o.cast(o.constant(TensorData.ofFloats(ones, groups)), x.dataType()),
                    o.cast(
                        o.constant(TensorData.ofFloats(new float[groups], groups)), x.dataType())),
                Map.of("epsilon", Attribute.of(n.node().floatAttribute("epsilon", 1e-5f))))
            .out();
    Value normed = perGroup ? affine(n, grouped) : grouped;
    Value back = o.graph().add("Reshape", List.of(normed, o.shape(x)), Map.of()).out();
    return List.of(perGroup ? back : affine(n, back));
  }

  /** x·scale + bias, each a number for every second index of x. */
  private static Value affine(OpsetNode n, Value x) {
    long[] sizes = new long[x.shape().rank()];
    Arrays.fill(sizes, 1);
    sizes[1] = -1;
    Ops o = n.ops();
    return o.add(o.mul(x, o.reshape(n.in(1), sizes)), o.reshape(n.in(2), sizes));
  }

  /** Mean 0 and variance 1 over the last axes (Ba et al. 2016), in float32 as the operator does. */
  static List<Value> layerNorm(OpsetNode n) {
    Ops o = n.ops();
    int rank = n.in(0).shape().rank();
    long first = n.node().intAttribute("axis", -1);
    long[] axes = LongStream.range(first < 0 ? first + rank : first, rank).toArray();
    DataType type = n.in(0).dataType();
    Value x = type == DataType.DOUBLE ? n.in(0) : o.cast(n.in(0), DataType.FLOAT);
    Value mean = o.reduceMean(x, true, axes);
    Value centred = o.sub(x, mean);
    Value variance = o.reduceMean(o.mul(centred, centred), true, axes);
    Value epsilon = number(o, n.node().floatAttribute("epsilon", 1e-5f), x);
    Value inverse = o.reciprocal(o.sqrt(o.add(variance, epsilon)));
    Value y = o.mul(o.cast(o.mul(centred, inverse), type), n.in(1));
    if (n.in(2) != null) {
      y = o.add(y, n.in(2));
    }
    return List.of(y, mean, inverse).subList(0, n.node().outputs().size());
  }

  /** A number of the type of {@code like}, 16-bit floats included. */
  private static Value number(Ops o, double value, Value like) {
    return o.cast(o.constant(TensorData.scalar(DataType.DOUBLE, value)), like.dataType());
  }
}
