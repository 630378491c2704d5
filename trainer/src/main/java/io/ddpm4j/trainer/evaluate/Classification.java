package io.ddpm4j.trainer.evaluate;

import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.TensorSpec;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.data.ImageDataset;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;

/**
 * What a classifier ({@code docs/model-format.md}) says of the images of a data set. Thread-safe.
 *
 * <p>The model has an input {@code images}, float (batch, C, H, W) in [-1, 1], and outputs {@code
 * logits} (batch, classes) and {@code features} (batch, D). It is the caller's, who closes it.
 */
public final class Classification {
  private static final String IMAGES = "images";
  private static final String LOGITS = "logits";
  private static final String FEATURES = "features";
  private static final int BATCH = 100;

  private final OnnxModel model;

  /**
   * With a classifier.
   *
   * @throws ModelFormatException if it has other inputs or outputs
   */
  public Classification(OnnxModel model) throws IOException {
    this.model = model;
    Set<String> inputs = names(model.inputs());
    Set<String> outputs = names(model.outputs());
    if (!inputs.equals(Set.of(IMAGES)) || !outputs.containsAll(Set.of(LOGITS, FEATURES))) {
      throw new ModelFormatException(
          "%s: expected a classifier, with an input images and outputs logits and features, found %s -> %s"
              .formatted(model.name(), model.inputs(), model.outputs()));
    }
  }

  private static Set<String> names(List<TensorSpec> specs) {
    return specs.stream().map(TensorSpec::name).collect(Collectors.toSet());
  }

  /**
   * What it says of some images.
   *
   * @param logits [image][class]
   * @param features [image][feature]
   */
  public record Answers(float[][] logits, float[][] features) {}

  /**
   * Asks it.
   *
   * @param images (N, C, H, W), in [-1, 1]
   * @param shape N, C, H, W
   * @throws IllegalArgumentException if the images are not those of the model
   */
  public Answers ask(float[] images, long... shape) {
    Map<String, NumpyArray> found = model.run(Map.of(IMAGES, NumpyArray.of(images, shape)));
    return new Answers(rows(found.get(LOGITS)), rows(found.get(FEATURES)));
  }

  private static float[][] rows(NumpyArray array) {
    float[] values = array.toFloats();
    int rows = (int) array.shape()[0];
    int width = values.length / rows;
    float[][] split = new float[rows][width];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(values, row * width, split[row], 0, width);
    }
    return split;
  }

  /**
   * Holds what it says of all images against their labels.
   *
   * @throws CancellationException if it was cancelled
   */
  public Confusion measure(ImageDataset data, Cancellation cancellation) {
    int classes = data.classNames().size();
    long[][] counts = new long[classes][classes];
    double loss = 0;
    byte[] image = new byte[data.imageBytes()];
    for (int first = 0; first < data.size(); first += BATCH) {
      cancellation.throwIfCancelled();
      int count = Math.min(BATCH, data.size() - first);
      float[] images = new float[count * image.length];
      for (int i = 0; i < count; i++) {
        data.read(first + i, image, 0);
        for (int k = 0; k < image.length; k++) {
          images[i * image.length + k] = (image[k] & 0xff) * (2f / 255) - 1;
        }
      }
      float[][] logits = ask(images, count, data.channels(), data.height(), data.width()).logits();
      for (int i = 0; i < count; i++) {
        int label = data.label(first + i);
        counts[label][largest(logits[i])]++;
        loss += crossEntropy(logits[i], label);
      }
    }
    return new Confusion(data.classNames(), counts, loss / data.size());
  }

  /** The class that logits speak for: the first of the largest. */
  public static int largest(float[] logits) {
    int best = 0;
    for (int k = 1; k < logits.length; k++) {
      best = logits[k] > logits[best] ? k : best;
    }
    return best;
  }

  /** -log softmax(logits) of the class, with the largest taken off so that nothing overflows. */
  private static double crossEntropy(float[] logits, int label) {
    double most = logits[largest(logits)];
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - most);
    }
    return Math.log(sum) + most - logits[label];
  }
}
