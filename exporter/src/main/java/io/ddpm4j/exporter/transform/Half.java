package io.ddpm4j.exporter.transform;

import static io.ddpm4j.exporter.graph.DataType.FLOAT;
import static io.ddpm4j.exporter.graph.DataType.FLOAT16;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A network in half precision: weights and activations are float16, and float32 is what {@link
 * HalfRules} lists, the scale and shift of a normalisation, what leads to the sines of a time
 * embedding, and a node with a number of its own, such as 1e-6, that float16 does not hold. A value
 * is cast once for all that want it in the other type, and never back.
 */
public final class Half {
  private final Graph target;
  private final Ops ops;
  private final Set<Node> exact = new HashSet<>();
  private final Set<Value> exactInputs = new HashSet<>();
  private final Map<Value, Value> made = new HashMap<>(); // in the type in which it is computed
  private final Map<Value, Map<DataType, Value>> typed = new HashMap<>();

  private Half(Graph source) {
    this.target = new Graph(source.name(), source.opSet());
    this.ops = new Ops(target);
  }

  /**
   * The network in half precision.
   *
   * @param graph of float32
   * @param halfInputs whether its inputs and outputs of float32 become float16 too; an input that
   *     leads to sines, as timesteps of float do, stays
   * @throws TransformException if a weight is too large for float16, or a node has a subgraph; the
   *     message names it
   */
  public static Graph of(Graph graph, boolean halfInputs) {
    Graph live = new Lowering(Map.of()).apply(graph, graph.opSet());
    return new Half(live).convert(live, halfInputs);
  }

  private Graph convert(Graph source, boolean halfInputs) {
    findExact(source);
    findAffine(source);
    for (Value input : source.inputs()) {
      boolean half = halfInputs && input.dataType() == FLOAT && !exactInputs.contains(input);
      made.put(input, target.input(input.name(), half ? FLOAT16 : input.dataType(), input.shape()));
    }
    for (Node node : source.nodes()) {
      List<Value> outputs = target.inScope(node.scope(), () -> add(node));
      for (int i = 0; i < outputs.size(); i++) {
        made.put(node.out(i), outputs.get(i));
      }
    }
    source
        .outputs()
        .forEach((name, value) -> target.output(name, as(value, halfInputs ? FLOAT16 : FLOAT)));
    return target;
  }

  /** Marks what computes the arguments of sines. */
  private void findExact(Graph source) {
    Deque<Value> open = new ArrayDeque<>();
    for (Node node : source.nodes()) {
      if (HalfRules.EXACT_ARGUMENTS.contains(node.op())) {
        open.addAll(node.presentInputs());
      }
    }
    while (!open.isEmpty()) {
      Value value = open.pop();
      Node node = value.producer().orElse(null);
      if (value.dataType() == FLOAT && node == null) {
        exactInputs.add(value);
      } else if (value.dataType() == FLOAT && exact.add(node)) {
        open.addAll(node.presentInputs());
      }
    }
  }

  /**
   * Marks what scales and shifts the result of a normalisation by weights: GroupNormalization is
   * written as InstanceNormalization with these behind it.
   */
  private void findAffine(Graph source) {
    Set<Value> normalised = new HashSet<>();
    Set<Value> weights = new HashSet<>(); // what is computed of constants alone
    for (Node node : source.nodes()) {
      List<Value> inputs = node.presentInputs();
      if (!inputs.isEmpty()
          && inputs.stream().allMatch(v -> v.isConstant() || weights.contains(v))) {
        weights.addAll(node.outputs());
      } else if (HalfRules.NORMALISE.contains(node.op())
          || HalfRules.EITHER.contains(node.op()) && normalised.contains(inputs.get(0))) {
        normalised.addAll(node.outputs());
      } else if (Set.of("Mul", "Add").contains(node.op())
          && inputs.stream().anyMatch(normalised::contains)
          && inputs.stream().anyMatch(v -> v.isConstant() || weights.contains(v))) {
        normalised.addAll(node.outputs());
        exact.add(node);
        inputs.stream().filter(weights::contains).forEach(this::keepExact);
      }
    }
  }

