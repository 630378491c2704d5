package io.ddpm4j.runtime.model;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * The direct memory between a run and a model, in the model's types; it holds nothing of the
 * session. One {@linkplain OnnxEpsilonModel#bind(ModelBuffers) binding} at a time.
 */
public final class ModelBuffers {
  private final InputBuffers inputs;
  private final FloatBuffer output;
  private final ByteBuffer ownOutput; // null: the model gives floats

  ModelBuffers(ModelSignature signature, FloatBuffer x, FloatBuffer output, long... shape) {
    this.inputs = InputBuffers.of(signature, x, shape);
    this.output = output;
    this.ownOutput = DirectTensor.allocateFor(signature.output().elementType(), output);
  }

  InputBuffers inputs() {
    return inputs;
  }

  FloatBuffer output() {
    return output;
  }

  ByteBuffer ownOutput() {
    return ownOutput;
  }

  /** Of the output: (N, C, H, W) or (N, 2C, H, W). */
  long[] outputShape() {
    long[] shape = inputs.shape().clone();
    shape[1] *= output.capacity() / Math.max(1, inputs.x().capacity());
    return shape;
  }
}
