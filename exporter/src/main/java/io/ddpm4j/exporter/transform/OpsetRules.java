package io.ddpm4j.exporter.transform;

import static java.util.Map.entry;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The operators whose form or meaning differs between two of the versions 9 to 25, sorted by name,
 * and how each is written in the other version. From ONNX's operator list.
 */
final class OpsetRules {
  private OpsetRules() {}

  /** What stands for a node in the other version; null leaves it as it is. */
  @FunctionalInterface
  private interface Rule {
    List<Value> apply(OpsetNode node);
  }

  static final Map<String, Lowering.Rule> TABLE =
      Map.ofEntries(
          rule("AveragePool", n -> drop(n, "dilations", OpsetRules::ones)),
          rule("BatchNormalization", OpsetRules::batchNormalization),
          // Both are about 8-bit floats, which graphs do not hold.
          rule("Cast", n -> drop(n, Map.of("round_mode", a -> true, "saturate", a -> true))),
          rule("Gelu", absent(OpsetFunctions::gelu)),
          rule("GroupNormalization", n -> n.sameForm() ? null : OpsetFunctions.groupNorm(n)),
          rule("LayerNormalization", absent(OpsetFunctions::layerNorm)),
          rule("Mish", absent(OpsetFunctions::mish)),
          rule("Pad", OpsetRules::pad),
          rule("ReduceL1", OpsetRules::reduce),
          rule("ReduceL2", OpsetRules::reduce),
          rule("ReduceLogSumExp", OpsetRules::reduce),
          rule("ReduceMax", OpsetRules::reduce),
          rule("ReduceMean", OpsetRules::reduce),
          rule("ReduceMin", OpsetRules::reduce),
          rule("ReduceProd", OpsetRules::reduce),
          rule("ReduceSum", OpsetRules::reduce),
          rule("ReduceSumSquare", OpsetRules::reduce),
          rule("Reshape", OpsetRules::reshape),
          rule("Resize", OpsetResize::convert),
          rule("ScatterElements", OpsetRules::scatter),
          rule("ScatterND", OpsetRules::scatter),
          rule("Shape", OpsetRules::shape),
          rule("Split", OpsetRules::split),
          rule("Squeeze", OpsetRules::axesAsInput),
          rule("Unsqueeze", OpsetRules::axesAsInput));

  private static Map.Entry<String, Lowering.Rule> rule(String op, Rule rule) {
    return entry(op, (ops, node, inputs) -> rule.apply(new OpsetNode(ops, node, inputs)));
  }

  /** A rule for an operator that older versions lack. */
  private static Rule absent(Rule rule) {
    return n -> n.ops().graph().opSet().contains("", n.node().op()) ? null : rule.apply(n);
  }

  /** Leaves out attributes that the new form lacks, where they say what it does anyway. */
  private static List<Value> drop(OpsetNode n, Map<String, Predicate<Attribute>> neutral) {
    neutral.forEach((key, test) -> dropOne(n, key, test));
    return n.emit();
  }

  private static List<Value> drop(OpsetNode n, String key, Predicate<Attribute> neutral) {
    return drop(n, Map.of(key, neutral));
  }

  static void dropOne(OpsetNode n, String key, Predicate<Attribute> neutral) {
    Attribute value = n.node().attribute(key).orElse(null);
    if (value != null && !n.takes(key)) {
      if (!neutral.test(value)) {
        throw n.fail("no attribute " + key + ", which came later", key + " = " + text(value));
      }
      n.without(key);
    }
  }

  private static String text(Attribute value) {
    if (value instanceof Attribute.Text a) {
      return a.value();
    } else if (value instanceof Attribute.Int a) {
      return Long.toString(a.value());
    }
    return value instanceof Attribute.Ints a ? a.values().toString() : value.kind();
  }

  private static boolean ones(Attribute value) {
    return value instanceof Attribute.Ints a && Set.of(1L).containsAll(a.values());
  }

  /** Version 14 says by an attribute, older ones by the number of outputs, that it is training. */
  private static List<Value> batchNormalization(OpsetNode n) {
    if (!n.sameForm() && n.node().outputs().size() > 1) {
      throw n.fail("one output, as in inference", n.node().outputs().size() + " outputs");
    }
    dropOne(n, "training_mode", Attribute.of(0)::equals);
    return n.emit();
  }

