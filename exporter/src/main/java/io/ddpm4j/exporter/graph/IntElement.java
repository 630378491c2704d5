package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What is known, when the graph is built, of one element of a small vector of integers, such as the
 * new shape of a Reshape: a number, a named dimension, or nothing. Exporters compute shapes with
 * operators ({@code Shape}, {@code Gather}, {@code Concat}); following them keeps the batch size a
 * name and everything else a number.
 */
record IntElement(Long number, Dim.Named name) {
  private static final IntElement UNKNOWN = new IntElement(null, null);

  /** Shapes are short; longer vectors are data. */
  private static final int LONGEST = 64;

  /** Chains of shape arithmetic are short; the bound keeps the walk linear in practice. */
  private static final int DEEPEST = 24;

  /** This element as an extent. */
  Dim dim(Inference i) {
    if (number != null && number < 0) {
      throw i.fail("sizes of 0 or more", number.toString());
    }
    return number != null ? Dim.of(number) : name != null ? name : i.unknown();
  }

  /**
   * The elements of an integer scalar or vector if all are known when the graph is built: a
   * constant, or what the graph computes from constants and from known extents. Else null.
   */
  static long[] numbers(Value value) {
    List<IntElement> elements = of(value);
    return elements == null || elements.stream().anyMatch(e -> e.number() == null)
        ? null
        : elements.stream().mapToLong(IntElement::number).toArray();
  }

  private static IntElement of(long number) {
    return new IntElement(number, null);
  }

  private static IntElement of(Dim dim) {
    return dim instanceof Dim.Named named ? new IntElement(null, named) : of(dim.sizeOrUnknown());
  }

  /** The elements of an integer scalar or vector; null where nothing is known, not even a part. */
  static List<IntElement> of(Value value) {
    return of(value, 0);
  }

  private static List<IntElement> of(Value value, int depth) {
    boolean integer = value.dataType() == DataType.INT64 || value.dataType() == DataType.INT32;
    if (!integer || value.shape().rank() > 1 || depth > DEEPEST) {
      return null;
    }
    if (value.isConstant()) {
      return constant(value.data().orElseThrow());
    }
    if (value.extent().isPresent()) {
      return List.of(of(value.extent().get()));
    }
    Node node = value.producer().orElse(null);
    if (node == null || !node.schema().domain().isEmpty()) {
      return null;
    }
    return switch (node.op()) {
      case "Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze" -> of(node.in(0), depth + 1);
      case "Shape" -> shape(node);
      case "Concat" -> concat(node, depth);
      case "Gather" -> gather(node, depth);
      case "Slice" -> slice(node, depth);
      case "Add", "Div", "Mul", "Sub" -> arithmetic(node, depth);
      default -> null;
    };
  }

  private static List<IntElement> constant(TensorData data) {
    if (data.shape().elements() > LONGEST) {
      return null;
    }
    List<IntElement> elements = new ArrayList<>();
    for (int k = 0; k < data.shape().elements(); k++) {
      elements.add(
          of(
              data.dataType() == DataType.INT64
                  ? data.bytes().getLong(8 * k)
                  : data.bytes().getInt(4 * k)));
    }
    return elements;
  }

  private static List<IntElement> shape(Node node) {
    List<Dim> dims = node.in(0).shape().dims();
    int start = ShapeRules.clampAxis(node.intAttribute("start", 0), dims.size());
    int end = ShapeRules.clampAxis(node.intAttribute("end", dims.size()), dims.size());
    return dims.subList(start, Math.max(start, end)).stream().map(IntElement::of).toList();
  }

  private static List<IntElement> concat(Node node, int depth) {
    List<IntElement> all = new ArrayList<>();
    for (Value part : node.inputs()) {
      List<IntElement> elements = of(part, depth + 1);
      if (elements != null) {
        all.addAll(elements);
      } else if (part.shape().rank() == 1
          && part.shape().dim(0) instanceof Dim.Fixed size
          && size.size() <= LONGEST) {
        all.addAll(Collections.nCopies((int) size.size(), UNKNOWN));
      } else {
        return null;
      }
    }
    return all;
  }

  private static List<IntElement> gather(Node node, int depth) {
    List<IntElement> from = of(node.in(0), depth + 1);
    List<IntElement> indices = of(node.in(1), depth + 1);
    if (from == null || indices == null) {
      return null;
    }
    List<IntElement> picked = new ArrayList<>();
    for (IntElement index : indices) {
      if (index.number == null || index.number < -from.size() || index.number >= from.size()) {
        return null;
      }
      picked.add(from.get((int) (index.number < 0 ? index.number + from.size() : index.number)));
    }
    return picked;
  }

  private static List<IntElement> slice(Node node, int depth) {
    List<IntElement> from = of(node.in(0), depth + 1);
    Long start = single(node.in(1), depth);
    Long end = single(node.in(2), depth);
    boolean plain = !node.hasIn(4) || Long.valueOf(1).equals(single(node.in(4), depth));
    if (from == null || start == null || end == null || !plain) {
      return null;
    }
    int low = ShapeRules.clampAxis(start, from.size());
    return from.subList(low, Math.max(low, ShapeRules.clampAxis(end, from.size())));
  }

  private static Long single(Value value, int depth) {
    List<IntElement> elements = of(value, depth + 1);
    return elements == null || elements.size() != 1 ? null : elements.get(0).number;
  }

  private static List<IntElement> arithmetic(Node node, int depth) {
    List<IntElement> a = of(node.in(0), depth + 1);
    List<IntElement> b = of(node.in(1), depth + 1);
    if (a == null || b == null || a.size() != b.size() && a.size() != 1 && b.size() != 1) {
      return null;
    }
    List<IntElement> results = new ArrayList<>();
    for (int k = 0; k < Math.max(a.size(), b.size()); k++) {
      results.add(
          arithmetic(node.op(), a.get(a.size() == 1 ? 0 : k), b.get(b.size() == 1 ? 0 : k)));
    }
    return results;
  }

  private static IntElement arithmetic(String op, IntElement a, IntElement b) {
    long neutral = op.equals("Mul") || op.equals("Div") ? 1 : 0;
    if (Long.valueOf(neutral).equals(b.number)) {
      return a;
    }
    if (a.number == null || b.number == null || op.equals("Div") && b.number == 0) {
      return UNKNOWN;
    }
    return of(
        switch (op) {
          case "Add" -> a.number + b.number;
          case "Sub" -> a.number - b.number;
          case "Mul" -> a.number * b.number;
          default -> a.number / b.number;
        });
  }
}
