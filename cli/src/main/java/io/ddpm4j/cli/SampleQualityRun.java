package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.sampling.SamplerFactory;
import io.ddpm4j.runtime.sampling.Samplers;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;

/** Makes samples in every way that is asked for, and measures each set. */
final class SampleQualityRun {
  private static final String FEATURES = "features";
  private static final int SHOWN = 10; // samples beside their neighbours
  private static final int LEAST = 16; // more than the neighbours that are counted

  private final EvaluationInputs inputs;
  private final SampleQualityOptions options;

  /**
   * A way to sample that was asked for.
   *
   * @param samples hash of what its samples depend on
   */
  private record Planned(SampleQualityOptions.Method method, String samples) {}

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
      RealData real = RealData.open(inputs, options, model.imageShape(), images());
      Path file = FeatureFiles.resolve(options, inputs.data());
      try (FeatureNetwork network = options.openFeatures(file, inputs.opening().settings())) {
        return run(model, real, network);
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
    if (images < LEAST) {
      throw new UsageException(
          "-n: expected at least %d samples, found %d".formatted(LEAST, images));
    }
    return images;
  }

  private int run(DiffusionPipeline model, RealData real, FeatureNetwork network)
      throws IOException {
    SampleSets sets = new SampleSets(inputs, options.classes(), images());
    options.requireRoom(model.imageShape(), SHOWN);
    List<Planned> plan = plan(model, sets);
    QualityFacts facts = new QualityFacts(inputs, model, real, network, sets.request(model));
    QualityState state =
        QualityState.open(inputs.folder().resolve(QualityState.FILE), facts.settings(), images());
    List<Planned> missing = plan.stream().filter(each -> !state.has(each.samples)).toList();
    FeatureCache cache = new FeatureCache(inputs.folder().resolve(FEATURES));
    QualityReport report = new QualityReport(inputs, network.classNames(), facts.all());
    report.introduce(images(), state.rows().size());
    QualityEvaluation.otherClasses(network, model.metadata().classNames())
        .ifPresent(new Warnings(inputs.terminal()));
    QualityEvaluation evaluation =
        missing.isEmpty() ? null : evaluation(model, real, network, cache, state);
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

  /**
   * What was asked for, the cheapest first: a set of five steps is there in minutes, one of a
   * thousand in hours. Whatever does not fit the model is refused here, before any work.
   */
  private List<Planned> plan(DiffusionPipeline model, SampleSets sets) throws IOException {
    if (options.usualSamplers()) {
      BetaSchedules.require(SampleQualityOptions.AGAINST_STEPS, model);
    }
    List<Planned> plan = new ArrayList<>();
    for (SampleQualityOptions.Method asked : options.methods(model.schedule().trainTimesteps())) {
      inputs.terminal().interrupts().cancellation().throwIfCancelled();
      SampleQualityOptions.Method method = fitting(model, asked);
      try (DiffusionPipeline pipeline = over(model, method)) {
        plan.add(new Planned(method, SampleSets.hash(sets.settings(pipeline))));
      }
    }
    plan.sort(Comparator.comparing(planned -> planned.method.steps().orElse(Integer.MAX_VALUE)));
    return plan;
  }

  /**
   * A method with steps that it has: some solvers have one less than the model has timesteps, which
   * stands for all of them where the user did not say how many.
   */
  private SampleQualityOptions.Method fitting(
      DiffusionPipeline model, SampleQualityOptions.Method asked) throws IOException {
    int all = model.schedule().trainTimesteps();
    if (!options.usualSteps() || asked.steps().filter(n -> n == all).isEmpty() || all == 1) {
      return asked;
    }
    try {
      over(model, asked).close();
      return asked;
    } catch (UsageException e) {
      return new SampleQualityOptions.Method(asked.sampler(), Optional.of(all - 1));
    }
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
            new QualityState.Floor(
                evaluation.floor(images(), inputs.seed(), work(bar)),
                evaluation.floorImages(images())));
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
      Planned planned,
      String number,
      SampleSets sets,
      QualityEvaluation evaluation,
      QualityState state)
      throws IOException {
    try (DiffusionPipeline pipeline = over(model, planned.method)) {
      String title = pipeline.sampler().name() + " " + pipeline.steps() + number;
      try (SampleFile samples = sets.fill(pipeline, title, images());
          ProgressBar bar = bar("Measuring " + title)) {
        ImageDataset images = samples.images(images());
        Quality quality = evaluation.measure(images, work(bar));
        QualityRow row =
            new QualityRow(
                pipeline.sampler().name(),
                pipeline.steps(),
                images.size(),
                samples.secondsPerImage(sets.conditions().toString()),
                conditions(samples, sets),
                quality);
        state.add(new QualityState.Row(planned.samples, planned.method, row));
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

  /** What the seconds depend on; of samples that were made elsewhere they are not known. */
  private static Map<String, String> conditions(SampleFile samples, SampleSets sets) {
    Map<String, String> conditions = sets.conditions();
    int batch = samples.batchSize(conditions.toString());
    if (batch == 0) {
      return Map.of();
    }
    conditions.put("batch_size", Integer.toString(batch));
    return conditions;
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
    try (DiffusionPipeline pipeline = over(model, best.method());
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

  /** A way to sample, over the network that is open already. */
  private static DiffusionPipeline over(DiffusionPipeline model, SampleQualityOptions.Method method)
      throws IOException {
    SamplerFactory factory =
        method.sampler().isPresent() ? Samplers.named(method.sampler().get()) : Samplers::of;
    OptionalInt steps =
        method.steps().isPresent() ? OptionalInt.of(method.steps().get()) : OptionalInt.empty();
    try {
      return model.withSampler(factory, steps);
    } catch (IllegalArgumentException e) { // an option that does not fit the model
      throw new UsageException(e.getMessage());
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
