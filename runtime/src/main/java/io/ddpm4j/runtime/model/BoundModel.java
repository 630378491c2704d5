package io.ddpm4j.runtime.model;

import java.nio.FloatBuffer;
import java.util.Map;

/**
 * A model over the buffers of one run, which are wrapped once and used at every step. From one
 * thread at a time. Closing is idempotent and leaves the buffers alone.
 */
public final class BoundModel implements EpsilonModel, AutoCloseable {
  private final String name;
  private final OnnxSession session;
  private final FloatBuffer x;
  private final FloatBuffer output;
  private final int images;
  private final ModelInputs inputs;
  private final DirectTensor prediction;
  private final OnnxSession.Call call;
  private boolean open = true;

  /** Uses the session, which has counted it in. */
  BoundModel(OnnxEpsilonModel model, ModelBuffers memory) {
    ModelSignature signature = model.signature();
    this.name = model.name();
    this.session = model.session();
    this.x = memory.inputs().x();
    this.output = memory.output();
    this.images = Math.toIntExact(memory.inputs().shape()[0]);
    this.inputs = new ModelInputs(signature, memory.inputs());
    try {
      TensorSpec spec = signature.output();
      this.prediction =
          DirectTensor.ofFloats(
              spec.elementType(), output, memory.ownOutput(), memory.outputShape());
      this.call = session.new Call(inputs.tensors(), Map.of(spec.name(), prediction));
    } catch (RuntimeException e) {
      inputs.close();
      throw e;
    }
  }

  /**
   * Sets the class of every image.
   *
   * @param from the index in {@code classes} of the batch's first image; past its end the last
   *     class counts
   * @throws IllegalArgumentException if the network knows no classes, or none is given
   */
  public void classLabels(int[] classes, int from) {
    if (!inputs.hasLabels()) {
      throw new IllegalArgumentException(
          "class labels: expected none, since " + name + " is unconditional");
    }
    if (classes.length == 0) {
      throw new IllegalArgumentException("class labels: expected at least one, found none");
    }
    for (int i = 0; i < images; i++) {
      inputs.label(i, classes[Math.min(from + i, classes.length - 1)]);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void predict(FloatBuffer x, int images, double t, FloatBuffer output) {
    if (images != this.images) {
      throw new IllegalArgumentException(
          "images: expected the batch of " + this.images + " that was bound, found " + images);
    }
    if (x != this.x || output != this.output) {
      throw new IllegalArgumentException(
          (x != this.x ? "x" : "output") + ": expected the buffer that was bound, found another");
    }
    if (!open) {
      throw new IllegalStateException(name + ": this binding is closed");
    }
    inputs.load(t);
    call.run();
    prediction.store();
  }

  /** Nanoseconds spent inside the ONNX Runtime session through this binding. */
  public long sessionNanos() {
    return call.nanos();
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      inputs.close();
      prediction.close();
      session.release();
    }
  }
}
