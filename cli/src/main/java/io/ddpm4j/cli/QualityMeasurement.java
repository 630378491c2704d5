package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.evaluate.distance.QualityReference;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.Work;
import io.ddpm4j.trainer.evaluate.neighbours.TrainingNeighbours;
import io.ddpm4j.trainer.evaluate.quality.FeatureCache;
import io.ddpm4j.trainer.evaluate.quality.Quality;
import io.ddpm4j.trainer.evaluate.quality.QualityEvaluation;
import io.ddpm4j.trainer.evaluate.quality.QualityRow;
import io.ddpm4j.trainer.evaluate.samples.SampleFile;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Makes samples in every way that is planned, and measures each set. */
final class QualityMeasurement {
  /** Samples beside their neighbours. */
  static final int SHOWN = 10;

  private static final String FEATURES = "features";

  private final EvaluationInputs inputs;
  private final SampleQualityOptions options;
  private final DiffusionPipeline model;
  private final SampleSets sets;
  private final RealData real;
  private final FeatureNetwork network;
  private final FeatureCache cache;
  private final QualityState state;
  private final QualityReport report;

  /**
   * Goes on with the results of the folder.
   *
   * @param model opened in any of the ways to sample; stays the caller's
   * @param network stays the caller's, too
   * @throws IOException if the folder has results of other settings, or damaged ones
   */
  QualityMeasurement(
      EvaluationInputs inputs,
      SampleQualityOptions options,
      DiffusionPipeline model,
      SampleSets sets,
      RealData real,
      FeatureNetwork network)
      throws IOException {
    this.inputs = inputs;
    this.options = options;
    this.model = model;
    this.sets = sets;
    this.real = real;
    this.network = network;
    cache = new FeatureCache(inputs.folder().resolve(FEATURES));
    QualityFacts facts = new QualityFacts(inputs, model, real, network, sets.request(model));
    state =
        QualityState.open(
            inputs.folder().resolve(QualityState.FILE), facts.settings(), sets.images());
    report = new QualityReport(inputs, network.classNames(), facts.all());
  }

  /** Measures what is missing, writes and says all; returns the exit code. */
  int run(List<SamplingPlan.Planned> plan) throws IOException {
    List<SamplingPlan.Planned> missing =
        plan.stream().filter(each -> !state.has(each.samples())).toList();
    report.introduce(sets.images(), state.rows().size());
    QualityEvaluation.otherClasses(network, model.metadata().classNames())
        .ifPresent(new Warnings(inputs.terminal()));
    if (!missing.isEmpty() || state.floor().isEmpty()) {
      measure(missing, plan.size() == 1);
    } else {
      report.write(state);
    }
    report.print(state);
    if (options.neighbours() > 0) {
      neighbours();
    }
    return Main.OK;
  }

  private void measure(List<SamplingPlan.Planned> missing, boolean alone) throws IOException {
    QualityEvaluation evaluation = evaluation();
    if (!state.rows().isEmpty()) {
      report.write(state);
    }
    for (int i = 0; i < missing.size(); i++) {
      String number = alone ? "" : " (%d/%d)".formatted(i + 1, missing.size());
      measure(missing.get(i), number, evaluation);
      report.write(state);
    }
  }

  /** Takes the real images through the network, and measures the floor where that is missing. */
  private QualityEvaluation evaluation() throws IOException {
    try (ProgressBar bar = bar("Real images")) {
      QualityEvaluation evaluation =
          QualityEvaluation.of(
              network,
              cache,
              real.images(),
              model.metadata().classNames(),
              QualityReference.Settings.standard(inputs.seed()),
              work(bar));
      if (state.floor().isEmpty()) {
        state.floor(
            new QualityState.Floor(evaluation.floor(work(bar)), real.images().standIns().size()));
      }
      int floor = state.floor().orElseThrow().images();
      if (floor < sets.images()) {
        bar.println(
            "ddpm: warning: the floor is of %d real images, which is all there are for it, and not of %d as the samples: a Fréchet distance of fewer images is larger"
                .formatted(floor, sets.images()));
      }
      return evaluation;
    }
  }

  private void measure(SamplingPlan.Planned planned, String number, QualityEvaluation evaluation)
      throws IOException {
    try (DiffusionPipeline pipeline = SamplingPlan.over(model, planned.method())) {
      String title = pipeline.sampler().name() + " " + pipeline.steps() + number;
      try (SampleFile samples = sets.fill(pipeline, title, sets.images());
          ProgressBar bar = bar("Measuring " + title)) {
        ImageDataset images = samples.images(sets.images());
        Quality quality = evaluation.measure(images, work(bar));
        Map<String, String> conditions = sets.conditions(pipeline);
        double seconds = samples.secondsPerImage(conditions.toString());
        QualityRow row =
            new QualityRow(
                pipeline.sampler().name(),
                pipeline.steps(),
                images.size(),
                seconds,
                Double.isNaN(seconds) ? Map.of() : conditions, // made elsewhere: not known
                quality);
        state.add(new QualityState.Row(planned.samples(), planned.method(), row));
      }
    }
  }

  private static ImageBatch first(ImageDataset images) {
    int count = images.size();
    byte[] pixels = new byte[count * images.imageBytes()];
    for (int i = 0; i < count; i++) {
      images.read(i, pixels, i * images.imageBytes());
    }
    return ImageBatch.ofBytes(pixels, count, images.channels(), images.height(), images.width());
  }

  /** Of the best set: a model that copies does so where it is best. */
  private void neighbours() throws IOException {
    QualityState.Row best =
        state.rows().stream()
            .min(
                Comparator.comparingDouble(each -> each.row().quality().scores().frechetDistance()))
            .orElseThrow();
    ImageBatch shown;
    try (DiffusionPipeline pipeline = SamplingPlan.over(model, best.method());
        SampleFile samples = sets.fill(pipeline, "Samples", SHOWN)) {
      shown = first(samples.images(SHOWN));
    }
    try (ProgressBar bar = bar("Neighbours")) {
      int count = Math.min(options.neighbours(), real.training().size());
      TrainingNeighbours found =
          TrainingNeighbours.byFeatures(
              sink -> cache.stream(network, real.training(), work(bar), sink),
              network,
              shown,
              real.training(),
              count,
              work(bar));
      report.neighbours(best.row(), found);
    }
  }

  private ProgressBar bar(String title) {
    return new ProgressBar(inputs.terminal(), title);
  }

  private Work work(ProgressBar bar) {
    return new Work(
        inputs.opening().settings().threads(),
        inputs.terminal().interrupts().cancellation(),
        (stage, done, total) -> bar.stage(stage, done, total));
  }
}
