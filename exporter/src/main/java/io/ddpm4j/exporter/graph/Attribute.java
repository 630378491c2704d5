package io.ddpm4j.exporter.graph;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** A parameter of a node that is known when the graph is built. */
public sealed interface Attribute {

  /** A whole number. */
  record Int(long value) implements Attribute {}

  /** A float. */
  record Float(float value) implements Attribute {}

  /** A text. */
  record Text(String value) implements Attribute {}

  /** Whole numbers. */
  record Ints(List<Long> values) implements Attribute {
    /** Copies the list. */
    public Ints {
      values = List.copyOf(values);
    }

    /** A copy of the numbers. */
    public long[] toArray() {
      return values.stream().mapToLong(Long::longValue).toArray();
    }
  }

  /** Floats. */
  record Floats(List<java.lang.Float> values) implements Attribute {
    /** Copies the list. */
    public Floats {
      values = List.copyOf(values);
    }
  }

  /** Texts. */
  record Texts(List<String> values) implements Attribute {
    /** Copies the list. */
    public Texts {
      values = List.copyOf(values);
    }
  }

  /** A constant tensor. */
  record Tensor(TensorData value) implements Attribute {}

  /** A subgraph: the body of a Loop or Scan, or a branch of an If. */
  record Body(Graph graph) implements Attribute {}

  /** A whole number. */
  static Attribute of(long value) {
    return new Int(value);
  }

  /** A float. */
  static Attribute of(float value) {
    return new Float(value);
  }

  /** A text. */
  static Attribute of(String value) {
    return new Text(value);
  }

  /** Whole numbers. */
  static Attribute of(long[] values) {
    return new Ints(Arrays.stream(values).boxed().toList());
  }

  /** A constant tensor. */
  static Attribute of(TensorData value) {
    return new Tensor(value);
  }

  /** A subgraph. */
  static Attribute of(Graph body) {
    return new Body(body);
  }

  /** The word that messages use for this kind. */
  default String kind() {
    return getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }
}
