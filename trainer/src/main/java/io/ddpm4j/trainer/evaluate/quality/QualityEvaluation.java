package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.evaluate.distance.QualityReference;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.NetworkOutput;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Measures sets of samples against the same real images, and real images that stand in for samples:
 * the floor. Samples and floor meet the same reference, so that they can be held against each
 * other. Not thread-safe.
 */
public final class QualityEvaluation {
  private final FeatureNetwork network;
  private final FeatureCache cache;
  private final List<String> classNames;
  private final QualityReference reference;
  private final RealImages real;

  private QualityEvaluation(
      FeatureNetwork network,
      FeatureCache cache,
      List<String> classNames,
      QualityReference reference,
      RealImages real) {
    this.network = network;
    this.cache = cache;
    this.classNames = classNames;
    this.reference = reference;
    this.real = real;
  }

  /**
   * Prepares measurements: takes the reference through the network.
   *
   * @param classNames of the model whose samples are measured, in label order; empty if it has none
   * @throws IOException as {@link FeatureCache#extract}
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public static QualityEvaluation of(
      FeatureNetwork network,
      FeatureCache cache,
      RealImages real,
      List<String> classNames,
      QualityReference.Settings settings,
      Work work)
      throws IOException {
    Features features = cache.extract(network, real.reference(), work).features();
    return new QualityEvaluation(
        network,
        cache,
        List.copyOf(classNames),
        QualityReference.of(features, settings, work),
        real);
  }

  /**
   * The floor: what the real images reach that stand in for samples. What the classifier says of
   * classes is of all that are held out: more images say better how right it is.
   *
   * @throws IOException as {@link FeatureCache#extract}
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public Quality floor(Work work) throws IOException {
    ImageDataset heldOut = real.heldOut();
    if (!tellsClasses(heldOut)) { // a slow network need not see all of them
      Features features = cache.extract(network, real.standIns(), work).features();
      return new Quality(reference.measure(features, work), Optional.empty());
    }
    NetworkOutput output = cache.extract(network, heldOut, work);
    Features standIns = output.features().pick(real.standInIndices());
    return new Quality(reference.measure(standIns, work), classes(heldOut, output));
  }

  /**
   * Measures samples.
   *
   * @param samples with the classes that were asked for as labels
   * @throws IOException as {@link FeatureCache#extract}
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public Quality measure(ImageDataset samples, Work work) throws IOException {
    NetworkOutput output = cache.extract(network, samples, work);
    return new Quality(reference.measure(output.features(), work), classes(samples, output));
  }

  /**
   * Why there is no class accuracy of a classifier: its classes are others than the model's. Their
   * order does not matter.
   *
   * @param classNames of the model
   * @return a sentence with both lists; empty where the classes are the same, or the network or the
   *     model knows none
   */
  public static Optional<String> otherClasses(FeatureNetwork network, List<String> classNames) {
    if (!network.hasLogits()
        || network.classNames().isEmpty()
        || classNames.isEmpty()
        || order(network.classNames(), classNames).length > 0) {
      return Optional.empty();
    }
    return Optional.of(
        "%s: no class accuracy, since it was trained on other classes than the model: expected %s, found %s"
            .formatted(
                network.name(),
                String.join(", ", classNames),
                String.join(", ", network.classNames())));
  }

  /** Where each name is in another list of the same ones; empty if they are not the same. */
  private static int[] order(List<String> from, List<String> names) {
    if (from.equals(names)) {
      return IntStream.range(0, names.size()).toArray();
    }
    Set<String> each = new HashSet<>(names);
    boolean same =
        from.size() == names.size() && each.size() == names.size() && each.containsAll(from);
    return same ? names.stream().mapToInt(from::indexOf).toArray() : new int[0];
  }

  /** Whether network, model and images speak of the same classes. */
  private boolean tellsClasses(ImageDataset images) {
    return network.hasLogits()
        && order(network.classNames(), classNames).length > 0
        && order(network.classNames(), images.classNames()).length > 0;
  }

  /**
   * In the order of the network's classes; those of the images are found there by name. Empty where
   * network, model and images do not speak of the same classes, or an image is of none.
   */
  private Optional<ClassAccuracy> classes(ImageDataset images, NetworkOutput output) {
    if (!tellsClasses(images)) {
      return Optional.empty();
    }
    Features logits = output.logits().orElseThrow();
    int[] order = order(network.classNames(), images.classNames());
    boolean same = true;
    int[] asked = new int[images.size()];
    for (int i = 0; same && i < asked.length; i++) {
      int label = images.label(i);
      same = label >= 0 && label < order.length && order[label] < logits.dimensions();
      asked[i] = same ? order[label] : -1;
    }
    return same ? Optional.of(ClassAccuracy.of(logits, asked)) : Optional.empty();
  }
}
