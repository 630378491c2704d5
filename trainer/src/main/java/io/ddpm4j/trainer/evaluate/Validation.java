package io.ddpm4j.trainer.evaluate;

import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.data.ImageDataset;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The loss L_simple (Ho et al. 2020, eq. 14) of a network on images that are held out, by quarter
 * of the timesteps. Images, timesteps and noise are the same for every measurement, so that two
 * differ by the networks alone. Not thread-safe: it owns the memory of a batch.
 */
public final class Validation {
  /** Draws of the noise: no image of a training or of a sampler has this one. */
  private static final int DRAW = Integer.MIN_VALUE;

  private final ImageDataset heldOut;
  private final Settings settings;
  private final ValidationPlan plan;
  private final byte[] pixels;
  private final float[] target; // (N, C, H, W), as x
  private final FloatBuffer x;

  /**
   * What is measured.
   *
   * @param schedule the forward process
   * @param predictionType what the network predicts
   * @param images that it is shown, in all; rounded up to as many at each timestep
   * @param seed of the noise
   */
  public record Settings(
      NoiseSchedule schedule, PredictionType predictionType, int images, long seed) {
    /** Refuses a measurement without images, or of a prediction that has no such loss. */
    public Settings {
      if (images < 1) {
        throw new IllegalArgumentException("images: expected at least 1, found " + images);
      }
      if (predictionType == PredictionType.FLOW_PREDICTION) {
        throw new IllegalArgumentException(
            "prediction_type: expected epsilon, sample or v_prediction, found flow_prediction");
      }
    }
  }

  /** A network with its buffers, as the measurement sees it. */
  @FunctionalInterface
  interface Network {
    /**
     * Predicts for a batch.
     *
     * @param x x_t, (N, C, H, W)
     * @param labels (N)
     * @param output receives the prediction in its first C channels
     */
    void predict(FloatBuffer x, int[] labels, int timestep, FloatBuffer output);
  }

  /**
   * Prepares measurements.
   *
   * @param heldOut what the network is shown
   */
  public Validation(ImageDataset heldOut, Settings settings) {
    this.heldOut = heldOut;
    this.settings = settings;
    this.plan = ValidationPlan.of(settings.schedule().trainTimesteps(), settings.images());
    this.pixels = new byte[heldOut.imageBytes()];
    int elements = Math.multiplyExact(plan.imagesPerTimestep(), heldOut.imageBytes());
    this.target = new float[elements];
    this.x = direct(elements);
  }

  /**
   * Measures a model that was trained with this forward process. Of a learned variance nothing is
   * measured.
   *
   * @throws ModelFormatException if it is none for these images
   * @throws java.util.concurrent.CancellationException if it was cancelled
   */
  public QuarterLosses measure(OnnxEpsilonModel model, Cancellation cancellation)
      throws ModelFormatException {
    ImageShape image = new ImageShape(heldOut.channels(), heldOut.height(), heldOut.width());
    int outputs = model.learnsVariance(image) ? 2 : 1;
    FloatBuffer output = direct(outputs * x.capacity());
    int batch = plan.imagesPerTimestep();
    long[] shape = {batch, heldOut.channels(), heldOut.height(), heldOut.width()};
    boolean labelled = model.signature().classLabels().isPresent();
    try (BoundModel bound = model.bind(x, output, shape)) {
      return measure(
          (images, labels, timestep, predicted) -> {
            cancellation.throwIfCancelled();
            if (labelled) {
              bound.classLabels(labels, 0);
            }
            bound.predict(images, batch, timestep, predicted);
          },
          output);
    }
  }

  /** Measures a network that writes to {@code output}, of one or two times the image's channels. */
  QuarterLosses measure(Network network, FloatBuffer output) {
    double[] sums = new double[QuarterLosses.COUNT];
    int[] labels = new int[plan.imagesPerTimestep()];
    int stride = output.capacity() / plan.imagesPerTimestep();
    for (int number = 0; number < plan.timesteps(); number++) {
      int timestep = plan.timestep(number);
      prepare(number, timestep, labels);
      network.predict(x, labels, timestep, output);
      sums[plan.quarter(number)] += squaredError(output, stride);
    }
    double count = (double) plan.showings() / QuarterLosses.COUNT * heldOut.imageBytes();
    List<Double> means = new ArrayList<>();
    for (double sum : sums) {
      means.add(sum / count);
    }
    return new QuarterLosses(means);
  }

  /** Fills images, target and labels of a timestep's batch. */
  private void prepare(int number, int timestep, int[] labels) {
    double signal = settings.schedule().sqrtAlphaCumprod(timestep);
    double spread = settings.schedule().sqrtOneMinusAlphaCumprod(timestep);
    int size = pixels.length;
    ImageNoise source = new ImageNoise(settings.seed());
    float[] ofImage = new float[size];
    for (int i = 0; i < labels.length; i++) {
      int showing = plan.showing(number, i);
      int image = plan.image(showing, heldOut.size());
      heldOut.read(image, pixels, 0);
      labels[i] = Math.max(0, heldOut.label(image));
      source.fill(ofImage, showing, 1, size, DRAW);
      for (int e = 0; e < size; e++) {
        double x0 = (pixels[e] & 0xff) * (2.0 / 255) - 1;
        double epsilon = ofImage[e];
        int at = i * size + e;
        x.put(at, (float) (x0 * signal + epsilon * spread)); // Ho et al. eq. 4
        target[at] = (float) target(x0, epsilon, signal, spread);
      }
    }
  }

  private double target(double x0, double epsilon, double signal, double spread) {
    return switch (settings.predictionType()) {
      case EPSILON -> epsilon;
      case SAMPLE -> x0;
      case V_PREDICTION -> epsilon * signal - x0 * spread; // Salimans and Ho 2022, appendix D
      case FLOW_PREDICTION -> throw new AssertionError("refused by the settings");
    };
  }

  /** Of the first channels of each image. */
  private double squaredError(FloatBuffer output, int stride) {
    double sum = 0;
    for (int i = 0; i < plan.imagesPerTimestep(); i++) {
      for (int e = 0; e < pixels.length; e++) {
        double error = output.get(i * stride + e) - target[i * pixels.length + e];
        sum += error * error;
      }
    }
    return sum;
  }

  private static FloatBuffer direct(int elements) {
    return ByteBuffer.allocateDirect(Math.multiplyExact(elements, Float.BYTES))
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
