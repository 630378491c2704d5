package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Subset;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.evaluate.distance.Floor;
import io.ddpm4j.trainer.evaluate.distance.QualityReference;
import io.ddpm4j.trainer.evaluate.features.Draws;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.NetworkOutput;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.io.IOException;
import java.util.Arrays;
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
  private final ImageDataset standIns;

  /**
   * The real images.
   *
   * @param reference what samples are measured against, such as the training images
   * @param standIns other real images, of the floor, such as a test set
   */
  public record RealImages(ImageDataset reference, ImageDataset standIns) {}

  private QualityEvaluation(
      FeatureNetwork network,
      FeatureCache cache,
      List<String> classNames,
      QualityReference reference,
      ImageDataset standIns) {
    this.network = network;
    this.cache = cache;
    this.classNames = classNames;
    this.reference = reference;
    this.standIns = standIns;
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
        real.standIns());
  }

  /** Images that stand in for {@code samples} samples: as many, or all there are. */
  public int floorImages(int samples) {
    return Math.min(samples, standIns.size());
  }

  /**
   * The floor of so many samples: what real images reach in their place.
   *
   * @param seed decides which images, where there are more
   * @throws IOException as {@link FeatureCache#extract}
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public Quality floor(int samples, long seed, Work work) throws IOException {
    if (!tellsClasses(standIns)) {
      ImageDataset drawn = drawn(samples, seed);
      Features features = cache.extract(network, drawn, work).features();
      return new Quality(reference.measure(features, work), Optional.empty());
    }
    NetworkOutput output = cache.extract(network, standIns, work);
    Floor floor = Floor.heldOut(reference.real(), output.features(), samples, seed);
    // The classes of all of them: more images say better how right the classifier is.
    return new Quality(reference.measure(floor.standIn(), work), classes(standIns, output));
  }

  /** The images that {@link Floor#heldOut} would draw, before a slow network sees them all. */
  private ImageDataset drawn(int samples, long seed) {
    if (samples >= standIns.size()) {
      return standIns;
    }
    int[] indices = Draws.choose(standIns.size(), samples, seed);
    Arrays.sort(indices);
    return Subset.of(standIns, indices, samples + " of " + standIns.description());
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
