package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A figure of {@link Quality}, as tables and charts show it. */
public enum QualityMetric {
  /** Of Gaussians fitted to both sets (Heusel et al. 2017); falls with the number of images. */
  FRECHET_DISTANCE("Fréchet distance", "%.3f", q -> q.scores().frechetDistance()),
  /** Unbiased, so it may be below 0 (Bińkowski et al. 2018). */
  KERNEL_DISTANCE("kernel distance", "%.5f", q -> q.scores().kernelDistance().estimate()),
  /** Standard error of the kernel distance over other images of both kinds. */
  KERNEL_DISTANCE_ERROR("its error", "%.5f", q -> q.scores().kernelDistance().standardError()),
  /** Share of the samples that lie among the real images (Kynkäänniemi et al. 2019). */
  PRECISION("precision", "%.3f", q -> q.scores().manifolds().precision()),
  /** Share of the real images that lie among the samples. */
  RECALL("recall", "%.3f", q -> q.scores().manifolds().recall()),
  /** How densely real images lie where samples are; about 1 (Naeem et al. 2020). */
  DENSITY("density", "%.3f", q -> q.scores().manifolds().density()),
  /** Share of the real images that have a sample near. */
  COVERAGE("coverage", "%.3f", q -> q.scores().manifolds().coverage()),
  /** Share of the samples that are seen as the class asked for; NaN where there is none. */
  CLASS_ACCURACY(
      "class accuracy", "%.3f", q -> q.classes().map(ClassAccuracy::accuracy).orElse(Double.NaN));

  private final String title;
  private final String format;
  private final ToDoubleFunction<Quality> value;

  QualityMetric(String title, String format, ToDoubleFunction<Quality> value) {
    this.title = title;
    this.format = format;
    this.value = value;
  }

  /** In words. */
  public String title() {
    return title;
  }

  /** In CSV and JSON: {@code frechet_distance}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The figure; NaN where there is none. */
  public double of(Quality quality) {
    return value.applyAsDouble(quality);
  }

  /** The figure for people; a dash where there is none. */
  public String text(Quality quality) {
    double figure = of(quality);
    return Double.isNaN(figure) ? "-" : String.format(Locale.ROOT, format, figure);
  }
}
