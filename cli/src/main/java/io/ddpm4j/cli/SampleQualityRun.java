package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.evaluate.distance.QualityReference;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.Work;
import io.ddpm4j.trainer.evaluate.neighbours.TrainingNeighbours;
import io.ddpm4j.trainer.evaluate.quality.ClassMix;
import io.ddpm4j.trainer.evaluate.quality.FeatureCache;
import io.ddpm4j.trainer.evaluate.quality.Quality;
import io.ddpm4j.trainer.evaluate.quality.QualityEvaluation;
import io.ddpm4j.trainer.evaluate.quality.QualityRow;
import io.ddpm4j.trainer.evaluate.quality.RealImages;
import io.ddpm4j.trainer.evaluate.samples.SampleFile;
import io.ddpm4j.trainer.loop.FolderLock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/** Makes samples in every way that is asked for, and measures each set. */
final class SampleQualityRun {
  private static final String FEATURES = "features";
  private static final int SHOWN = 10; // samples beside their neighbours

  private final EvaluationInputs inputs;
  private final SampleQualityOptions options;

  SampleQualityRun(EvaluationInputs inputs, SampleQualityOptions options) {
    this.inputs = inputs;
    this.options = options;
  }

  /** Measures all. */
  int run() throws IOException {
    try (DiffusionPipeline model =
        inputs.open(
            builder ->
                options.firstSampler().ifPresent(name -> builder.sampler(Samplers.named(name))))) {
      SampleSets sets = new SampleSets(inputs, options.classes(), images());
      options.requireRoom(model.imageShape(), SHOWN);
      List<SamplingPlan.Planned> plan = new SamplingPlan(inputs, options, sets).of(model);
      ClassMix mix = ClassMix.of(sets.settings(model), images());
      RealData real = RealData.open(inputs, options, model.imageShape(), mix);
      Path file = FeatureFiles.resolve(options, inputs.data());
      try (FeatureNetwork network = options.openFeatures(file, inputs.opening().settings())) {
        FolderLock lock = EvaluationFolder.lock(inputs.folder(), inputs.terminal());
        try (lock) {
          return run(model, sets, plan, real, network);
        }
      } catch (ModelFormatException e) {
        throw SampleQualityOptions.withOption(e);
      }
    } catch (CancellationException e) {
      inputs
          .terminal()
          .err()
          .println(
              "ddpm: interrupted; finished samples are kept in %s: the same command goes on"
                  .formatted(inputs.folder()));
      return Main.INTERRUPTED;
    }
  }

  /** How many samples each set has. */
  private int images() {
    int usual = SampleQualityEvaluation.USUAL_IMAGES;
    int images = inputs.count().map(ImageCount::number).orElse(usual);
    if (images == 0) {
      throw new UsageException(
          "-n: expected a number of samples, of which there is no end, found all");
    }
    if (images < RealImages.LEAST) {
      throw new UsageException(
          "-n: expected at least %d samples, found %d".formatted(RealImages.LEAST, images));
    }
    return images;
  }

  private int run(
      DiffusionPipeline model,
      SampleSets sets,
      List<SamplingPlan.Planned> plan,
      RealData real,
      FeatureNetwork network)
      throws IOException {
    QualityFacts facts = new QualityFacts(inputs, model, real, network, sets.request(model));
    QualityState state =
        QualityState.open(inputs.folder().resolve(QualityState.FILE), facts.settings(), images());
    List<SamplingPlan.Planned> missing =
        plan.stream().filter(each -> !state.has(each.samples())).toList();
    FeatureCache cache = new FeatureCache(inputs.folder().resolve(FEATURES));
    QualityReport report = new QualityReport(inputs, network.classNames(), facts.all());
    report.introduce(images(), state.rows().size());
    QualityEvaluation.otherClasses(network, model.metadata().classNames())
        .ifPresent(new Warnings(inputs.terminal()));
    QualityEvaluation evaluation =
        missing.isEmpty() && state.floor().isPresent()
            ? null
            : evaluation(model, real, network, cache, state);
    if (!state.rows().isEmpty()) {
      report.write(state);
    }
    for (int i = 0; i < missing.size(); i++) {
      String number = plan.size() == 1 ? "" : " (%d/%d)".formatted(i + 1, missing.size());
      measure(model, missing.get(i), number, sets, evaluation, state);
      report.write(state);
    }
    report.print(state);
    if (options.neighbours() > 0) {
      neighbours(model, network, cache, sets, real.training(), report, state);
    }
    return Main.OK;
  }

  /** Takes the real images through the network, and measures the floor where that is missing. */
  private QualityEvaluation evaluation(
      DiffusionPipeline model,
      RealData real,
      FeatureNetwork network,
      FeatureCache cache,
      QualityState state)
      throws IOException {
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
      if (floor < images()) {
        bar.println(
            "ddpm: warning: the floor is of %d real images, which is all there are for it, and not of %d as the samples: a Fréchet distance of fewer images is larger"
                .formatted(floor, images()));
      }
      return evaluation;
    }
  }

  private void measure(
      DiffusionPipeline model,
      SamplingPlan.Planned planned,
      String number,
      SampleSets sets,
      QualityEvaluation evaluation,
      QualityState state)
      throws IOException {
    try (DiffusionPipeline pipeline = SamplingPlan.over(model, planned.method())) {
      String title = pipeline.sampler().name() + " " + pipeline.steps() + number;
      try (SampleFile samples = sets.fill(pipeline, title, images());
          ProgressBar bar = bar("Measuring " + title)) {
        ImageDataset images = samples.images(images());
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
  private void neighbours(
      DiffusionPipeline model,
      FeatureNetwork network,
      FeatureCache cache,
      SampleSets sets,
      ImageDataset training,
      QualityReport report,
      QualityState state)
      throws IOException {
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
      int count = Math.min(options.neighbours(), training.size());
      TrainingNeighbours found =
          TrainingNeighbours.byFeatures(
              sink -> cache.stream(network, training, work(bar), sink),
              network,
              shown,
              training,
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
