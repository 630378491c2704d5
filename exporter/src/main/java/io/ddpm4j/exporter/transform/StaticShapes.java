package io.ddpm4j.exporter.transform;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Gives open extents of a graph's inputs a size, as runtimes for small devices want it. All shapes
 * are inferred anew, and what the graph then computes of shapes alone ({@code Shape}, {@code
 * Gather}, {@code Concat}, arithmetic) becomes constants.
 */
public final class StaticShapes {
  private final Map<String, Long> sizes;
  private final Graph target;
  private final Map<Value, Value> made = new HashMap<>();

  private StaticShapes(Graph source, Map<String, Long> sizes) {
    this.sizes = sizes;
    this.target = new Graph(source.name(), source.opSet());
  }

  /**
   * The graph with known sizes.
   *
   * @param sizes by the name of the open extent, each 1 or more
   * @throws TransformException if no input has such an extent, or the graph does not hold for that
   *     size; the message names it
   */
  public static Graph fix(Graph graph, Map<String, Long> sizes) {
    Map<String, Long> sorted = new TreeMap<>(sizes);
    sorted.forEach((name, size) -> requireOpen(graph, name, size));
    try {
      Graph fixed = new StaticShapes(graph, sorted).convert(graph);
      // What computed a shape has nobody left who asks for it.
      return new Lowering(Map.of()).apply(fixed, fixed.opSet());
    } catch (ShapeException e) {
      throw new TransformException("sizes " + sorted + ": " + e.getMessage(), e);
    }
  }

  /**
   * The open first extents of all inputs as this number of images.
   *
   * @param batch 1 or more
   * @throws TransformException if the graph has another fixed number of images, or does not hold
   *     for this one
   */
  public static Graph fixBatch(Graph graph, long batch) {
    return fix(graph, open(graph, List.of(new Extent(0, batch))));
  }

  /**
   * The open last two extents of the image, the input of rank 4, as this height and width.
   *
   * @throws TransformException if the graph has another fixed size, or does not hold for this one
   */
  public static Graph fixSize(Graph graph, long height, long width) {
    return fix(graph, open(graph, List.of(new Extent(2, height), new Extent(3, width))));
  }

  private record Extent(int axis, long size) {}

  /** The names at those axes of the inputs; heights and widths have images only. */
  private static Map<String, Long> open(Graph graph, List<Extent> extents) {
    Map<String, Long> names = new LinkedHashMap<>();
    for (Value input : graph.inputs()) {
      for (Extent extent : extents) {
        int rank = input.shape().rank();
        if (extent.axis() >= rank || extent.axis() > 0 && rank != 4) {
          continue;
        }
        Dim dim = input.shape().dim(extent.axis());
        boolean image = rank == 4; // a timestep of extent 1 is one for all images
        if (dim instanceof Dim.Named named) {
          Long before = names.put(named.name(), extent.size());
          if (before != null && before != extent.size()) {
            throw new TransformException(
                input.name()
                    + ": expected one size for the extent "
                    + named.name()
                    + ", found "
                    + before
                    + " and "
                    + extent.size());
          }
        } else if (image && !dim.is(extent.size())) {
          throw new TransformException(
              input.name()
                  + ": expected "
                  + extent.size()
                  + " or an open extent at axis "
                  + extent.axis()
                  + ", found "
                  + input.shape());
        }
      }
    }
    return names;
  }

  private static void requireOpen(Graph graph, String name, long size) {
    if (size < 1) {
      throw new TransformException(name + ": expected a size of 1 or more, found " + size);
    }
    boolean there =
        graph.inputs().stream().anyMatch(v -> v.shape().dims().contains(Dim.named(name)));
    if (!there) {
      throw new TransformException(
          name + ": expected the name of an open extent, found inputs " + graph.inputs());
    }
  }

  private Graph convert(Graph source) {
    copy(source, target);
    source.outputs().forEach((name, value) -> target.output(name, made.get(value)));
    return target;
  }

  private void copy(Graph source, Graph into) {
    for (Value input : source.inputs()) {
      made.put(input, into.input(input.name(), input.dataType(), sized(input.shape())));
    }
    for (Value constant : source.constants()) {
      TensorData data = constant.data().orElseThrow();
      made.put(
          constant,
          source.isShared(constant) ? into.constant(data) : into.constant(constant.name(), data));
    }
    for (Node node : source.nodes()) {
      List<Value> outputs = into.inScope(node.scope(), () -> add(node, into));
      for (int i = 0; i < outputs.size(); i++) {
        made.put(node.out(i), folded(outputs.get(i), into));
      }
    }
  }

  private Shape sized(Shape shape) {
    List<Dim> dims = new ArrayList<>();
    for (Dim dim : shape.dims()) {
      Long size = dim instanceof Dim.Named named ? sizes.get(named.name()) : null;
      dims.add(size == null ? dim : Dim.of(size));
    }
    return new Shape(dims);
  }

  private List<Value> add(Node node, Graph into) {
    Map<String, Attribute> attributes = new LinkedHashMap<>(node.attributes());
    attributes.replaceAll(
        (key, attribute) ->
            attribute instanceof Attribute.Body body
                ? Attribute.of(body(body.graph(), into))
                : attribute);
    List<Value> inputs = new ArrayList<>();
    node.inputs().forEach(v -> inputs.add(v == null ? null : made.get(v)));
    return into.add(node.schema().domain(), node.op(), inputs, attributes, node.outputs().size())
        .outputs();
  }

  private Graph body(Graph source, Graph into) {
    Graph body = into.subgraph(source.name());
    copy(source, body);
    source.outputs().forEach((name, value) -> body.output(name, made.get(value)));
    return body;
  }

  /** A constant in place of a value whose elements are known. */
  private static Value folded(Value value, Graph into) {
    if (value.dataType() != DataType.INT64 || !value.shape().isStatic()) {
      return value;
    }
    return value
        .knownIntegers()
        .map(numbers -> into.constant(TensorData.ofLongs(numbers, value.shape().sizes())))
        .orElse(value);
  }
}
