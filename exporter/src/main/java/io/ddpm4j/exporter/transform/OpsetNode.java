package io.ddpm4j.exporter.transform;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A node on its way into another operator set: what it was, and what it will be. Inputs and
 * attributes begin as those of the node; {@link #emit} adds it under them.
 */
final class OpsetNode {
  private final Ops ops;
  private final Node node;
  private final List<Value> inputs;
  private final Map<String, Attribute> attributes;

  OpsetNode(Ops ops, Node node, List<Value> inputs) {
    this.ops = ops;
    this.node = node;
    this.inputs = new ArrayList<>(inputs);
    this.attributes = new LinkedHashMap<>(node.attributes());
  }

  Ops ops() {
    return ops;
  }

  Node node() {
    return node;
  }

  /** Input {@code i} in the new graph; null where it is absent. */
  Value in(int i) {
    return i < inputs.size() ? inputs.get(i) : null;
  }

  /** The version that is converted to. */
  int version() {
    return ops.graph().opSet().version();
  }

  /** The form in the new operator set. */
  OpSchema form() {
    return ops.graph().opSet().schema("", node.op());
  }

  /** Whether the new operator set writes this operator as the old one did. */
  boolean sameForm() {
    return ops.graph().opSet().contains("", node.op())
        && form().sinceVersion() == node.schema().sinceVersion();
  }

  /** Whether the new form has this attribute. */
  boolean takes(String attribute) {
    return form().attributes().containsKey(attribute);
  }

  /** Whether the new form has an input {@code i}. */
  boolean takesInput(int i) {
    return i < form().inputs().size();
  }

  OpsetNode input(int i, Value value) {
    while (inputs.size() <= i) {
      inputs.add(null);
    }
    inputs.set(i, value);
    return this;
  }

  OpsetNode attribute(String key, Attribute value) {
    attributes.put(key, value);
    return this;
  }

  OpsetNode without(String key) {
    attributes.remove(key);
    return this;
  }

  /** The attribute of this name, which the new form writes as an input, or null. */
  Value asInput(String key) {
    long[] values = node.intsAttribute(key, null);
    return values == null ? null : ops.longs(values);
  }

  /**
   * The whole numbers of input {@code i}, which the new form writes into the node itself; null
   * where the input is absent.
   *
   * @throws ShapeException if they are not known before the graph runs
   */
  long[] constant(int i) {
    if (in(i) == null) {
      return null;
    }
    TensorData data = in(i).data().orElse(null);
    if (data == null) {
      throw fail(
          "a constant " + node.schema().inputs().get(i).name(), "one that the graph computes");
    }
    long[] values = new long[(int) data.shape().elements()];
    for (int k = 0; k < values.length; k++) {
      values[k] =
          data.dataType() == DataType.INT64
              ? data.bytes().getLong(8 * k)
              : data.bytes().getInt(4 * k);
    }
    return values;
  }

  /** The node in its new form. */
  List<Value> emit() {
    return ops.graph().add("", node.op(), inputs, attributes, node.outputs().size()).outputs();
  }

  ShapeException fail(String expected, String found) {
    String where = node.scope().isEmpty() ? node.op() : node.op() + " in " + node.scope();
    return new ShapeException(where + ": expected " + expected + ", found " + found);
  }
}
