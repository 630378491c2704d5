package io.ddpm4j.trainer.autodiff;

import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.FLOAT;
import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.INT;
import static io.ddpm4j.exporter.graph.OpSchema.AttributeKind.INTS;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Functions;
import io.ddpm4j.exporter.graph.Inference;
import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorType;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Composite operators of the backward pass, sorted by name. Like {@code exporter.graph.Functions}
 * they have one node each and are lowered to what the device runs best before the graph is run.
 */
public final class GradientFunctions {
  private GradientFunctions() {}

  private static final String DOMAIN = Functions.DOMAIN;
  private static final Set<DataType> FLOATS = EnumSet.of(DataType.FLOAT, DataType.DOUBLE);

  private static List<TensorType> sized(Inference i) {
    return List.of(new TensorType(i.dataType(0), Shape.of(i.intsAttribute("size", null))));
  }

  /** The schemas. */
  public static final List<OpSchema> TABLE =
      List.of(
          // (dO, Q, K, V) to (dQ, dK, dV)
          OpSchema.of(DOMAIN, "AttentionGrad")
              .in("dO", "T", FLOATS)
              .in("Q", "T", FLOATS)
              .in("K", "T", FLOATS)
              .in("V", "T", FLOATS)
              .required("scale", FLOAT)
              .outputs(3, 3)
              .shape(i -> List.of(i.type(1), i.type(2), i.type(3))),
          // the gradient of a convolution's input: dY (N, K, h, w), W (K, C, r, s) to size (N, C,
          // H, W)
          OpSchema.of(DOMAIN, "ConvInputGrad")
              .in("dY", "T", FLOATS)
              .in("W", "T", FLOATS)
              .required("pads", INTS)
              .required("strides", INTS)
              .required("size", INTS)
              .shape(GradientFunctions::sized),
          // the gradient of a convolution's weight: dY (N, K, h, w), X (N, C, H, W) to size (K, C,
          // r, s)
          OpSchema.of(DOMAIN, "ConvWeightGrad")
              .in("dY", "T", FLOATS)
              .in("X", "T", FLOATS)
              .required("pads", INTS)
              .required("strides", INTS)
              .required("size", INTS)
              .shape(GradientFunctions::sized),
          // (dY, X, scale, bias) to (dX, dscale, dbias)
          OpSchema.of(DOMAIN, "GroupNormGrad")
              .in("dY", "T", FLOATS)
              .in("X", "T", FLOATS)
              .in("scale", "T", FLOATS)
              .in("bias", "T", FLOATS)
              .required("epsilon", FLOAT)
              .required("groups", INT)
              .outputs(3, 3)
              .shape(i -> List.of(i.type(1), i.type(2), i.type(3))),
          // (dY, X) to dX
          OpSchema.of(DOMAIN, "SiluGrad")
              .in("dY", "T", FLOATS)
              .in("X", "T", FLOATS)
              .shape(i -> List.of(i.type(1))));
}
