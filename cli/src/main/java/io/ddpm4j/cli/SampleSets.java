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
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The sets of samples of an evaluation, a file each in the folder {@code samples} of its results.
 * The file's name tells what is in it, so that other settings have a file of their own, and more
 * images of the same ones go into the same.
 */
final class SampleSets {
  private static final String FOLDER = "samples";
  private static final int DIGITS = 8;

  private final EvaluationInputs inputs;
  private final ClassOptions classes;
  private final int images;

  /**
   * Sets of so many images.
   *
   * @param classes what they show
   */
  SampleSets(EvaluationInputs inputs, ClassOptions classes, int images) {
    this.inputs = inputs;
    this.classes = classes;
    this.images = images;
  }

  /** Images of each set. */
  int images() {
    return images;
  }

  /**
   * What is asked of a way to sample.
   *
   * @throws UsageException if an option does not fit the model
   */
  GenerationRequest request(DiffusionPipeline pipeline) {
    GenerationRequest request =
        GenerationRequest.of(images, inputs.seed())
            .withCancellation(inputs.terminal().interrupts().cancellation());
    try {
      return classes.over(request, pipeline);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** What the time of a sample depends on beside the way to sample, by name. */
  Map<String, String> conditions(DiffusionPipeline pipeline) {
    Map<String, String> conditions = new LinkedHashMap<>();
    conditions.put("device", inputs.opening().settings().device().toString());
    conditions.put("threads", Integer.toString(inputs.opening().settings().threads()));
    conditions.put("batch_size", Integer.toString(Math.min(pipeline.batchSize(), images)));
    return conditions;
  }

  /**
   * What the samples of a way to sample depend on.
   *
   * @throws UsageException if an option does not fit the model
   */
  SampleSettings settings(DiffusionPipeline pipeline) {
    try {
      return withUnseen(SampleSettings.of(pipeline, request(pipeline)));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** Where a model is opened as itself, settings stay what they are in any program. */
  private SampleSettings withUnseen(SampleSettings of) {
    Map<String, String> all = new TreeMap<>(of.parameters());
    all.putAll(inputs.opening().unseen());
    if (inputs.model().inParts()) { // the parameters have the hash of the first part only
      all.put("Model and its data", inputs.model().fingerprint());
    }
    return new SampleSettings(
        all, of.channels(), of.height(), of.width(), of.labels(), of.classNames());
  }

  /** What samples are known by: the same for the same settings. */
  static String hash(SampleSettings settings) {
    return Sha256.of(settings.toJson());
  }

  /**
   * Opens the file of a way to sample, and makes what it lacks of the first {@code count} samples.
   *
   * @param title what the progress bar says
   * @throws java.util.concurrent.CancellationException after Ctrl-C; finished batches are kept
   */
  SampleFile fill(DiffusionPipeline pipeline, String title, int count) throws IOException {
    SampleSettings settings = settings(pipeline);
    Path folder = Files.createDirectories(inputs.folder().resolve(FOLDER));
    Path file =
        folder.resolve(
            "%s-%d-%s.samples"
                .formatted(
                    pipeline.sampler().name(),
                    pipeline.steps(),
                    hash(settings).substring(0, DIGITS)));
    SampleFile samples = SampleFile.open(file, settings, new Warnings(inputs.terminal()));
    try (ProgressBar bar = new ProgressBar(inputs.terminal(), title)) {
      GenerationRequest request =
          request(pipeline).withListener(listener(bar, samples.images(), count));
      new SampleWriter(pipeline, request, conditions(pipeline).toString()).fill(samples, count);
      return samples;
    } catch (IOException | RuntimeException e) {
      samples.close();
      throw e;
    }
  }

  private StepListener listener(ProgressBar bar, int there, int count) {
    long began = System.nanoTime();
    return step -> {
      double share = (step.index() + 1.0) / step.count();
      double made = step.firstImage() - there + step.images() * share;
      double perSecond = made / ((System.nanoTime() - began) / 1e9);
      bar.update(
          Math.round(1000 * (there + made)),
          1000L * count,
          String.format(
              Locale.ROOT,
              "images %d-%d of %d, %.2f images/s",
              step.firstImage() + 1,
              step.firstImage() + step.images(),
              count,
              perSecond),
          (count - there - made) / perSecond);
    };
  }
}
