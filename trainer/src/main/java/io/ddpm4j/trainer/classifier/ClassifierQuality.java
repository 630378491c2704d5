package io.ddpm4j.trainer.classifier;

import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.NetworkOutput;
import io.ddpm4j.trainer.evaluate.features.Work;
import io.ddpm4j.trainer.evaluate.features.WorkProgress;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What a classifier takes the images of a data set for.
 *
 * @param classes names in label order
 * @param accuracy how often it was which class
 * @param loss the mean of the cross-entropy of the images, without label smoothing; in nats
 */
public record ClassifierQuality(List<String> classes, ClassAccuracy accuracy, double loss) {
  /** Copies the names. */
  public ClassifierQuality {
    classes = List.copyOf(classes);
  }

  /**
   * Holds what it says of all images against their labels.
   *
   * @param network which says {@code logits}, one for each class of the data
   * @throws ModelFormatException if it does not
   * @throws java.util.concurrent.CancellationException if it was cancelled
   */
  public static ClassifierQuality measure(
      FeatureNetwork network, ImageDataset data, Cancellation cancellation)
      throws ModelFormatException {
    NetworkOutput said = network.extract(data, new Work(1, cancellation, WorkProgress.NONE));
    int classes = data.classNames().size();
    Features logits =
        said.logits()
            .filter(found -> found.dimensions() == classes)
            .orElseThrow(
                () ->
                    new ModelFormatException(
                        "%s: expected a classifier of %d classes, with an output logits, found another network"
                            .formatted(network.name(), classes)));
    int[] labels = IntStream.range(0, data.size()).map(data::label).toArray();
    double loss = 0;
    for (int i = 0; i < labels.length; i++) {
      loss += crossEntropy(logits.row(i), labels[i]);
    }
    return new ClassifierQuality(
        data.classNames(), ClassAccuracy.of(logits, labels), loss / labels.length);
  }

  /** -log softmax(logits) of the class, with the largest taken off so that nothing overflows. */
  private static double crossEntropy(float[] logits, int label) {
    double most = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      most = Math.max(most, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - most);
    }
    return Math.log(sum) + most - logits[label];
  }

  /**
   * As CSV: a row for each class with its images, the share that was right, and what they were
   * taken for.
   */
  public String toCsv() {
    StringBuilder csv = new StringBuilder("class,images,accuracy");
    classes.forEach(name -> csv.append(",taken for ").append(quoted(name)));
    csv.append('\n');
    for (int label = 0; label < classes.size(); label++) {
      csv.append(quoted(classes.get(label)))
          .append(',')
          .append(accuracy.images(label))
          .append(',')
          .append(
              accuracy.images(label) == 0
                  ? ""
                  : String.format(Locale.ROOT, "%.6g", accuracy.accuracy(label)));
      for (int seen = 0; seen < classes.size(); seen++) {
        csv.append(',').append(accuracy.confusion(label, seen));
      }
      csv.append('\n');
    }
    return csv.toString();
  }

  /** RFC 4180 where the name holds what ends a cell. */
  private static String quoted(String name) {
    return name.matches("[^\",\\r\\n]*") ? name : '"' + name.replace("\"", "\"\"") + '"';
  }
}
