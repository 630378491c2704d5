package io.ddpm4j.exporter.graph;

import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.FLOAT;
import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.INT;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongUnaryOperator;

/**
 * Composite operators that layers call: each has one node in the graph, its own gradient rule, and
 * is lowered to ONNX's operators when the graph is written ({@link Lowering}). A file never holds
 * them.
 */
public final class Functions {
  private Functions() {}

  /** The domain of composite operators. */
  public static final String DOMAIN = "ddpm4j";

  private static final Set<DataType> FLOATS = EnumSet.of(DataType.FLOAT, DataType.DOUBLE);

  /** The schemas, sorted by name, to be added to an {@link OpSet}. */
  public static List<OpSchema> all() {
    return TABLE;
  }

  static final List<OpSchema> TABLE =
      List.of(
          // softmax(q·kᵀ·scale)·v; q, k and v are (N, heads, L, D)
          OpSchema.of(DOMAIN, "Attention")
              .in("Q", "T", FLOATS)
              .in("K", "T", FLOATS)
              .in("V", "T", FLOATS)
              .required("scale", FLOAT)
              .shape(
                  i -> {
                    Shape q = i.shape(0, 4);
                    return List.of(new TensorType(i.dataType(0), q.with(3, i.shape(2, 4).dim(3))));
                  }),
          // x·mask/(1 - ratio), where the mask is 0 or 1; without a mask x itself, as in every file
          OpSchema.of(DOMAIN, "Dropout")
              .in("X", "T", FLOATS)
              .optional("mask", "M", EnumSet.of(DataType.UINT8))
              .required("ratio", FLOAT)
              .shape(
                  i -> {
                    if (i.has(1) && !i.shape(1).equals(i.shape(0))) {
                      throw i.fail("a mask of shape " + i.shape(0), i.shape(1).toString());
                    }
                    return ShapeRules.same(i);
                  }),
          // half the size after a low-pass filter, see FirFilter; H and W are even
          OpSchema.of(DOMAIN, "FirDownsample")
              .in("X", "T", FLOATS)
              .shape(
                  i -> {
                    Shape x = i.shape(0, 4);
                    if (x.dim(2).sizeOrUnknown() % 2 == 1 || x.dim(3).sizeOrUnknown() % 2 == 1) {
                      throw i.fail("an even height and width", x.toString());
                    }
                    return resized(i, size -> size / 2);
                  }),
          // twice the size, smoothed, see FirFilter
          OpSchema.of(DOMAIN, "FirUpsample")
              .in("X", "T", FLOATS)
              .shape(i -> resized(i, size -> 2 * size)),
          // x·Φ(x), Φ the standard normal distribution function
          OpSchema.of(DOMAIN, "Gelu").in("X", "T", FLOATS).shape(ShapeRules::same),
          // Wu and He, "Group Normalization": x is (N, C, H, W), scale and bias are (C)
          OpSchema.of(DOMAIN, "GroupNorm")
              .in("X", "T", FLOATS)
              .in("scale", "T", FLOATS)
              .in("bias", "T", FLOATS)
              .required("epsilon", FLOAT)
              .required("groups", INT)
              .shape(
                  i -> {
                    long groups = i.intAttribute("groups", 1);
                    Shape x = i.shape(0, 4);
                    if (x.size(1) % groups != 0) {
                      throw i.fail("channels that " + groups + " groups divide", x.toString());
                    }
                    if (!i.shape(1, 1).equals(Shape.of(x.size(1)))
                        || !i.shape(2, 1).equals(Shape.of(x.size(1)))) {
                      throw i.fail(
                          "scale and bias of shape [" + x.size(1) + "]", i.shape(1).toString());
                    }
                    return ShapeRules.same(i);
                  }),
          // x·tanh(log(1 + eˣ))
          OpSchema.of(DOMAIN, "Mish").in("X", "T", FLOATS).shape(ShapeRules::same),
          // x·sigmoid(x)
          OpSchema.of(DOMAIN, "Silu").in("X", "T", FLOATS).shape(ShapeRules::same));

  /** Images (N, C, H, W) of another height and width; open ones stay open. */
  private static List<TensorType> resized(Inference i, LongUnaryOperator size) {
    Shape shape = i.shape(0, 4);
    for (int axis = 2; axis < 4; axis++) {
      long before = shape.dim(axis).sizeOrUnknown();
      shape = shape.with(axis, before < 0 ? i.unknown() : Dim.of(size.applyAsLong(before)));
    }
    return List.of(new TensorType(i.dataType(0), shape));
  }
}
