package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** One call of an operator. Made by {@link Graph#add} only; immutable afterwards. */
public final class Node {
  private final OpSchema schema;
  private final String name;
  private final String scope;
  private final List<Value> inputs;
  private final Map<String, Attribute> attributes;
  private final List<Value> outputs = new ArrayList<>();

  Node(
      OpSchema schema,
      String name,
      String scope,
      List<Value> inputs,
      Map<String, Attribute> attributes) {
    this.schema = schema;
    this.name = name;
    this.scope = scope;
    this.inputs = Collections.unmodifiableList(new ArrayList<>(inputs));
    this.attributes = Collections.unmodifiableMap(new TreeMap<>(attributes));
  }

  void addOutput(Value value) {
    outputs.add(value);
  }

  /** The operator. */
  public OpSchema schema() {
    return schema;
  }

  /** The operator, for example {@code Conv}. */
  public String op() {
    return schema.name();
  }

  /** Scope and operator, unique within the graph: {@code down_blocks.0/Conv_3}. */
  public String name() {
    return name;
  }

  /**
   * The scope in which the node was added, for example {@code mid_block.resnets.0}; may be empty.
   */
  public String scope() {
    return scope;
  }

  /** The inputs in order; null where an optional one is absent. */
  public List<Value> inputs() {
    return inputs;
  }

  /** The inputs that are present. */
  public List<Value> presentInputs() {
    return inputs.stream().filter(v -> v != null).toList();
  }

  /** Input {@code i}. */
  public Value in(int i) {
    return inputs.get(i);
  }

  /** Whether input {@code i} is there. */
  public boolean hasIn(int i) {
    return i < inputs.size() && inputs.get(i) != null;
  }

  /** All outputs, in the operator's order. */
  public List<Value> outputs() {
    return Collections.unmodifiableList(outputs);
  }

  /** Output {@code i}. */
  public Value out(int i) {
    return outputs.get(i);
  }

  /** The first output. */
  public Value out() {
    return outputs.get(0);
  }

  /** The attributes that were given, sorted by name; defaults are not filled in. */
  public Map<String, Attribute> attributes() {
    return attributes;
  }

  /** The attribute of this name. */
  public Optional<Attribute> attribute(String key) {
    return Optional.ofNullable(attributes.get(key));
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

  /** The integers of an attribute; {@code absent} (which may be null) where it was not given. */
  public long[] intsAttribute(String key, long[] absent) {
    return attributes.get(key) instanceof Attribute.Ints a ? a.toArray() : absent;
  }

  @Override
  public String toString() {
    return GraphPrinter.print(this);
  }
}