  /** Version 18 pads some of the axes, 19 knows the mode {@code wrap}. */
  private static List<Value> pad(OpsetNode n) {
    String mode = n.node().textAttribute("mode", "constant");
    if (mode.equals("wrap") && n.version() < 19) {
      throw n.fail("the modes constant, edge and reflect", mode);
    }
    if (n.takesInput(3) || n.in(3) == null) {
      return n.emit();
    }
    long[] axes = n.constant(3);
    long[] some = n.constant(1);
    int rank = n.in(0).shape().rank();
    long[] pads = new long[2 * rank];
    for (int k = 0; k < axes.length; k++) {
      int axis = (int) (axes[k] < 0 ? axes[k] + rank : axes[k]);
      pads[axis] = some[k];
      pads[rank + axis] = some[axes.length + k];
    }
    return n.input(1, n.ops().longs(pads)).input(3, null).emit();
  }

  /** Reductions that leave a single number as it is. */
  private static final Set<String> OF_ONE_ITSELF =
      Set.of("ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd");

  /** Axes became an input: of ReduceSum in version 13, of the others in 18. */
  private static List<Value> reduce(OpsetNode n) {
    if (n.sameForm()) {
      return null;
    }
    if (n.takesInput(1)) {
      return n.input(1, n.asInput("axes")).without("axes").emit();
    }
    long[] axes = n.constant(1);
    boolean all = axes == null || axes.length == 0;
    if (all && n.node().intAttribute("noop_with_empty_axes", 0) == 1) {
      if (OF_ONE_ITSELF.contains(n.node().op())) {
        return List.of(n.ops().identity(n.in(0)));
      }
      throw n.fail("axes", "none, and noop_with_empty_axes");
    }
    n.input(1, null).without("noop_with_empty_axes");
    return all ? n.emit() : n.attribute("axes", Attribute.of(axes)).emit();
  }

  /** Version 14 can mean a size of 0 by 0; before, it always keeps the axis. */
  private static List<Value> reshape(OpsetNode n) {
    if (n.node().intAttribute("allowzero", 0) == 1 && !n.takes("allowzero")) {
      long[] sizes = n.constant(1);
      if (Arrays.stream(sizes).anyMatch(size -> size == 0)) {
        throw n.fail("no size of 0 under allowzero = 1", Arrays.toString(sizes));
      }
    }
    return n.takes("allowzero") ? null : n.without("allowzero").emit();
  }

  /** Version 16 can add and multiply what it scatters, version 18 take the larger or smaller. */
  private static List<Value> scatter(OpsetNode n) {
    String reduction = n.node().textAttribute("reduction", "none");
    if (n.version() < 18 && Set.of("max", "min").contains(reduction)) {
      throw n.fail("no reduction by max or min, which came later", "reduction = " + reduction);
    }
    return drop(n, "reduction", Attribute.of("none")::equals);
  }

  /** Version 15 can give a part of the shape. */
  private static List<Value> shape(OpsetNode n) {
    if (n.takes("start")) {
      return null;
    }
    long start = n.node().intAttribute("start", 0);
    long end = n.node().intAttribute("end", Long.MAX_VALUE);
    n.without("start").without("end");
    return start == 0 && end == Long.MAX_VALUE
        ? n.emit()
        : List.of(n.ops().slice(n.emit().get(0), 0, start, end));
  }

  /** Sizes became an input in version 13; 18 wants them or the number of parts. */
  private static List<Value> split(OpsetNode n) {
    Value sizes = n.in(1) == null ? n.asInput("split") : n.in(1);
    n.without("split").without("num_outputs").input(1, sizes);
    if (sizes == null && n.takes("num_outputs")) {
      n.attribute("num_outputs", Attribute.of(n.node().outputs().size()));
    } else if (sizes == null) {
      n.input(1, unevenParts(n)); // before version 18, parts without sizes are equal
    }
    return n.emit();
  }

  /** The sizes of parts of which the last is smaller; null where they are equal. */
  private static Value unevenParts(OpsetNode n) {
    int axis = (int) n.node().intAttribute("axis", 0);
    List<Value> parts = n.node().outputs();
    if (n.node().intAttribute("num_outputs", 0) == 0) {
      return null;
    }
    long[] sizes =
        parts.stream().mapToLong(part -> part.shape().dim(axis).sizeOrUnknown()).toArray();
    if (Arrays.stream(sizes).anyMatch(size -> size < 0)) {
      throw n.fail("parts of known sizes", n.in(0).shape().toString());
    }
    return Arrays.stream(sizes).distinct().count() == 1 ? null : n.ops().longs(sizes);
  }

  /** Axes became an input in version 13. */
  private static List<Value> axesAsInput(OpsetNode n) {
    return n.sameForm() ? null : n.input(1, n.asInput("axes")).without("axes").emit();
  }

  /** A constant tensor without elements stood for an absent input before version 13. */
  static boolean isEmpty(Value value) {
    return value != null && value.data().map(TensorData::byteSize).orElse(1) == 0;
  }
}
