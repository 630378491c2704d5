package io.ddpm4j.runtime.likelihood;

import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * A network with the memory of a batch, made once for all images that are evaluated. From one
 * thread at a time. Closing is idempotent and leaves the model open.
 */
public final class BatchNetwork implements AutoCloseable {
  private final EpsilonModel model;
  private final BoundModel bound; // null for a model that is no file
  private final int batch;
  private final int elements;
  private final int outputs;
  private final FloatBuffer x;
  private final FloatBuffer output;

  private BatchNetwork(
      EpsilonModel model, BoundModel bound, int batch, FloatBuffer x, FloatBuffer output) {
    this.model = model;
    this.bound = bound;
    this.batch = batch;
    this.elements = x.capacity() / batch;
    this.outputs = output.capacity() / batch;
    this.x = x;
    this.output = output;
  }

  /**
   * Any predictor.
   *
   * @param batch images at once, at least 1
   * @param elements C·H·W, at least 1
   * @param learnsVariance whether the output has twice the image's channels
   * @throws IllegalArgumentException if one of the two is below 1
   */
  public static BatchNetwork of(
      EpsilonModel model, int batch, int elements, boolean learnsVariance) {
    requirePositive("images", batch);
    requirePositive("elements", elements);
    FloatBuffer x = direct(batch, elements);
    return new BatchNetwork(
        model, null, batch, x, direct(batch, learnsVariance ? 2 * elements : elements));
  }

  /**
   * A model of a file, bound once.
   *
   * @param batch images at once, at least 1; as many as the file fixes, where it does
   * @throws ModelFormatException if it is no noise predictor for such images
   * @throws IllegalArgumentException if {@code batch} is below 1
   */
  public static BatchNetwork bind(OnnxEpsilonModel model, ImageShape shape, int batch)
      throws ModelFormatException {
    requirePositive("images", batch);
    int elements =
        Math.multiplyExact(
            Math.multiplyExact(shape.channels(), shape.height()), Math.max(1, shape.width()));
    FloatBuffer x = direct(batch, elements);
    FloatBuffer output = direct(batch, model.learnsVariance(shape) ? 2 * elements : elements);
    BoundModel bound =
        model.bind(x, output, batch, shape.channels(), shape.height(), shape.width());
    return new BatchNetwork(bound, bound, batch, x, output);
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": expected at least 1, found " + value);
    }
  }

  private static FloatBuffer direct(int batch, int elements) {
    return ByteBuffer.allocateDirect(
            Math.multiplyExact(Math.multiplyExact(batch, elements), Float.BYTES))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** Images at once. */
  public int batch() {
    return batch;
  }

  /** Numbers of an image, C·H·W. */
  public int elements() {
    return elements;
  }

  /** Whether the output holds a variance beside the mean. */
  public boolean learnsVariance() {
    return outputs > elements;
  }

  /** Numbers of the output for an image. */
  int outputs() {
    return outputs;
  }

  /**
   * Sets the classes of the next images.
   *
   * @param labels of the batch's images, from the first on; past their end the last one counts
   * @throws IllegalArgumentException if the network knows no classes, or none is given
   */
  public void classLabels(int... labels) {
    if (bound == null) {
      throw new IllegalArgumentException(
          "class labels: expected none, since " + model.name() + " is no model of a file");
    }
    bound.classLabels(labels, 0);
  }

  /**
   * Predicts for a whole batch.
   *
   * @param values x_t, (batch, elements)
   * @param predicted receives (batch, {@link #outputs})
   */
  void predict(float[] values, double timestep, float[] predicted) {
    x.put(0, values, 0, batch * elements);
    model.predict(x, batch, timestep, output);
    output.get(0, predicted, 0, batch * outputs);
  }

  /** Refuses a figure that is no number: the network's output was none, or far out of range. */
  void requireFinite(double figure, long image, double timestep) {
    if (!Double.isFinite(figure)) {
      throw new IllegalStateException(
          "%s: expected finite numbers, found %s for image %d at timestep %s"
              .formatted(model.name(), figure, image, timestep));
    }
  }

  @Override
  public void close() {
    if (bound != null) {
      bound.close();
    }
  }
}
