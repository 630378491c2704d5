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
import io.ddpm4j.trainer.evaluate.quality.FeatureCache;
import io.ddpm4j.trainer.evaluate.quality.Quality;
import io.ddpm4j.trainer.evaluate.quality.QualityEvaluation;
import io.ddpm4j.trainer.evaluate.quality.QualityRow;
import io.ddpm4j.trainer.evaluate.samples.SampleFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/** Makes samples in every way that is asked for, and measures each set. */
final class SampleQualityRun {
  private static final String FEATURES = "features";
  private static final int SHOWN = 10; // samples beside their neighbours
  private static final int LEAST = 16; // more than the neighbours that are counted

  private final EvaluationInputs inputs;
  private final SampleQualityOptions options;
  private final List<Measured> measured = new ArrayList<>();

  /**
   * A set that is measured.
   *
   * @param order of its way to sample among all of them
   * @param shown its first images
   */
  private record Measured(int order, QualityRow row, ImageBatch shown) {}

  SampleQualityRun(EvaluationInputs inputs, SampleQualityOptions options) {
    this.inputs = inputs;
    this.options = options;
  }

  /** Measures all. */
  int run() throws IOException {
    try (DiffusionPipeline model = open(options.firstSampler(), null)) {
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
    FeatureCache cache = new FeatureCache(inputs.folder().resolve(FEATURES));
    QualityReport report =
        new QualityReport(inputs, model.metadata().classNames(), facts(model, real, network));
    report.introduce(images());
    QualityEvaluation evaluation;
    Quality floor;
    try (ProgressBar bar = bar("Real images")) {
      evaluation =
          QualityEvaluation.of(
              network,
              cache,
              real.images(),
              model.metadata().classNames(),
              QualityReference.Settings.standard(inputs.seed()),
              work(bar));
      floor = evaluation.floor(images(), inputs.seed(), work(bar));
    }
    report.floor(floor, evaluation.floorImages(images()));
    List<SampleQualityOptions.Method> methods = options.methods(model.schedule().trainTimesteps());
    SampleSets sets = new SampleSets(inputs, options.guidance(), images());
    for (SampleQualityOptions.Method method : cheapestFirst(methods)) {
      measure(method, methods, sets, evaluation);
      report.write(rows());
    }
    report.print(rows());
    if (options.neighbours() > 0) {
      neighbours(network, cache, real.training(), report);
    }
    return Main.OK;
  }

  /** A set of five steps is there in minutes, one of a thousand in hours. */
  private static List<SampleQualityOptions.Method> cheapestFirst(
      List<SampleQualityOptions.Method> methods) {
    return methods.stream()
        .sorted(Comparator.comparing(method -> method.steps().orElse(Integer.MAX_VALUE)))
        .toList();
  }

  private void measure(
      SampleQualityOptions.Method method,
      List<SampleQualityOptions.Method> all,
      SampleSets sets,
      QualityEvaluation evaluation)
      throws IOException {
    try (DiffusionPipeline pipeline =
        open(method.sampler().orElse(null), method.steps().orElse(null))) {
      String name = pipeline.sampler().name() + " " + pipeline.steps();
      String title =
          all.size() == 1 ? name : "%s (%d/%d)".formatted(name, measured.size() + 1, all.size());
      try (SampleFile samples = sets.fill(pipeline, title);
          ProgressBar bar = bar("Measuring " + title)) {
        ImageDataset images = samples.images(images());
        Quality quality = evaluation.measure(images, work(bar));
        QualityRow row =
            new QualityRow(
                pipeline.sampler().name(),
                pipeline.steps(),
                images.size(),
                samples.secondsPerImage(),
                quality);
        measured.add(new Measured(all.indexOf(method), row, first(images)));
      }
    }
  }

  private List<QualityRow> rows() {
    return measured.stream()
        .sorted(Comparator.comparingInt(Measured::order))
        .map(Measured::row)
        .toList();
  }

  private static ImageBatch first(ImageDataset images) {
    int count = Math.min(SHOWN, images.size());
    byte[] pixels = new byte[count * images.imageBytes()];
    for (int i = 0; i < count; i++) {
      images.read(i, pixels, i * images.imageBytes());
    }
    return ImageBatch.ofBytes(pixels, count, images.channels(), images.height(), images.width());
  }

  /** Of the best set: a model that copies does so where it is best. */
  private void neighbours(
      FeatureNetwork network, FeatureCache cache, ImageDataset training, QualityReport report)
      throws IOException {
    Measured best =
        measured.stream()
            .min(Comparator.comparingDouble(m -> m.row.quality().scores().frechetDistance()))
            .orElseThrow();
    try (ProgressBar bar = bar("Neighbours")) {
      int count = Math.min(options.neighbours(), training.size());
      TrainingNeighbours found =
          TrainingNeighbours.byFeatures(
              cache.extract(network, training, work(bar)).features(),
              network,
              best.shown,
              training,
              count,
              work(bar));
      report.neighbours(best.row, found);
    }
  }

  private DiffusionPipeline open(String sampler, Integer steps) throws IOException {
    return inputs.open(
        builder -> {
          if (sampler != null) {
            builder.sampler(Samplers.named(sampler));
          }
          if (steps != null) {
            builder.steps(steps);
          }
        });
  }

  private ProgressBar bar(String title) {
    return new ProgressBar(inputs.terminal(), title);
  }

  private Work work(ProgressBar bar) {
    return new Work(
        inputs.opening().settings().threads(),
        inputs.terminal().interrupts().cancellation(),
        (stage, done, total) -> bar.update(done, total, stage));
  }

  private Map<String, String> facts(
      DiffusionPipeline model, RealData real, FeatureNetwork network) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("model", inputs.model().name());
    facts.put("model_sha256", inputs.model().fingerprint());
    facts.put("reference", real.images().reference().size() + " images, " + real.referenceLabel());
    facts.put("floor", real.standInLabel());
    facts.put("features", network.identity().orElse(network.name()));
    facts.put("feature_network", FeatureFiles.name(network.name()));
    facts.put("guidance", Double.toString(options.guidance()));
    facts.put("seed", Long.toString(inputs.seed()));
    return facts;
  }
}
