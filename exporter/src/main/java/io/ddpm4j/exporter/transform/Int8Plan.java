package io.ddpm4j.exporter.transform;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which weights of a network become 8-bit integers: the constants of 1024 numbers and more that
 * convolutions and matrix products multiply by, but for three kinds whose errors count most.
 *
 * <ul>
 *   <li>The first layers: those that read the image before any other layer has.
 *   <li>The last layers: those after which none comes.
 *   <li>The embedding of timestep and class: layers that do not depend on the image and that
 *       another such layer follows, as every block's own projection of the embedding does. An error
 *       there reaches every block.
 * </ul>
 */
final class Int8Plan {
  /** Below, the scales and operators take what is saved. */
  static final int SMALLEST = 1024;

  /** Operators that may have such a weight as an input. */
  static final Set<String> OPERATORS =
      Set.of("Conv", "ConvTranspose", "Gemm", "MatMul", "Transpose");

  private final Map<Value, Integer> channels = new LinkedHashMap<>(); // weight -> axis
  private final Map<Node, Value> layers = new LinkedHashMap<>(); // in order, with their weights
  private final Set<Value> image = new HashSet<>(); // depends on the image
  private final Set<Value> afterLayer = new HashSet<>(); // an image layer came before
  private final Map<Value, Set<Boolean>> before = new HashMap<>(); // whose kinds of layer follow

  private Int8Plan() {}

  /** The weights, with the axis of each along which its output channels lie. */
  static Map<Value, Integer> of(Graph graph) {
    Int8Plan plan = new Int8Plan();
    plan.findLayers(graph);
    plan.forward(graph);
    plan.backward(graph);
    plan.layers.forEach(
        (node, weight) -> {
          if (plan.isSensitive(node)) {
            plan.channels.remove(weight);
          }
        });
    return plan.channels;
  }

  private void findLayers(Graph graph) {
    for (Node node : graph.nodes()) {
      int axis = channelAxis(node);
      Value operand = axis < 0 ? null : node.in(1);
      Node turned = operand == null ? null : operand.producer().orElse(null);
      boolean transposed = turned != null && turned.op().equals("Transpose");
      Value weight = transposed ? turned.in(0) : operand;
      if (weight != null && weight.isConstant() && weight.shape().rank() >= 2) {
        layers.put(node, weight);
        long[] perm = transposed ? turned.intsAttribute("perm", null) : null;
        int rank = weight.shape().rank();
        int own = perm != null ? (int) perm[axis] : transposed ? rank - 1 - axis : axis;
        boolean wanted =
            weight.dataType() == DataType.FLOAT && weight.shape().elements() >= SMALLEST;
        if (wanted && channels.getOrDefault(weight, own) == own) {
          channels.put(weight, own);
        }
      }
    }
    channels.keySet().retainAll(usedAsWeightsOnly(graph));
  }

  /** The axis of input 1 along which the output channels lie; -1 for what is no layer. */
  private static int channelAxis(Node node) {
    return switch (node.op()) {
      case "Conv" -> 0;
      case "ConvTranspose" -> node.intAttribute("group", 1) == 1 ? 1 : -1;
      case "Gemm" -> node.intAttribute("transB", 0) == 1 ? 0 : 1;
      case "MatMul" -> node.in(1).shape().rank() - 1;
      default -> -1;
    };
  }

  /** Constants that no node reads but layers, as their weight, and what transposes it for them. */
  private Set<Value> usedAsWeightsOnly(Graph graph) {
    Set<Value> candidates = new HashSet<>(layers.values());
    candidates.removeAll(graph.outputs().values());
    Set<Value> turned = new HashSet<>();
    layers.forEach(
        (node, weight) -> {
          if (node.in(1) != weight) {
            turned.add(node.in(1));
          }
        });
    for (Node node : graph.nodes()) {
      for (int i = 0; i < node.inputs().size(); i++) {
        boolean asWeight =
            i == 1 && layers.get(node) == node.in(i) || turned.contains(node.out()) && i == 0;
        if (!asWeight) {
          candidates.remove(node.in(i));
        }
      }
      for (Attribute attribute : node.attributes().values()) {
        if (attribute instanceof Attribute.Body body) {
          removeUsed(body.graph(), candidates);
        }
      }
    }
    return candidates;
  }

  private static void removeUsed(Graph body, Set<Value> candidates) {
    candidates.removeAll(body.outputs().values());
    for (Node node : body.nodes()) {
      candidates.removeAll(node.presentInputs());
      for (Attribute attribute : node.attributes().values()) {
        if (attribute instanceof Attribute.Body inner) {
          removeUsed(inner.graph(), candidates);
        }
      }
    }
  }

  private void forward(Graph graph) {
    graph.inputs().stream().filter(v -> v.shape().rank() == 4).forEach(image::add);
    for (Node node : graph.nodes()) {
      boolean seesImage = node.presentInputs().stream().anyMatch(image::contains);
      boolean layer = seesImage && layers.containsKey(node);
      if (seesImage) {
        image.addAll(node.outputs());
      }
      if (layer || node.presentInputs().stream().anyMatch(afterLayer::contains)) {
        afterLayer.addAll(node.outputs());
      }
    }
  }

  private void backward(Graph graph) {
    List<Node> nodes = new ArrayList<>(graph.nodes());
    for (int i = nodes.size() - 1; i >= 0; i--) {
      Node node = nodes.get(i);
      Set<Boolean> kinds = new HashSet<>();
      node.outputs().forEach(v -> kinds.addAll(before.getOrDefault(v, Set.of())));
      if (layers.containsKey(node)) {
        kinds.add(image.contains(node.out()));
      }
      node.presentInputs()
          .forEach(v -> before.computeIfAbsent(v, k -> new HashSet<>()).addAll(kinds));
    }
  }

  private boolean isSensitive(Node node) {
    Set<Boolean> later = before.getOrDefault(node.out(), Set.of());
    if (!image.contains(node.out())) {
      return later.contains(false); // another layer of the embedding follows
    }
    boolean first = node.presentInputs().stream().noneMatch(afterLayer::contains);
    return first || !later.contains(true);
  }
}
