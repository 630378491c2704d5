package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.quality.RealImages;
import io.ddpm4j.trainer.loop.FolderLock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;

/** Opens what a measurement of samples needs; what does not fit is refused here. */
final class SampleQualityRun {
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
      options.requireRoom(model.imageShape(), QualityMeasurement.SHOWN);
      List<SamplingPlan.Planned> plan = new SamplingPlan(inputs, options, sets).of(model);
      RealData real =
          RealData.open(
              inputs,
              options,
              sets.settings(model),
              images(),
              model.metadata().nullClass().orElse(-1));
      Path file = FeatureFiles.resolve(options, inputs.data());
      try (FeatureNetwork network = options.openFeatures(file, inputs.opening().settings())) {
        FolderLock lock = EvaluationFolder.lock(inputs.folder(), inputs.terminal());
        try (lock) {
          return new QualityMeasurement(inputs, options, model, sets, real, network).run(plan);
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
}
