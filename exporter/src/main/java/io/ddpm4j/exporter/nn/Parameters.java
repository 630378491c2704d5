package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * Where the layers of one graph take their parameters from: inputs of the graph while it is
 * trained, constants when it is exported. Remembers every parameter that was asked for, in that
 * order.
 */
public final class Parameters {
  private final Function<Spec, Value> source;
  private final Map<String, Spec> specs = new LinkedHashMap<>();
  private final Map<String, Value> values = new LinkedHashMap<>();

  /**
   * One parameter of a network.
   *
   * @param name as in PyTorch's state dictionary: {@code down_blocks.0.resnets.0.conv1.weight}
   */
  public record Spec(String name, Shape shape, Initializer initializer) {}

  private Parameters(Function<Spec, Value> source) {
    this.source = source;
  }

  /** Each parameter is a float input of the graph, under the parameter's name. */
  public static Parameters asInputs(Graph graph) {
    return new Parameters(spec -> graph.input(spec.name(), DataType.FLOAT, spec.shape()));
  }

  /**
   * Each parameter is a constant of the graph.
   *
   * @param weights by parameter name
   * @throws ShapeException while the network is built, if a weight is missing or of another shape
   */
  public static Parameters asConstants(Graph graph, Map<String, TensorData> weights) {
    return new Parameters(
        spec -> {
          TensorData data = weights.get(spec.name());
          if (data == null || !data.shape().equals(spec.shape())) {
            throw new ShapeException(
                "weight "
                    + spec.name()
                    + ": expected shape "
                    + spec.shape()
                    + ", found "
                    + (data == null ? "none" : data.shape()));
          }
          return graph.constant(spec.name(), data);
        });
  }

  /**
   * Each parameter is a value that the graph has already.
   *
   * @throws ShapeException while the network is built, if one is missing or of another shape
   */
  public static Parameters given(Map<String, Value> values) {
    return new Parameters(
        spec -> {
          Value value = values.get(spec.name());
          if (value == null || !value.shape().equals(spec.shape())) {
            throw new ShapeException(
                "parameter " + spec.name() + ": expected " + spec.shape() + ", found " + value);
          }
          return value;
        });
  }

  /**
   * The parameter of that name.
   *
   * @throws ShapeException if the name was asked for before under another shape
   */
  Value get(String name, Shape shape, Initializer initializer) {
    Spec spec = new Spec(name, shape, initializer);
    Spec known = specs.putIfAbsent(name, spec);
    if (known != null && !known.shape().equals(shape)) {
      throw new ShapeException(
          "parameter " + name + ": expected shape " + known.shape() + ", found " + shape);
    }
    return values.computeIfAbsent(name, n -> source.apply(spec));
  }

  /** All parameters by name, in the order in which the network asked for them. */
  public Map<String, Spec> specs() {
    return Collections.unmodifiableMap(specs);
  }

  /** The graph's value for each parameter. */
  public Map<String, Value> values() {
    return Collections.unmodifiableMap(values);
  }

  /** Starting values for every parameter. */
  public Map<String, TensorData> initialize(long seed) {
    Map<String, TensorData> weights = new LinkedHashMap<>();
    specs.forEach(
        (name, spec) -> weights.put(name, spec.initializer().create(name, spec.shape(), seed)));
    return weights;
  }

  /** The number of trainable numbers. */
  public long count() {
    return specs.values().stream().mapToLong(s -> s.shape().elements()).sum();
  }
}
