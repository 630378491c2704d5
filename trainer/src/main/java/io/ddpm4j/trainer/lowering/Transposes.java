package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/** Transposes that take those before them into themselves. */
final class Transposes {
  private Transposes() {}

  /** {@code x} with its axes in that order; without a node where nothing moves after all. */
  static Value of(Ops o, Value x, long... perm) {
    if (is(x)) {
      Node before = x.producer().orElseThrow();
      long[] first = permutation(before);
      if (first.length == perm.length) {
        long[] both = new long[perm.length];
        boolean moves = false;
        for (int i = 0; i < both.length; i++) {
          both[i] = first[(int) perm[i]];
          moves |= both[i] != i;
        }
        return moves ? o.transpose(before.in(0), both) : before.in(0);
      }
    }
    return o.transpose(x, perm);
  }

  /** Whether a value is what a Transpose gives. */
  static boolean is(Value x) {
    return x.producer().filter(p -> p.op().equals("Transpose")).isPresent();
  }

  /** The order of a Transpose; empty if it turns all axes round. */
  static long[] permutation(Node transpose) {
    return transpose.intsAttribute("perm", new long[0]);
  }
}
