package io.ddpm4j.exporter.transform;

import static java.util.Map.entry;

import java.util.Map;
import java.util.Set;

/** Which operators half precision does not suit, and which take numbers as they come. */
final class HalfRules {
  private HalfRules() {}

  private static final String VARIANCE = "squares of activations leave the range";
  private static final String SUM = "sums of many numbers lose the small ones";
  private static final String EXPONENTIALS = "sums of exponentials leave the range";
  private static final String ANGLE = "angles go up to the last timestep, where steps are 0.5 wide";
  private static final String RANGE = "moderate arguments have results out of range";

  /** Operators that stay in float32, sorted by name, and why. */
  static final Map<String, String> FLOAT32 =
      Map.ofEntries(
          entry("BatchNormalization", VARIANCE),
          entry("Cos", ANGLE),
          entry("CumSum", SUM),
          entry("Exp", RANGE),
          entry("GlobalAveragePool", SUM),
          entry("GroupNormalization", VARIANCE),
          entry("InstanceNormalization", VARIANCE),
          entry("LayerNormalization", VARIANCE),
          entry("Log", RANGE),
          entry("LogSoftmax", EXPONENTIALS),
          entry("Pow", RANGE),
          entry("Range", ANGLE),
          entry("Reciprocal", RANGE),
          entry("ReduceL1", SUM),
          entry("ReduceL2", VARIANCE),
          entry("ReduceLogSumExp", EXPONENTIALS),
          entry("ReduceMean", SUM),
          entry("ReduceProd", RANGE),
          entry("ReduceSum", SUM),
          entry("ReduceSumSquare", VARIANCE),
          entry("Sin", ANGLE),
          entry("Softmax", EXPONENTIALS),
          entry("Sqrt", RANGE),
          entry("Tan", ANGLE));

  /** Operators that normalise: what scales and shifts their result belongs to them. */
  static final Set<String> NORMALISE =
      Set.of(
          "BatchNormalization",
          "GroupNormalization",
          "InstanceNormalization",
          "LayerNormalization");

  /** Operators whose arguments must be exact too, and so what computes these. */
  static final Set<String> EXACT_ARGUMENTS = Set.of("Cos", "Sin", "Tan");

  /**
   * Operators that move, choose or compare numbers: exact in both types, so they take what is there
   * and spare a cast.
   */
  static final Set<String> EITHER =
      Set.of(
          "Abs",
          "Cast",
          "Clip",
          "Concat",
          "DepthToSpace",
          "Equal",
          "Expand",
          "Flatten",
          "Gather",
          "GatherElements",
          "GatherND",
          "Greater",
          "GreaterOrEqual",
          "Identity",
          "IsInf",
          "IsNaN",
          "Less",
          "LessOrEqual",
          "Max",
          "MaxPool",
          "Min",
          "Neg",
          "Pad",
          "Relu",
          "Reshape",
          "Shape",
          "Sign",
          "Size",
          "Slice",
          "SpaceToDepth",
          "Split",
          "Squeeze",
          "Tile",
          "Transpose",
          "Trilu",
          "Unsqueeze",
          "Where");
}
