package io.ddpm4j.exporter.graph;

import java.util.Optional;

/**
 * One edge of a graph: an input, a constant, or one output of a node. Made by {@link Graph} only;
 * belongs to that graph, and may be used there and in its subgraphs.
 */
public final class Value {
  private final Graph graph;
  private final String name;
  private final TensorType type;
  private final Node producer;
  private final int index;
  private final TensorData data;
  private final Dim.Named extent; // null: its number is no extent

  Value(Graph graph, String name, TensorType type, Node producer, int index, TensorData data) {
    this.graph = graph;
    this.name = name;
    this.type = type;
    this.producer = producer;
    this.index = index;
    this.data = data;
    this.extent = null;
  }

  /** An input that holds an extent. */
  Value(Graph graph, String name, Dim.Named extent) {
    this.graph = graph;
    this.name = name;
    this.type = new TensorType(DataType.INT64, Shape.SCALAR);
    this.producer = null;
    this.index = 0;
    this.data = null;
    this.extent = extent;
  }

  /** The graph that it belongs to. */
  public Graph graph() {
    return graph;
  }

  /** Unique within the graph and its ancestors. */
  public String name() {
    return name;
  }

  /** Element type and shape. */
  public TensorType type() {
    return type;
  }

  /** The element type. */
  public DataType dataType() {
    return type.dataType();
  }

  /** The shape. */
  public Shape shape() {
    return type.shape();
  }

  /** The node whose output this is; empty for inputs and constants. */
  public Optional<Node> producer() {
    return Optional.ofNullable(producer);
  }

  /** Which output of {@link #producer} this is. */
  public int index() {
    return index;
  }

  /** The elements, if this is a constant. */
  public Optional<TensorData> data() {
    return Optional.ofNullable(data);
  }

  /**
   * The elements of a short vector or a scalar of int64 or int32, row-major, if all of them are
   * known before the graph runs: those of a constant, and those that follow from constants and
   * known extents by the operators that compute shapes.
   */
  public Optional<long[]> knownIntegers() {
    return Optional.ofNullable(IntElement.numbers(this));
  }

  /** The extent whose length this is, if it is such an input. */
  public Optional<Dim.Named> extent() {
    return Optional.ofNullable(extent);
  }

  /** Whether it is a constant of the graph. */
  public boolean isConstant() {
    return data != null;
  }

  /** Whether it is an input of the graph. */
  public boolean isInput() {
    return data == null && producer == null;
  }

  @Override
  public String toString() {
    return name + ": " + type;
  }
}
