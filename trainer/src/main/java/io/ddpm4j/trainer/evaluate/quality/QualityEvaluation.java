package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.evaluate.distance.Floor;
import io.ddpm4j.trainer.evaluate.distance.QualityReference;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.NetworkOutput;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

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
    NetworkOutput output = cache.extract(network, standIns, work);
    Floor floor = Floor.heldOut(reference.real(), output.features(), samples, seed);
    // The classes of all of them: more images say better how right the classifier is.
    return new Quality(reference.measure(floor.standIn(), work), classes(standIns, output));
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

  /** Empty where network and images do not speak of the same classes, or an image is of none. */
  private Optional<ClassAccuracy> classes(ImageDataset images, NetworkOutput output) {
    if (output.logits().isEmpty() || classNames.isEmpty()) {
      return Optional.empty();
    }
    Features logits = output.logits().get();
    boolean same =
        network.classNames().equals(classNames) && images.classNames().equals(classNames);
    int[] asked = new int[images.size()];
    for (int i = 0; i < asked.length; i++) {
      asked[i] = images.label(i);
      same &= asked[i] >= 0 && asked[i] < logits.dimensions();
    }
    return same ? Optional.of(ClassAccuracy.of(logits, asked)) : Optional.empty();
  }
}
