package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.data.SplitMix64;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;

/**
 * Real images that samples are measured against. What depends on them alone is computed once, for
 * any number of sets of samples. Immutable; thread-safe.
 */
public final class QualityReference {
  private final Features real;
  private final Settings settings;
  private final GaussianStatistics statistics;
  private final Manifold manifold;

  /**
   * How samples are measured.
   *
   * @param kernel images of the kernel distance
   * @param neighbours of precision, recall, density and coverage
   * @param manifoldImages images of each set at most of which neighbours are looked for, drawn by
   *     the seed: time grows with their square
   * @param seed of that draw
   */
  public record Settings(
      KernelDistance.Plan kernel,
      ManifoldScores.Neighbours neighbours,
      int manifoldImages,
      long seed) {
    /** Images that most of the literature takes. */
    public static final int MANIFOLD_IMAGES = 10_000;

    /** Refuses too few images. */
    public Settings {
      if (manifoldImages <= neighbours.most()) {
        throw new IllegalArgumentException(
            "manifold images: expected more than the %d neighbours, found %d"
                .formatted(neighbours.most(), manifoldImages));
      }
    }

    /** As the papers have it. */
    public static Settings standard(long seed) {
      return new Settings(
          KernelDistance.Plan.standard(seed),
          ManifoldScores.Neighbours.STANDARD,
          MANIFOLD_IMAGES,
          seed);
    }
  }

  private QualityReference(
      Features real, Settings settings, GaussianStatistics statistics, Manifold manifold) {
    this.real = real;
    this.settings = settings;
    this.statistics = statistics;
    this.manifold = manifold;
  }

  /**
   * Computes what depends on the real images alone.
   *
   * @param real features of more images than there are neighbours to look for
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public static QualityReference of(Features real, Settings settings, Work work) {
    GaussianStatistics statistics = GaussianStatistics.of(real, work);
    Features drawn = real.draw(settings.manifoldImages(), SplitMix64.derive(settings.seed(), 0));
    Manifold manifold = Manifold.of(drawn, settings.neighbours().most(), work);
    return new QualityReference(real, settings, statistics, manifold);
  }

  /** The real images' features. */
  public Features real() {
    return real;
  }

  /**
   * Measures samples, or real images in their place.
   *
   * @param samples features by the same network, of more images than there are neighbours
   * @throws java.util.concurrent.CancellationException if the work was cancelled
   */
  public SampleQuality measure(Features samples, Work work) {
    samples.requireDimensions(real.dimensions());
    double frechet =
        FrechetDistance.between(statistics, GaussianStatistics.of(samples, work), work);
    KernelDistance kernel = KernelDistance.between(real, samples, settings.kernel(), work);
    Features drawn = samples.draw(settings.manifoldImages(), SplitMix64.derive(settings.seed(), 1));
    Manifold around = Manifold.of(drawn, settings.neighbours().most(), work);
    return new SampleQuality(
        real.count(),
        samples.count(),
        manifold.features().count(),
        drawn.count(),
        frechet,
        kernel,
        ManifoldScores.of(manifold, around, settings.neighbours(), work));
  }
}
