package io.ddpm4j.trainer.evaluate.quality;

/**
 * A row of a {@link QualityTable}.
 *
 * @param sampler name of the sampling method
 * @param steps of it, an image
 * @param images that were measured
 * @param secondsPerImage that the sampling took, in batches, on the machine that made them
 */
public record QualityRow(
    String sampler, int steps, int images, double secondsPerImage, Quality quality) {}
