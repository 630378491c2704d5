package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.Parameters;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each parameter lies in the one flat vector that the optimiser sees. A flat vector makes a
 * step of Adam a dozen nodes instead of a dozen for each parameter.
 *
 * <p>Within the vector of a {@link TrainSession}, convolutions' weights (K, C, r, s) are stored as
 * (r, s, C, K), as their matrix products take them: turning them in every shard would take a tenth
 * of a small network's step. A vector for others has them {@linkplain #natural as they are}.
 */
public final class ParameterLayout {
  private final List<Entry> entries;
  private final int size;

  /**
   * One parameter: elements [offset, offset + size) of the vector.
   *
   * @param shape the network's
   * @param isTurned whether elements are stored in another order than the network's
   */
  public record Entry(String name, Shape shape, int offset, int size, boolean isTurned) {
    /** The shape of its elements as they are stored. */
    public Shape stored() {
      return isTurned
          ? Shape.of(shape.size(2), shape.size(3), shape.size(1), shape.size(0))
          : shape;
    }

    private float[] turned(float[] values, boolean toStored) {
      if (!isTurned) {
        return values;
      }
      int k = (int) shape.size(0);
      int c = (int) shape.size(1);
      int taps = (int) (shape.size(2) * shape.size(3));
      float[] turned = new float[values.length];
      for (int i = 0; i < k; i++) {
        for (int j = 0; j < c; j++) {
          for (int tap = 0; tap < taps; tap++) {
            int network = (i * c + j) * taps + tap;
            int stored = (tap * c + j) * k + i;
            turned[toStored ? stored : network] = values[toStored ? network : stored];
          }
        }
      }
      return turned;
    }
  }

  /** In the order of the network's layers, convolutions' weights turned. */
  public ParameterLayout(Collection<Parameters.Spec> specs) {
    this(specs, true);
  }

  /** In the order of the network's layers, all elements in the network's order. */
  public static ParameterLayout natural(Collection<Parameters.Spec> specs) {
    return new ParameterLayout(specs, false);
  }

  private ParameterLayout(Collection<Parameters.Spec> specs, boolean turning) {
    List<Entry> list = new ArrayList<>();
    int offset = 0;
    for (Parameters.Spec spec : specs) {
      int elements = Math.toIntExact(spec.shape().elements());
      boolean turned = turning && spec.shape().rank() == 4;
      list.add(new Entry(spec.name(), spec.shape(), offset, elements, turned));
      offset = Math.addExact(offset, elements);
    }
    entries = List.copyOf(list);
    size = offset;
  }

  /** All parameters, in the order of their offsets. */
  public List<Entry> entries() {
    return entries;
  }

  /** The number of parameters' elements. */
  public int size() {
    return size;
  }

  /** Splits a vector into named tensors, copying it. */
  public Map<String, TensorData> split(FloatBuffer vector) {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (Entry entry : entries) {
      float[] values = new float[entry.size()];
      vector.get(entry.offset(), values);
      tensors.put(
          entry.name(), TensorData.ofFloats(entry.turned(values, false), entry.shape().sizes()));
    }
    return tensors;
  }

  /**
   * Joins named tensors into one vector.
   *
   * @throws IllegalArgumentException if a parameter is missing, or of another shape, or unknown
   */
  public float[] join(Map<String, TensorData> tensors) {
    float[] vector = new float[size];
    for (Entry entry : entries) {
      TensorData tensor = tensors.get(entry.name());
      if (tensor == null || !tensor.shape().equals(entry.shape())) {
        throw new IllegalArgumentException(
            "parameter "
                + entry.name()
                + ": expected shape "
                + entry.shape()
                + ", found "
                + (tensor == null ? "none" : tensor.shape()));
      }
      float[] stored = entry.turned(tensor.floats(), true);
      System.arraycopy(stored, 0, vector, entry.offset(), entry.size());
    }
    for (String name : tensors.keySet()) {
      if (entries.stream().noneMatch(e -> e.name().equals(name))) {
        throw new IllegalArgumentException(
            "parameter " + name + ": expected a parameter of this network, found another's");
      }
    }
    return vector;
  }

  /**
   * Adds the parameters to a graph as parts of a vector.
   *
   * @param vector float (P), of this layout
   * @return by name, each as it is stored
   */
  Map<String, Value> split(Ops o, Value vector) {
    long[] sizes = entries.stream().mapToLong(Entry::size).toArray();
    List<Value> parts = sizes.length == 1 ? List.of(vector) : o.split(vector, 0, sizes);
    Map<String, Value> values = new LinkedHashMap<>();
    for (int i = 0; i < sizes.length; i++) {
      Entry entry = entries.get(i);
      values.put(entry.name(), o.reshape(parts.get(i), entry.stored().sizes()));
    }
    return values;
  }

  /**
   * Adds a vector to a graph that holds the values of all parameters.
   *
   * @param values by name, each as it is stored
   * @return float (P)
   */
  Value join(Ops o, Map<String, Value> values) {
    return o.concat(
        0, entries.stream().map(entry -> o.reshape(values.get(entry.name()), -1)).toList());
  }
}
