package io.ddpm4j.trainer.optim;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;

/**
 * Adam (Kingma and Ba 2015, algorithm 1) with PyTorch's convention for epsilon: it is added to the
 * root of the bias-corrected second moment. (ONNX's operator of that name adds it to the
 * uncorrected one.) With weight decay it is AdamW (Loshchilov and Hutter 2019), which shrinks the
 * weights beside the update instead of through the gradient: all of them, biases and norms too, as
 * PyTorch and diffusers do where they are told nothing else.
 *
 * @param beta1 decay of the first moment, in [0, 1)
 * @param beta2 decay of the second moment, in [0, 1)
 * @param epsilon keeps the quotient finite, positive
 * @param weightDecay the share of the weights, times the learning rate, that a step takes away; 0
 *     or more
 */
public record Adam(double beta1, double beta2, double epsilon, double weightDecay) {
  /** PyTorch's defaults. */
  public static final Adam DEFAULT = new Adam(0.9, 0.999, 1e-8);

  /** Refuses numbers outside their range. */
  public Adam {
    require(beta1 >= 0 && beta1 < 1, "beta1", "a number from 0 to below 1", beta1);
    require(beta2 >= 0 && beta2 < 1, "beta2", "a number from 0 to below 1", beta2);
    require(epsilon > 0, "epsilon", "a positive number", epsilon);
    require(
        weightDecay >= 0 && Double.isFinite(weightDecay),
        "weight decay",
        "a number of 0 or more",
        weightDecay);
  }

  /** Without weight decay. */
  public Adam(double beta1, double beta2, double epsilon) {
    this(beta1, beta2, epsilon, 0);
  }

  private static void require(boolean ok, String name, String expected, double found) {
    if (!ok) {
      throw new IllegalArgumentException(name + ": expected " + expected + ", found " + found);
    }
  }

  /** Weights and both moments after a step. */
  public record Updated(Value weights, Value firstMoment, Value secondMoment) {}

  /**
   * One step.
   *
   * @param weights float, any shape; the next three have the same
   * @param step int64 scalar, 1 for the first step
   * @param learningRate float scalar
   */
  public Updated apply(
      Ops o,
      Value weights,
      Value gradient,
      Value firstMoment,
      Value secondMoment,
      Value step,
      Value learningRate) {
    Value m = o.add(o.mul(firstMoment, beta1), o.mul(gradient, 1 - beta1));
    Value v = o.add(o.mul(secondMoment, beta2), o.mul(o.mul(gradient, gradient), 1 - beta2));
    Value size = o.div(learningRate, correction(o, beta1, step));
    Value root = o.sqrt(correction(o, beta2, step));
    Value denominator = o.add(o.div(o.sqrt(v), root), epsilon);
    Value change = o.mul(o.div(m, denominator), size);
    if (weightDecay > 0) { // 1 - rate·decay would be rounded to a coarse step below 1
      change = o.add(change, o.mul(weights, o.mul(learningRate, weightDecay)));
    }
    return new Updated(o.sub(weights, change), m, v);
  }

  /** 1 - betaᵗ in double: in float 1 - 0.999 has lost four digits. */
  private static Value correction(Ops o, double beta, Value step) {
    Value base = o.constant(TensorData.scalar(DataType.DOUBLE, beta));
    Value power = o.pow(base, o.cast(step, DataType.DOUBLE));
    return o.cast(o.sub(1, power), DataType.FLOAT);
  }
}
