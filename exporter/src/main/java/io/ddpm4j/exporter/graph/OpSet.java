package io.ddpm4j.exporter.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The operators that a graph may use: ONNX's at one version, and tables of other domains.
 * Immutable.
 */
public final class OpSet {
  /** The version that exported files use by default, so that older runtimes load them. */
  public static final int DEFAULT_VERSION = 17;

  private final int version;
  private final Map<String, OpSchema> schemas;

  private OpSet(int version, Map<String, OpSchema> schemas) {
    this.version = version;
    this.schemas = schemas;
  }

  /**
   * ONNX's operators as they stand in version {@code version}.
   *
   * @throws IllegalArgumentException for a version below 9, whose operators have other forms;
   *     {@link Ops} needs 13
   */
  public static OpSet onnx(int version) {
    if (version < 9) {
      throw new IllegalArgumentException(
          "operator set version: expected 9 or more, found " + version);
    }
    return new OpSet(version, Map.of()).with(OnnxSchemas.TABLE);
  }

  /** {@link #DEFAULT_VERSION} and the composite functions that layers call. */
  public static OpSet standard() {
    return onnx(DEFAULT_VERSION).with(Functions.TABLE);
  }

  /**
   * These operators and more; of two forms of one operator the newer one that fits the version
   * wins.
   */
  public OpSet with(Collection<OpSchema> more) {
    Map<String, OpSchema> merged = new HashMap<>(schemas);
    for (OpSchema schema : more) {
      if (schema.domain().isEmpty() && schema.sinceVersion() > version) {
        continue;
      }
      merged.merge(schema.key(), schema, (a, b) -> b.sinceVersion() >= a.sinceVersion() ? b : a);
    }
    return new OpSet(version, merged);
  }

  /** The version of the domain {@code ai.onnx}. */
  public int version() {
    return version;
  }

  /**
   * The schema of an operator.
   *
   * @throws ShapeException if this set has no such operator
   */
  public OpSchema schema(String domain, String op) {
    OpSchema schema = schemas.get(OpSchema.key(domain, op));
    if (schema == null) {
      throw new ShapeException(
          "operator "
              + OpSchema.key(domain, op)
              + " is not known in operator set "
              + version
              + (domain.isEmpty() ? " of ai.onnx" : ""));
    }
    return schema;
  }

  /** Whether there is an operator of this domain and name. */
  public boolean contains(String domain, String op) {
    return schemas.containsKey(OpSchema.key(domain, op));
  }

  /** Every operator. */
  public List<OpSchema> all() {
    return new ArrayList<>(schemas.values());
  }
}
