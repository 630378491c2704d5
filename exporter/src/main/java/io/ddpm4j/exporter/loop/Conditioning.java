package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/** How images and labels go into the network, and what its answer means. */
interface Conditioning {
  /** What the network sees of x, (N, C, H, W): the same rows, or more. */
  Value images(Ops body, Value x);

  /** The label of each row, int64; null for an unconditional network. */
  Value labels(Ops body);

  /** The prediction for x, of that for all rows. */
  Value prediction(Ops body, Value prediction, Value x);

  /** The learned variance for x, of that for all rows. */
  Value variance(Ops body, Value variance, Value x);

  /**
   * Every row once.
   *
   * @param given the labels; null for an unconditional network
   */
  static Conditioning plain(Value given) {
    return new Conditioning() {
      @Override
      public Value images(Ops body, Value x) {
        return x;
      }

      @Override
      public Value labels(Ops body) {
        return given;
      }

      @Override
      public Value prediction(Ops body, Value prediction, Value x) {
        return prediction;
      }

      @Override
      public Value variance(Ops body, Value variance, Value x) {
        return variance;
      }
    };
  }
}
