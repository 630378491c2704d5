package io.ddpm4j.exporter.graph;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What a shape rule sees of the node that is being added. */
public final class Inference {
  private final OpSchema schema;
  private final List<Value> inputs;
  private final Map<String, Attribute> attributes;
  private final int outputs;
  private final String where;
  private final AtomicLong unknowns;

  Inference(
      OpSchema schema,
      List<Value> inputs,
      Map<String, Attribute> attributes,
      int outputs,
      String where,
      AtomicLong unknowns) {
    this.schema = schema;
    this.inputs = inputs;
    this.attributes = attributes;
    this.outputs = outputs;
    this.where = where;
    this.unknowns = unknowns;
  }

  /** The number of outputs that the node is to have. */
  public int outputs() {
    return outputs;
  }

  /** How many inputs there are, absent ones counted. */
  public int inputs() {
    return inputs.size();
  }

  /** Whether input {@code i} is there. */
  public boolean has(int i) {
    return i < inputs.size() && inputs.get(i) != null;
  }

  /** Element type and shape of input {@code i}. */
  public TensorType type(int i) {
    return inputs.get(i).type();
  }

  /** The element type of input {@code i}. */
  public DataType dataType(int i) {
    return inputs.get(i).dataType();
  }

  /** The shape of input {@code i}. */
  public Shape shape(int i) {
    return inputs.get(i).shape();
  }

  /** The rank of input {@code i}. */
  public int rank(int i) {
    return shape(i).rank();
  }

  /** The shape of input {@code i}, which must have that rank. */
  public Shape shape(int i, int rank) {
    if (rank(i) != rank) {
      throw fail("input " + i + " of rank " + rank, shape(i).toString());
    }
    return shape(i);
  }

  /**
   * The elements of the integer vector or scalar at input {@code i} if all of them are known when
   * the graph is built, else null.
   */
  public long[] constantLongs(int i) {
    return has(i) ? IntElement.numbers(inputs.get(i)) : null;
  }

  /** What is known of the integer vector or scalar at input {@code i}; null if nothing is. */
  List<IntElement> integers(int i) {
    return has(i) ? IntElement.of(inputs.get(i)) : null;
  }

  /** The elements of input {@code i} if it is a constant of float, else null. */
  public float[] constantFloats(int i) {
    return has(i)
        ? inputs
            .get(i)
            .data()
            .filter(d -> d.dataType() == DataType.FLOAT)
            .map(TensorData::floats)
            .orElse(null)
        : null;
  }

  /** The value of a whole-number attribute, or {@code absent}. */
  public long intAttribute(String key, long absent) {
    return attributes.get(key) instanceof Attribute.Int a ? a.value() : absent;
  }

  /** The value of a float attribute, or {@code absent}. */
  public float floatAttribute(String key, float absent) {
    return attributes.get(key) instanceof Attribute.Float a ? a.value() : absent;
  }

  /** The value of a text attribute, or {@code absent}. */
  public String textAttribute(String key, String absent) {
    return attributes.get(key) instanceof Attribute.Text a ? a.value() : absent;
  }

  /** The values of an attribute of whole numbers, or {@code absent}. */
  public long[] intsAttribute(String key, long[] absent) {
    return attributes.get(key) instanceof Attribute.Ints a ? a.toArray() : absent;
  }

  /** The attribute of this name; null where it is absent. */
  public Attribute attribute(String key) {
    return attributes.get(key);
  }

  /** An axis in [-rank, rank) made non-negative. */
  public int axis(long axis, int rank) {
    if (axis < -rank || axis >= rank) {
      throw fail("an axis from " + -rank + " to " + (rank - 1), Long.toString(axis));
    }
    return (int) (axis < 0 ? axis + rank : axis);
  }

  /** A dimension that nothing is known of, under a name that no other has. */
  public Dim unknown() {
    return Dim.unnamed(unknowns.getAndIncrement());
  }

  /** The error for this node. */
  public ShapeException fail(String expected, String found) {
    return new ShapeException(where + ": expected " + expected + ", found " + found);
  }

  /** The operator's signature, for messages. */
  public String signature() {
    return schema.signature();
  }
}
