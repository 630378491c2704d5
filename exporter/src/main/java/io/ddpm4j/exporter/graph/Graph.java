package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * A graph of operators, append-only and in single-assignment form: nodes are in topological order
 * because a node can only use values that exist. {@link #add} is the only door: it checks arity,
 * attributes, element types and shapes, and gives back an equal node if there is one. Not
 * thread-safe.
 */
public final class Graph {
  private final OpSet opSet;
  private final Graph parent;
  private final String name;
  private final List<Value> inputs = new ArrayList<>();
  private final List<Value> constants = new ArrayList<>();
  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Value> outputs = new LinkedHashMap<>();
  private final Map<TensorData, Value> sharedConstants = new HashMap<>();
  private final Set<Value> shared = new HashSet<>(); // its values: weights are never hashed
  private final Map<List<Object>, Node> sharedNodes = new HashMap<>();
  private final Map<String, Value> byName;
  private final AtomicLong counter;
  private String scope = "";

  /** An empty graph. */
  public Graph(String name, OpSet opSet) {
    this(name, opSet, null);
  }

  private Graph(String name, OpSet opSet, Graph parent) {
    this.name = name;
    this.opSet = opSet;
    this.parent = parent;
    this.byName = parent == null ? new HashMap<>() : parent.byName;
    this.counter = parent == null ? new AtomicLong() : parent.counter;
  }

  /** An empty subgraph: the body of a Loop or a branch of an If. It may use this graph's values. */
  public Graph subgraph(String subgraphName) {
    Graph sub = new Graph(subgraphName, opSet, this);
    sub.scope = scope;
    return sub;
  }

  /** The name in the file. */
  public String name() {
    return name;
  }

  /** The operators that nodes may be of. */
  public OpSet opSet() {
    return opSet;
  }

  /** The graph around a subgraph. */
  public Optional<Graph> parent() {
    return Optional.ofNullable(parent);
  }

  /** Inputs in the order in which they were declared. */
  public List<Value> inputs() {
    return Collections.unmodifiableList(inputs);
  }

  /** Constants, parameters among them, in the order in which they were made. */
  public List<Value> constants() {
    return Collections.unmodifiableList(constants);
  }

  /** Nodes in topological order. */
  public List<Node> nodes() {
    return Collections.unmodifiableList(nodes);
  }

  /** Outputs by name, in the order in which they were declared. */
  public Map<String, Value> outputs() {
    return Collections.unmodifiableMap(outputs);
  }

  /** The value of that name in this graph or around it. */
  public Optional<Value> value(String valueName) {
    return Optional.ofNullable(byName.get(valueName));
  }

  /** Declares an input. */
  public Value input(String inputName, DataType dataType, Shape shape) {
    Value value = new Value(this, claim(inputName), new TensorType(dataType, shape), null, 0, null);
    inputs.add(value);
    return register(value);
  }

  /**
   * Declares an input that says how long an extent is, such as the number of images to make: an
   * int64 scalar, of which shapes are inferred.
   */
  public Value extentInput(String inputName, Dim.Named extent) {
    Value value = new Value(this, claim(inputName), extent);
    inputs.add(value);
    return register(value);
  }

  /** A constant with a name of its own, such as a parameter: never shared with an equal one. */
  public Value constant(String constantName, TensorData data) {
    Value value = new Value(this, claim(constantName), data.type(), null, 0, data);
    constants.add(value);
    return register(value);
  }

  /** A constant without a name of its own: equal ones are the same value. */
  public Value constant(TensorData data) {
    for (Graph g = this; g != null; g = g.parent) {
      Value known = g.sharedConstants.get(data);
      if (known != null) {
        return known;
      }
    }
    Value value = constant(fresh("constant"), data);
    sharedConstants.put(data, value);
    shared.add(value);
    return value;
  }

  /** True for a constant without a name of its own. */
  public boolean isShared(Value constant) {
    return shared.contains(constant);
  }

  /** Declares {@code value} as an output under a name. */
  public void output(String outputName, Value value) {
    if (!sees(value)) {
      throw new ShapeException(
          "output " + outputName + ": expected a value of graph " + name + ", found " + value);
    }
    if (outputs.putIfAbsent(outputName, value) != null) {
      throw new ShapeException("output " + outputName + " is declared twice in graph " + name);
    }
  }

  /** Names the nodes that {@code body} adds: {@code down_blocks.0.resnets.1}. Scopes nest. */
  public <T> T inScope(String scopeName, Supplier<T> body) {
    String before = scope;
    scope = before.isEmpty() || scopeName.isEmpty() ? before + scopeName : before + "." + scopeName;
    try {
      return body.get();
    } finally {
      scope = before;
    }
  }

  /** Adds a node with one output of an operator of ONNX's own domain. */
  public Node add(String op, List<Value> nodeInputs, Map<String, Attribute> attributes) {
    return add("", op, nodeInputs, attributes, 1);
  }

  /**
   * Adds a node, or gives back the one that is equal to it.
   *
   * @param nodeInputs in order, null where an optional input is absent
   * @throws ShapeException if the operator is unknown, or inputs or attributes do not fit it; the
   *     message names operator and scope, what was expected and what was found
   */
  public Node add(
      String domain,
      String op,
      List<Value> nodeInputs,
      Map<String, Attribute> attributes,
      int outputCount) {
    OpSchema schema = opSet.schema(domain, op);
    String where = scope.isEmpty() ? op : op + " in " + scope;
    List<Value> trimmed = withoutTrailingNulls(nodeInputs);
    checkArity(schema, where, trimmed, outputCount);
    checkAttributes(schema, where, attributes);
    checkTypes(schema, where, trimmed);
    List<Object> key = Arrays.asList(domain, op, trimmed, Map.copyOf(attributes), outputCount);
    if (schema.deterministic()) {
      for (Graph g = this; g != null; g = g.parent) {
        Node known = g.sharedNodes.get(key);
        if (known != null) {
          return known;
        }
      }
    }
    List<TensorType> types;
    try {
      types =
          schema
              .shapeRule()
              .infer(new Inference(schema, trimmed, attributes, outputCount, where, counter));
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      // Rules index what was given: a list that is too short is the caller's mistake.
      throw new ShapeException(
          where
              + ": inputs or attributes have too few elements or sizes too large: "
              + e.getMessage());
    }
    if (types.size() < outputCount) {
      throw new IllegalStateException(
          "the shape rule of " + op + " gave " + types.size() + " outputs for " + outputCount);
    }
    String nodeName = fresh((scope.isEmpty() ? "" : scope + "/") + op);
    Node node = new Node(schema, nodeName, scope, trimmed, attributes);
    for (int i = 0; i < outputCount; i++) {
      String valueName = outputCount == 1 ? nodeName : nodeName + ":" + i;
      node.addOutput(register(new Value(this, claim(valueName), types.get(i), node, i, null)));
    }
    nodes.add(node);
    sharedNodes.put(key, node);
    return node;
  }

  private static void checkArity(
      OpSchema schema, String where, List<Value> nodeInputs, int outputCount) {
    int max = schema.variadic() ? OpSchema.ANY_NUMBER : schema.inputs().size();
    if (nodeInputs.size() < schema.minInputs() || nodeInputs.size() > max) {
      throw new ShapeException(
          where + ": expected inputs " + schema.signature() + ", found " + nodeInputs.size());
    }
    if (outputCount < schema.minOutputs() || outputCount > schema.maxOutputs()) {
      throw new ShapeException(
          where
              + ": expected "
              + schema.minOutputs()
              + " to "
              + schema.maxOutputs()
              + " outputs, found "
              + outputCount);
    }
  }

  private static void checkAttributes(
      OpSchema schema, String where, Map<String, Attribute> attributes) {
    attributes.forEach(
        (key, attribute) -> {
          OpSchema.AttributeKind kind = schema.attributes().get(key);
          if (kind == null) {
            throw new ShapeException(
                where + ": expected attributes " + schema.attributes().keySet() + ", found " + key);
          }
          if (!kind.fits(attribute)) {
            throw new ShapeException(
                where
                    + ": attribute "
                    + key
                    + ": expected "
                    + kind
                    + ", found "
                    + attribute.kind());
          }
        });
    for (String required : schema.requiredAttributes()) {
      if (!attributes.containsKey(required)) {
        throw new ShapeException(where + ": attribute " + required + " is missing");
      }
    }
  }

  private void checkTypes(OpSchema schema, String where, List<Value> nodeInputs) {
    Map<String, DataType> bound = new HashMap<>();
    for (int i = 0; i < nodeInputs.size(); i++) {
      Value value = nodeInputs.get(i);
      OpSchema.Input input = schema.inputs().get(Math.min(i, schema.inputs().size() - 1));
      String at = where + ": input " + i + " (" + input.name() + "): ";
      if (value == null) {
        boolean repeated = schema.variadic() && i >= schema.inputs().size() - 1;
        if (repeated || !input.optional()) {
          throw new ShapeException(at + "expected a value, found none");
        }
        continue;
      }
      if (!sees(value)) {
        throw new ShapeException(
            at + "expected a value of graph " + name + ", found one of " + value.graph().name());
      }
      if (!input.types().contains(value.dataType())) {
        throw new ShapeException(
            at + "expected one of " + input.types() + ", found " + value.type());
      }
      if (input.typeVariable().equals(OpSchema.FREE)) {
        continue;
      }
      DataType first = bound.putIfAbsent(input.typeVariable(), value.dataType());
      if (first != null && first != value.dataType()) {
        throw new ShapeException(
            at + "expected " + first + " as the inputs before it, found " + value.type());
      }
    }
  }

  private static List<Value> withoutTrailingNulls(List<Value> values) {
    int size = values.size();
    while (size > 0 && values.get(size - 1) == null) {
      size--;
    }
    return new ArrayList<>(values.subList(0, size));
  }

  private boolean sees(Value value) {
    for (Graph g = this; g != null; g = g.parent) {
      if (value.graph() == g) {
        return true;
      }
    }
    return false;
  }

  /** A name that no value has. */
  private String fresh(String prefix) {
    String candidate;
    do {
      candidate = prefix + "_" + counter.getAndIncrement();
    } while (byName.containsKey(candidate));
    return candidate;
  }

  private String claim(String valueName) {
    if (valueName.isEmpty() || byName.containsKey(valueName)) {
      throw new ShapeException(
          valueName.isEmpty()
              ? "graph " + name + ": a value needs a name, found an empty one"
              : "graph " + name + ": the name " + valueName + " is taken");
    }
    return valueName;
  }

  private Value register(Value value) {
    byName.put(value.name(), value);
    return value;
  }

  @Override
  public String toString() {
    return GraphPrinter.print(this);
  }
}
