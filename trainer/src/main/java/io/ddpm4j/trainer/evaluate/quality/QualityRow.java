package io.ddpm4j.trainer.evaluate.quality;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A row of a {@link QualityTable}.
 *
 * @param sampler name of the sampling method
 * @param steps of it, an image
 * @param images that were measured
 * @param secondsPerImage that the sampling took, the median of the images in their batches, on the
 *     machine that made them; NaN where that is not known
 * @param conditions what else the seconds depend on, by name: device, threads and so on
 */
public record QualityRow(
    String sampler,
    int steps,
    int images,
    double secondsPerImage,
    Map<String, String> conditions,
    Quality quality) {
  /** Copies. */
  public QualityRow {
    conditions = Collections.unmodifiableMap(new LinkedHashMap<>(conditions)); // in their order
  }
}