  /** Marks what computes a value. */
  private void keepExact(Value value) {
    Node node = value.producer().orElse(null);
    if (node != null && value.dataType() == FLOAT && exact.add(node)) {
      node.presentInputs().forEach(this::keepExact);
    }
  }

  private List<Value> add(Node node) {
    for (Attribute attribute : node.attributes().values()) {
      if (attribute instanceof Attribute.Body) {
        throw new TransformException(
            node.op()
                + " "
                + node.name()
                + ": expected a network without subgraphs for half precision, found one");
      }
    }
    DataType type = type(node);
    List<Value> inputs = new ArrayList<>();
    for (int i = 0; i < node.inputs().size(); i++) {
      Value input = node.in(i);
      inputs.add(input == null ? null : as(input, allowed(node.schema(), i, type)));
    }
    return target
        .add(node.schema().domain(), node.op(), inputs, node.attributes(), node.outputs().size())
        .outputs();
  }

  /** The type in which a node computes. */
  private DataType type(Node node) {
    if (HalfRules.FLOAT32.containsKey(node.op()) || exact.contains(node) || needsFloat(node)) {
      return FLOAT;
    }
    if (!HalfRules.EITHER.contains(node.op())) {
      return FLOAT16;
    }
    List<Value> computed =
        node.presentInputs().stream()
            .filter(v -> v.dataType() == FLOAT && !v.isConstant())
            .map(made::get)
            .toList();
    boolean all = computed.stream().allMatch(v -> v.dataType() == FLOAT);
    return !computed.isEmpty() && all ? FLOAT : FLOAT16;
  }

  /** Whether a node has a number of its own that float16 does not hold, or no form for float16. */
  private static boolean needsFloat(Node node) {
    for (int i = 0; i < node.inputs().size(); i++) {
      Value input = node.in(i);
      if (input != null
          && input.dataType() == FLOAT
          && input.isConstant()
          && input.data().orElseThrow().byteSize() == Float.BYTES
          && !Float16.holds(input.data().orElseThrow().floats()[0])) {
        return true;
      }
    }
    return !node.presentInputs().isEmpty()
        && node.in(0) != null
        && node.in(0).dataType() == FLOAT
        && allowed(node.schema(), 0, FLOAT16) != FLOAT16;
  }

  /** {@code type} where an operator's input may have it, else float32, as scales of a Resize. */
  private static DataType allowed(OpSchema schema, int input, DataType type) {
    OpSchema.Input one = schema.inputs().get(Math.min(input, schema.inputs().size() - 1));
    return one.types().contains(type) ? type : FLOAT;
  }

  /** A value of the old graph in the new one; a float in this type. */
  private Value as(Value value, DataType type) {
    if (value.dataType() != FLOAT) {
      return made.computeIfAbsent(value, v -> constant(v, v.data().orElseThrow()));
    }
    Value own = made.get(value);
    if (own != null && own.dataType() == type) {
      return own;
    }
    Map<DataType, Value> known = typed.computeIfAbsent(value, v -> new HashMap<>());
    if (!known.containsKey(type)) {
      known.put(type, value.isConstant() ? weight(value, type) : ops.cast(own, type));
    }
    return known.get(type);
  }

  private Value weight(Value value, DataType type) {
    TensorData data = value.data().orElseThrow();
    return constant(value, type == FLOAT ? data : Float16.of(value.name(), data));
  }

  /** Under its own name, if it has one and the same in the other type has not taken it. */
  private Value constant(Value value, TensorData data) {
    if (value.graph().isShared(value)) {
      return target.constant(data);
    }
    String name = value.name();
    while (target.value(name).isPresent()) {
      name = name + "." + (data.dataType() == FLOAT ? "float32" : "float16");
    }
    return target.constant(name, data);
  }
}
