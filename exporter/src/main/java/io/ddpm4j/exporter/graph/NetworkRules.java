package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.List;

/** Shape rules of normalisation, attention and the optimiser's operator. */
final class NetworkRules {
  private NetworkRules() {}

  /** A vector input {@code k} of {@code size} elements. */
  private static void vector(Inference i, int k, Dim size, String per) {
    Dim found = i.shape(k, 1).dim(0);
    if (found instanceof Dim.Fixed && size instanceof Dim.Fixed && !found.equals(size)) {
      throw i.fail(
          "input " + k + " of " + size + " elements, one for each " + per, "[" + found + "]");
    }
  }

  /** Scale, bias and the like have one element a channel. */
  static List<TensorType> perChannel(Inference i) {
    if (i.rank(0) < 2) {
      throw i.fail("an input (N, C, ...)", i.shape(0).toString());
    }
    for (int k = 1; k < i.inputs(); k++) {
      vector(i, k, i.shape(0).dim(1), "channel");
    }
    return ShapeRules.same(i);
  }

  static List<TensorType> batchNormalization(Inference i) {
    TensorType y = perChannel(i).get(0);
    return i.outputs() == 1
        ? List.of(y)
        : List.of(y, i.type(3), i.type(4), i.type(3), i.type(4)).subList(0, i.outputs());
  }

  /** Scale and bias have one element a channel, one a group before operator set 21. */
  static List<TensorType> groupNormalization(Inference i, boolean perGroup) {
    long groups = i.intAttribute("num_groups", 1);
    if (i.rank(0) < 3) {
      throw i.fail("an input (N, C, ...) of rank 3 or more", i.shape(0).toString());
    }
    Dim channels = i.shape(0).dim(1);
    if (groups < 1 || channels instanceof Dim.Fixed c && c.size() % groups != 0) {
      throw i.fail("channels that " + groups + " groups divide", i.shape(0).toString());
    }
    for (int k = 1; k < 3; k++) {
      vector(i, k, perGroup ? Dim.of(groups) : channels, perGroup ? "group" : "channel");
    }
    return ShapeRules.same(i);
  }

  static List<TensorType> layerNormalization(Inference i) {
    Shape x = i.shape(0);
    int axis = i.axis(i.intAttribute("axis", -1), x.rank());
    Shape normed = new Shape(x.dims().subList(axis, x.rank()));
    for (int k = 1; k < i.inputs(); k++) {
      if (ShapeRules.broadcast(i, normed, i.shape(k)).rank() > normed.rank()) {
        throw i.fail("scale and bias that broadcast to " + normed, i.shape(k).toString());
      }
    }
    Shape reduced = x;
    for (int a = axis; a < x.rank(); a++) {
      reduced = reduced.with(a, Dim.of(1));
    }
    DataType stash = DataType.ofOnnx((int) i.intAttribute("stash_type", 1));
    TensorType statistic = new TensorType(stash, reduced);
    return List.of(i.type(0), statistic, statistic); // Y, mean, inverse standard deviation
  }

  /**
   * Q, K, V are (N, heads, L, D), or (N, L, heads·D) with the numbers of heads as attributes; the
   * outputs are Y, the keys and values with those of before, and Q·Kᵀ.
   */
  static List<TensorType> attention(Inference i) {
    boolean flat = i.rank(0) == 3;
    if (!flat) {
      i.shape(0, 4);
    }
    Shape q = heads(i, 0, "q_num_heads", flat);
    Shape k = heads(i, 1, "kv_num_heads", flat);
    Shape v = heads(i, 2, "kv_num_heads", flat);
    Dim before = i.has(4) ? i.shape(4, 4).dim(2) : Dim.of(0);
    Dim total = ShapeRules.sum(i, before, k.dim(2));
    Shape y = q.with(3, v.dim(3));
    if (flat) {
      y = new Shape(List.of(q.dim(0), q.dim(2), ShapeRules.product(i, q.dim(1), v.dim(3))));
    }
    return List.of(
        new TensorType(i.dataType(0), y),
        new TensorType(i.dataType(1), k.with(2, total)),
        new TensorType(i.dataType(2), v.with(2, total)),
        new TensorType(i.dataType(0), q.with(3, total)));
  }

  private static Shape heads(Inference i, int input, String attribute, boolean flat) {
    if (!flat) {
      return i.shape(input, 4);
    }
    Shape x = i.shape(input, 3);
    long heads = i.intAttribute(attribute, 0);
    long width = x.dim(2).sizeOrUnknown();
    if (heads < 1 || width >= 0 && width % heads != 0) {
      throw i.fail(
          "a width of input " + input + " that " + attribute + " divides", heads + " of " + x);
    }
    Dim size = width < 0 ? i.unknown() : Dim.of(width / heads);
    return new Shape(List.of(x.dim(0), Dim.of(heads), x.dim(1), size));
  }

  /** Rate, step, then all variables, their gradients, first and second moments. */
  static List<TensorType> adam(Inference i) {
    int variables = (i.inputs() - 2) / 4;
    if ((i.inputs() - 2) % 4 != 0 || i.outputs() != 3 * variables) {
      throw i.fail(
          "2 + 4n inputs and 3n outputs", i.inputs() + " inputs and " + i.outputs() + " outputs");
    }
    List<TensorType> types = new ArrayList<>();
    for (int group : new int[] {0, 2, 3}) { // the gradients have no new value
      for (int k = 0; k < variables; k++) {
        types.add(i.type(2 + group * variables + k));
      }
    }
    return types;
  }
}
