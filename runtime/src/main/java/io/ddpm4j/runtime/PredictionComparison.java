package io.ddpm4j.runtime;

import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.random.ImageNoise;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What two noise predictors say of the same images of noise, timestep by timestep: how a converted,
 * a rounded or a quantised network is told from the one it was made of.
 *
 * @param rows one for each timestep
 */
public record PredictionComparison(List<Row> rows) {

  /** Copies the rows. */
  public PredictionComparison {
    rows = List.copyOf(rows);
  }

  /**
   * The differences at one timestep, over all numbers of the predictions.
   *
   * @param timestep t
   * @param largest the largest; NaN if one of the two predicts what is no number
   * @param mean the mean of their sizes
   * @param scale the root of the mean square of the first network's prediction
   * @param beyond how many are beyond the tolerance
   */
  public record Row(double timestep, double largest, double mean, double scale, long beyond) {}

  /**
   * On what, and how close.
   *
   * @param images how many images of noise, of standard deviation 1
   * @param inputs what the networks see
   * @param atol difference that is allowed
   * @param rtol beside it, this times the size of the first network's number
   */
  public record Request(int images, Inputs inputs, double atol, double rtol) {
    /** Refuses what cannot be asked. */
    public Request {
      if (images < 1) {
        throw new IllegalArgumentException("images: expected at least 1, found " + images);
      }
      requireTolerance("atol", atol);
      requireTolerance("rtol", rtol);
    }

    private static void requireTolerance(String name, double value) {
      if (!(value >= 0)) {
        throw new IllegalArgumentException(name + ": expected at least 0, found " + value);
      }
    }
  }

  /**
   * What the networks see.
   *
   * @param seed of the noise
   * @param timesteps at which the networks are asked
   * @param firstLabel class labels, where networks take them, are this and those after it in turn,
   *     as far as the files tell how many classes there are
   */
  public record Inputs(long seed, List<Double> timesteps, int firstLabel) {
    /** Refuses what cannot be asked; copies the list. */
    public Inputs {
      timesteps = List.copyOf(timesteps);
      if (timesteps.isEmpty()) {
        throw new IllegalArgumentException("timesteps: expected at least one, found none");
      }
    }
  }

  /**
   * Asks both.
   *
   * @throws ModelFormatException if their images or predictions are not of one shape, or neither
   *     file tells it
   * @throws IllegalArgumentException if one takes class labels and the other does not
   */
  public static PredictionComparison of(
      OnnxEpsilonModel first, OnnxEpsilonModel second, Request request)
      throws ModelFormatException {
    ImageShape image = shape(first, second);
    if (first.signature().classLabels().isPresent()
        != second.signature().classLabels().isPresent()) {
      throw new IllegalArgumentException(
          "class labels: expected two networks that take them, or two that do not, found them in %s alone"
              .formatted((first.signature().classLabels().isPresent() ? first : second).name()));
    }
    int classes = classes(first, second);
    try (Side a = new Side(first, image, request.images(), classes);
        Side b = new Side(second, image, request.images(), classes)) {
      if (a.output.capacity() / a.batch != b.output.capacity() / b.batch) {
        throw new ModelFormatException(
            "learned variance: expected two networks that predict it, or two that do not, found it in "
                + (first.learnsVariance(image) ? first : second).name()
                + " alone");
      }
      List<Row> rows = new ArrayList<>();
      for (double timestep : request.inputs().timesteps()) {
        rows.add(
            row(timestep, a.predict(request, timestep), b.predict(request, timestep), request));
      }
      return new PredictionComparison(rows);
    }
  }

  private static ImageShape shape(OnnxEpsilonModel first, OnnxEpsilonModel second)
      throws ModelFormatException {
    ImageShape a;
    try {
      a = ModelRequirements.imageShape(first, -1, -1, -1);
    } catch (ModelFormatException e) { // then the other has to tell
      ImageShape b = ModelRequirements.imageShape(second, -1, -1, -1);
      return ModelRequirements.imageShape(first, b.channels(), b.height(), b.width());
    }
    ImageShape b = ModelRequirements.imageShape(second, a.channels(), a.height(), a.width());
    if (!a.equals(b)) {
      throw new ModelFormatException("images: expected one shape, found " + a + " and " + b);
    }
    return a;
  }

  /** How many classes both have, as far as the files tell; 1 where neither does. */
  private static int classes(OnnxEpsilonModel first, OnnxEpsilonModel second) {
    return Stream.of(first, second)
        .mapToInt(model -> model.metadata().classNames().size())
        .filter(count -> count > 0)
        .min()
        .orElse(1);
  }

  private static Row row(double timestep, float[] a, float[] b, Request request) {
    double largest = 0;
    double sum = 0;
    double squares = 0;
    long beyond = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = Math.abs((double) a[i] - b[i]);
      largest = Math.max(largest, difference); // NaN wins
      sum += difference;
      squares += (double) a[i] * a[i];
      if (!(difference <= request.atol() + request.rtol() * Math.abs(a[i]))) {
        beyond++;
      }
    }
    return new Row(timestep, largest, sum / a.length, Math.sqrt(squares / a.length), beyond);
  }

  /** Whether every number at every timestep is within the tolerance. */
  public boolean isClose() {
    return rows.stream().allMatch(row -> row.beyond() == 0);
  }

  /** One of the two networks, with its buffers. */
  private static final class Side implements AutoCloseable {
    private final int batch;
    private final int elements; // of an image
    private final int classes;
    private final FloatBuffer x;
    private final FloatBuffer output;
    private final BoundModel model;
    private final boolean conditional;

    Side(OnnxEpsilonModel network, ImageShape image, int images, int classes)
        throws ModelFormatException {
      int fixed = network.signature().fixedBatch();
      this.batch = fixed > 0 ? fixed : images;
      this.elements = image.channels() * image.height() * image.width();
      this.classes = classes;
      this.conditional = network.signature().classLabels().isPresent();
      this.x = direct(Math.multiplyExact(batch, elements));
      this.output = direct(x.capacity() * (network.learnsVariance(image) ? 2 : 1));
      this.model = network.bind(x, output, batch, image.channels(), image.height(), image.width());
    }

    private static FloatBuffer direct(int floats) {
      return ByteBuffer.allocateDirect(Math.multiplyExact(floats, Float.BYTES))
          .order(ByteOrder.nativeOrder())
          .asFloatBuffer();
    }

    /** The predictions for all images, in as many batches as it takes. */
    float[] predict(Request request, double timestep) {
      int perImage = output.capacity() / batch;
      float[] all = new float[Math.multiplyExact(request.images(), perImage)];
      float[] noise = new float[x.capacity()];
      for (int from = 0; from < request.images(); from += batch) {
        new ImageNoise(request.inputs().seed()).fill(noise, from, batch, elements, 0);
        x.put(0, noise);
        if (conditional) {
          int[] labels = new int[batch];
          for (int k = 0; k < batch; k++) {
            labels[k] = request.inputs().firstLabel() + (from + k) % classes;
          }
          model.classLabels(labels, 0);
        }
        model.predict(x, batch, timestep, output);
        int count = Math.min(batch, request.images() - from) * perImage;
        output.get(0, all, from * perImage, count);
      }
      return all;
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
