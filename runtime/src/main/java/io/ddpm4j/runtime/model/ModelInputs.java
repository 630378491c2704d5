package io.ddpm4j.runtime.model;

import java.util.HashMap;
import java.util.Map;

/** The tensors that go into a model for one batch: images, timestep and class labels. */
final class ModelInputs implements AutoCloseable {
  private final Map<String, DirectTensor> tensors = new HashMap<>();
  private final DirectTensor sample;
  private final TimestepBuffer timestep;
  private final LabelBuffer labels; // null in an unconditional model

  /** Makes them over memory that stays the caller's. */
  ModelInputs(ModelSignature signature, InputBuffers memory) {
    timestep = memory.timestep();
    labels = memory.labels();
    try {
      sample =
          DirectTensor.ofFloats(
              signature.sample().elementType(), memory.x(), memory.own(), memory.shape());
      tensors.put(signature.sample().name(), sample);
      tensors.put(
          signature.timestep().name(),
          DirectTensor.ofBytes(timestep.type(), timestep.bytes(), timestep.shape()));
      if (labels != null) {
        tensors.put(
            signature.classLabels().orElseThrow().name(),
            DirectTensor.ofBytes(labels.type(), labels.bytes(), labels.shape()));
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** By name of the input. */
  Map<String, DirectTensor> tensors() {
    return tensors;
  }

  boolean hasLabels() {
    return labels != null;
  }

  /** Sets the class of an image; only where there are labels. */
  void label(int image, int label) {
    labels.put(image, label);
  }

  /**
   * Brings what the images hold now, and the timestep, into the tensors: the nearest whole one
   * where the model takes such.
   */
  void load(double t) {
    timestep.fill(t);
    sample.load();
  }

  @Override
  public void close() {
    tensors.values().forEach(DirectTensor::close);
  }
}
