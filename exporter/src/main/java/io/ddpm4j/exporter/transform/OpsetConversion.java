package io.ddpm4j.exporter.transform;

import io.ddpm4j.exporter.graph.Functions;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.ShapeException;

/**
 * Writes a graph with the operators of another version of ONNX's operator set, older or newer. An
 * operator whose form differs is rewritten by the table {@link OpsetRules}; the others are copied.
 * Versions that only allow an operator more element types are not told apart.
 */
public final class OpsetConversion {
  /** The oldest version that can be written: reductions and shapes as {@code Ops} builds them. */
  public static final int OLDEST = 13;

  /** The newest version that can be written. */
  public static final int NEWEST = 21;

  private OpsetConversion() {}

  /**
   * A graph that computes the same in another operator set.
   *
   * @param graph of any version from 9 on
   * @param version {@link #OLDEST} to {@link #NEWEST}
   * @throws TransformException for another version, or if an operator has no counterpart there; the
   *     message names it
   */
  public static Graph convert(Graph graph, int version) {
    if (version < OLDEST || version > NEWEST) {
      throw new TransformException(
          "operator set version: expected " + OLDEST + " to " + NEWEST + ", found " + version);
    }
    OpSet target = OpSet.onnx(version).with(Functions.all());
    try {
      return new Lowering(OpsetRules.TABLE).apply(graph, target);
    } catch (ShapeException e) {
      throw new TransformException(
          "operator set " + graph.opSet().version() + " to " + version + ": " + e.getMessage(), e);
    }
  }
}
