package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.sampling.StepListener;
import io.ddpm4j.trainer.data.Sha256;
import io.ddpm4j.trainer.evaluate.samples.SampleFile;
import io.ddpm4j.trainer.evaluate.samples.SampleSettings;
import io.ddpm4j.trainer.evaluate.samples.SampleWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The sets of samples of an evaluation, a file each in the folder {@code samples} of its results.
 * The file's name tells what is in it, so that other settings have a file of their own, and more
 * images of the same ones go into the same.
 */
final class SampleSets {
  private static final String FOLDER = "samples";
  private static final int DIGITS = 8;

  private final EvaluationInputs inputs;
  private final double guidance;
  private final int images;

  /**
   * Sets of so many images.
   *
   * @param guidance scale of the guidance; 1 for none
   */
  SampleSets(EvaluationInputs inputs, double guidance, int images) {
    this.inputs = inputs;
    this.guidance = guidance;
    this.images = images;
  }

  /**
   * Opens the file of a way to sample, and makes what it lacks.
   *
   * @param title what the progress bar says
   * @throws java.util.concurrent.CancellationException after Ctrl-C; finished batches are kept
   */
  SampleFile fill(DiffusionPipeline pipeline, String title) throws IOException {
    GenerationRequest request =
        GenerationRequest.of(images, inputs.seed())
            .withCancellation(inputs.terminal().interrupts().cancellation());
    GenerationRequest guided = guidance == 1 ? request : request.withGuidanceScale(guidance);
    try {
      SampleSettings settings = SampleSettings.of(pipeline, guided);
      Path folder = Files.createDirectories(inputs.folder().resolve(FOLDER));
      String hash = Sha256.of(settings.toJson()).substring(0, DIGITS);
      Path file =
          folder.resolve(
              "%s-%d-%s.samples".formatted(pipeline.sampler().name(), pipeline.steps(), hash));
      SampleFile samples = SampleFile.open(file, settings, new Warnings(inputs.terminal()));
      try (ProgressBar bar = new ProgressBar(inputs.terminal(), title)) {
        new SampleWriter(pipeline, guided.withListener(listener(bar, samples.images())))
            .fill(samples, images);
        return samples;
      } catch (IOException | RuntimeException e) {
        samples.close();
        throw e;
      }
    } catch (IllegalArgumentException e) { // an option that does not fit the model
      throw new UsageException(e.getMessage());
    }
  }

  private StepListener listener(ProgressBar bar, int there) {
    long began = System.nanoTime();
    return step -> {
      double share = (step.index() + 1.0) / step.count();
      double made = step.firstImage() - there + step.images() * share;
      double perSecond = made / ((System.nanoTime() - began) / 1e9);
      bar.update(
          Math.round(1000 * (there + made)),
          1000L * images,
          String.format(
              Locale.ROOT,
              "images %d-%d of %d, %.2f images/s",
              step.firstImage() + 1,
              step.firstImage() + step.images(),
              images,
              perSecond),
          (images - there - made) / perSecond);
    };
  }
}
