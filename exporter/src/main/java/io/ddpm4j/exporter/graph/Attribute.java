package io.ddpm4j.exporter.graph;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A parameter of a node that is known when the graph is built. */
public sealed interface Attribute {

  record Int(long value) implements Attribute {}

  record Float(float value) implements Attribute {}

  record Text(String value) implements Attribute {}

  record Ints(List<Long> values) implements Attribute {
    public Ints {
      values = List.copyOf(values);
    }

    public long[] toArray() {
      return values.stream().mapToLong(Long::longValue).toArray();
    }
  }

  record Floats(List<java.lang.Float> values) implements Attribute {
    public Floats {
      values = List.copyOf(values);
    }
  }

  record Texts(List<String> values) implements Attribute {
    public Texts {
      values = List.copyOf(values);
    }
  }

  record Tensor(TensorData value) implements Attribute {}

  /** A subgraph: the body of a Loop or Scan, or a branch of an If. */
  record Body(Graph graph) implements Attribute {}

  static Attribute of(long value) {
    return new Int(value);
  }

  static Attribute of(float value) {
    return new Float(value);
  }

  static Attribute of(String value) {
    return new Text(value);
  }

  static Attribute of(long[] values) {
    return new Ints(Arrays.stream(values).boxed().toList());
  }

  static Attribute of(TensorData value) {
    return new Tensor(value);
  }

  static Attribute of(Graph body) {
    return new Body(body);
  }

  /** The word that messages use for this kind. */
  default String kind() {
    return getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }
}
