package io.ddpm4j.runtime.model;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * The direct memory of what goes into a model: images, timestep and class labels, in its types.
 *
 * @param x the images, which stay the caller's
 * @param own the images in the model's type, null where that is float
 * @param labels null in an unconditional model
 * @param shape N, C, H, W
 */
record InputBuffers(
    FloatBuffer x, ByteBuffer own, TimestepBuffer timestep, LabelBuffer labels, long[] shape) {

  /** Allocates what is not there. */
  static InputBuffers of(ModelSignature signature, FloatBuffer x, long... shape) {
    int images = Math.toIntExact(shape[0]);
    return new InputBuffers(
        x,
        DirectTensor.allocateFor(signature.sample().elementType(), x),
        new TimestepBuffer(signature.timestep(), images),
        signature.classLabels().map(spec -> new LabelBuffer(spec, images)).orElse(null),
        shape.clone());
  }
}
