package io.ddpm4j.trainer.autodiff;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Appends the backward pass to a graph: walks its nodes from the last to the first, asks {@link
 * GradientRules} for each node's vector-Jacobian product, and adds up what reaches the same value.
 */
public final class Autodiff {
  private final Ops ops;
  private final Map<Value, Value> gradients = new HashMap<>();

  private Autodiff(Ops ops) {
    this.ops = ops;
  }

  /**
   * The gradients of a scalar.
   *
   * @param loss a scalar float of the graph of {@code ops}
   * @param targets values of that graph; known sizes only
   * @return for each target dloss/dtarget, of the target's shape; zeros where loss does not depend
   *     on it
   * @throws ShapeException if loss is no scalar, or a node between has no gradient rule
   */
  public static Map<Value, Value> gradients(Ops ops, Value loss, Collection<Value> targets) {
    if (loss.shape().rank() != 0) {
      throw new ShapeException("the loss: expected a scalar, found " + loss);
    }
    Value one = ops.scalar(1, loss);
    return new Autodiff(ops).walk(loss, one, targets);
  }

  /**
   * The vector-Jacobian product of a value of any shape.
   *
   * @param seed the gradient of {@code output}, of its shape
   */
  public static Map<Value, Value> gradients(
      Ops ops, Value output, Value seed, Collection<Value> targets) {
    return new Autodiff(ops).walk(output, seed, targets);
  }

  private Map<Value, Value> walk(Value output, Value seed, Collection<Value> targets) {
    List<Node> nodes = new ArrayList<>(ops.graph().nodes()); // before the walk appends to them
    Set<Value> dependent = dependents(nodes, targets);
    gradients.put(output, seed);
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      Value[] dy = node.outputs().stream().map(gradients::get).toArray(Value[]::new);
      boolean reached = Arrays.stream(dy).anyMatch(g -> g != null);
      if (reached && reads(node, dependent)) {
        ops.graph().inScope("grad." + node.scope(), () -> backward(node, dy, dependent));
      }
    }
    Map<Value, Value> result = new LinkedHashMap<>();
    for (Value target : targets) {
      Value gradient = gradients.get(target);
      result.put(target, gradient == null ? zeros(target) : gradient);
    }
    return result;
  }

  private Void backward(Node node, Value[] dy, Set<Value> dependent) {
    List<Value> dx = GradientRules.of(node).apply(ops, node, dy);
    if (dx.size() != node.inputs().size()) {
      throw new IllegalStateException(
          "the gradient rule of "
              + node.op()
              + ": expected "
              + node.inputs().size()
              + " gradients, found "
              + dx.size());
    }
    for (int k = 0; k < dx.size(); k++) {
      Value input = node.in(k);
      if (dx.get(k) != null && input != null && dependent.contains(input)) {
        Value gradient = unbroadcast(ops, dx.get(k), input.shape());
        gradients.merge(input, gradient, ops::add);
      }
    }
    return null;
  }

  /**
   * All values that change with a target, the targets among them. Integers and truth values change
   * in steps only: no gradient flows through them.
   */
  private static Set<Value> dependents(List<Node> nodes, Collection<Value> targets) {
    Set<Value> dependent = new HashSet<>(targets);
    for (Node node : nodes) {
      if (reads(node, dependent)) {
        node.outputs().stream().filter(v -> v.dataType().isFloatingPoint()).forEach(dependent::add);
      }
    }
    return dependent;
  }

  /** Whether a node uses one of the values: as an input, or from within a subgraph. */
  private static boolean reads(Node node, Set<Value> values) {
    if (node.presentInputs().stream().anyMatch(values::contains)) {
      return true;
    }
    for (Attribute attribute : node.attributes().values()) {
      if (attribute instanceof Attribute.Body body
          && (body.graph().nodes().stream().anyMatch(inner -> reads(inner, values))
              || body.graph().outputs().values().stream().anyMatch(values::contains))) {
        return true;
      }
    }
    return false;
  }

  /** Sums {@code gradient} over the axes along which a value of {@code shape} was repeated. */
  static Value unbroadcast(Ops ops, Value gradient, Shape shape) {
    Shape from = gradient.shape();
    if (from.equals(shape)) {
      return gradient;
    }
    int extra = from.rank() - shape.rank();
    List<Long> axes = new ArrayList<>();
    for (int axis = 0; axis < from.rank(); axis++) {
      if (axis < extra || shape.dim(axis - extra).is(1) && !from.dim(axis).is(1)) {
        axes.add((long) axis);
      }
    }
    long[] reduced = axes.stream().mapToLong(Long::longValue).toArray();
    Value sum = reduced.length == 0 ? gradient : ops.reduceSum(gradient, true, reduced);
    return sum.shape().equals(shape) ? sum : ops.reshape(sum, shape.sizes());
  }

  private Value zeros(Value like) {
    Value zero = ops.scalar(0, like);
    return like.shape().rank() == 0
        ? zero
        : ops.expand(zero, ops.constant(TensorData.longs(like.shape().sizes())));
  }
}
