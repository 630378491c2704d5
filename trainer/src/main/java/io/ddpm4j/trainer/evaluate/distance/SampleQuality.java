package io.ddpm4j.trainer.evaluate.distance;

/**
 * How far a set of samples is from a set of real images, by all measures.
 *
 * @param realImages real images of the Fréchet and the kernel distance
 * @param samples samples of them
 * @param manifoldRealImages real images of precision, recall, density and coverage
 * @param manifoldSamples samples of them
 * @param frechetDistance see {@link FrechetDistance}
 * @param kernelDistance see {@link KernelDistance}
 * @param manifolds see {@link ManifoldScores}
 */
public record SampleQuality(
    int realImages,
    int samples,
    int manifoldRealImages,
    int manifoldSamples,
    double frechetDistance,
    KernelDistance kernelDistance,
    ManifoldScores manifolds) {}
