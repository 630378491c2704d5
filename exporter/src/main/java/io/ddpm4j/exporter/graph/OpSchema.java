package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an operator takes and gives: data, one value a line in a table ({@link OnnxSchemas}, {@link
 * Functions}). {@link Graph#add} holds every node against it.
 *
 * @param domain empty for ONNX's own operators
 * @param sinceVersion the operator set version from which this form holds
 * @param variadic true if the last input may be repeated
 * @param minInputs the number of inputs that must be present
 * @param shapeRule types and shapes of the outputs from those of the inputs
 */
public record OpSchema(
    String domain,
    String name,
    int sinceVersion,
    List<Input> inputs,
    boolean variadic,
    int minInputs,
    int minOutputs,
    int maxOutputs,
    Map<String, AttributeKind> attributes,
    Set<String> requiredAttributes,
    boolean deterministic,
    ShapeRule shapeRule) {

  /** Any number of inputs or outputs. */
  public static final int ANY_NUMBER = Integer.MAX_VALUE;

  /** The type variable of inputs whose element types have nothing to do with each other. */
  public static final String FREE = "*";

  /** The kinds of attributes. */
  public enum AttributeKind {
    /** A whole number. */
    INT,
    /** A float. */
    FLOAT,
    /** A text. */
    TEXT,
    /** Whole numbers. */
    INTS,
    /** Floats. */
    FLOATS,
    /** Texts. */
    TEXTS,
    /** A constant tensor. */
    TENSOR,
    /** A subgraph. */
    BODY;

    boolean fits(Attribute attribute) {
      return switch (this) {
        case INT -> attribute instanceof Attribute.Int;
        case FLOAT -> attribute instanceof Attribute.Float;
        case TEXT -> attribute instanceof Attribute.Text;
        case INTS -> attribute instanceof Attribute.Ints;
        case FLOATS -> attribute instanceof Attribute.Floats;
        case TEXTS -> attribute instanceof Attribute.Texts;
        case TENSOR -> attribute instanceof Attribute.Tensor;
        case BODY -> attribute instanceof Attribute.Body;
      };
    }
  }

  /**
   * One input. Inputs with the same type variable must have the same element type.
   *
   * @param typeVariable for example {@code T}
   */
  public record Input(String name, String typeVariable, Set<DataType> types, boolean optional) {}

  /** Types and shapes of the outputs. */
  @FunctionalInterface
  public interface ShapeRule {
    /**
     * @return one type for each output that the node has
     * @throws ShapeException if the inputs do not fit the operator
     */
    List<TensorType> infer(Inference inference);
  }

  /** What tables are keyed by: {@code Conv}, or with another domain {@code ddpm4j:Silu}. */
  public String key() {
    return key(domain, name);
  }

  /** The {@link #key} of an operator. */
  public static String key(String domain, String name) {
    return domain.isEmpty() ? name : domain + ":" + name;
  }

  /** For messages: {@code Conv(X, W, B?) }. */
  public String signature() {
    StringBuilder text = new StringBuilder(name).append('(');
    for (int i = 0; i < inputs.size(); i++) {
      text.append(i == 0 ? "" : ", ").append(inputs.get(i).name());
      text.append(inputs.get(i).optional() ? "?" : "");
    }
    return text.append(variadic ? "...)" : ")").toString();
  }

  /** Starts the schema of an ONNX operator. */
  static Builder onnx(String name, int sinceVersion) {
    return new Builder("", name, sinceVersion);
  }

  /** Starts the schema of an operator of another domain. */
  public static Builder of(String domain, String name) {
    return new Builder(domain, name, 1);
  }

  /** Collects a schema; a line of a table ends with {@link #shape}. */
  public static final class Builder {
    private final String domain;
    private final String name;
    private final int sinceVersion;
    private final List<Input> inputs = new ArrayList<>();
    private boolean variadic;
    private int minOutputs = 1;
    private int maxOutputs = 1;
    private boolean deterministic = true;
    private final Map<String, AttributeKind> attributes = new LinkedHashMap<>();
    private final Set<String> required = new LinkedHashSet<>();

    private Builder(String domain, String name, int sinceVersion) {
      this.domain = domain;
      this.name = name;
      this.sinceVersion = sinceVersion;
    }

    /** An input of one of these types; inputs of one type variable have the same type. */
    public Builder in(String input, String typeVariable, Set<DataType> types) {
      inputs.add(new Input(input, typeVariable, EnumSet.copyOf(types), false));
      return this;
    }

    /** The same for an input that may be absent. */
    public Builder optional(String input, String typeVariable, Set<DataType> types) {
      inputs.add(new Input(input, typeVariable, EnumSet.copyOf(types), true));
      return this;
    }

    /** The last input may be repeated. */
    public Builder variadic() {
      variadic = true;
      return this;
    }

    /** How many outputs a node may have. */
    public Builder outputs(int min, int max) {
      minOutputs = min;
      maxOutputs = max;
      return this;
    }

    /** An attribute that a node may have. */
    public Builder attribute(String attribute, AttributeKind kind) {
      attributes.put(attribute, kind);
      return this;
    }

    /** An attribute that a node must have. */
    public Builder required(String attribute, AttributeKind kind) {
      required.add(attribute);
      return attribute(attribute, kind);
    }

    /** Two equal nodes may give different results, so they must not be shared. */
    public Builder random() {
      deterministic = false;
      return this;
    }

    /** The rule for the outputs' shapes, which ends the schema. */
    public OpSchema shape(ShapeRule rule) {
      int minInputs = 0;
      for (int i = 0; i < inputs.size(); i++) {
        if (!inputs.get(i).optional()) {
          minInputs = i + 1;
        }
      }
      return new OpSchema(
          domain,
          name,
          sinceVersion,
          List.copyOf(inputs),
          variadic,
          minInputs,
          minOutputs,
          maxOutputs,
          Map.copyOf(attributes),
          Set.copyOf(required),
          deterministic,
          rule);
    }
  }
}
