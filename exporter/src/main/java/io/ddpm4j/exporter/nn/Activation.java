package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;
import java.util.List;
import java.util.function.BiFunction;

/**
 * The activation function of a U-Net's blocks. The layers behind the timestep's projection, the
 * network's end and what Skip blocks draw have SiLU, whatever the blocks have.
 */
public enum Activation {
  /** x·sigmoid(x). */
  SILU(Ops::silu, "silu", "swish"),
  /** x·tanh(log(1 + eˣ)). */
  MISH(Ops::mish, "mish"),
  /** x·Φ(x), not its approximation by tanh. */
  GELU(Ops::gelu, "gelu"),
  /** max(x, 0). */
  RELU(Ops::relu, "relu");

  private final BiFunction<Ops, Value, Value> function;
  private final List<String> texts;

  Activation(BiFunction<Ops, Value, Value> function, String... texts) {
    this.function = function;
    this.texts = List.of(texts);
  }

  Value apply(Ops ops, Value x) {
    return function.apply(ops, x);
  }

  /** The words of {@code config.json}; the first one is written. */
  List<String> texts() {
    return texts;
  }
}
