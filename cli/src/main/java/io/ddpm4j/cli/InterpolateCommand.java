package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.GenerationResult;
import io.ddpm4j.runtime.Interpolation;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Generates images on the way from one to another. */
@Command(
    name = "interpolate",
    description = "Generate the images between two pictures, or between two seeds.",
    footer = {
      "",
      "Two pictures get noise up to a timestep, are mixed there, and the sampler goes back from"
          + " there (Ho et al. 2020, section 4.3). Between two seeds the noise itself is"
          + " interpolated.",
      "",
      "Examples:",
      "  ddpm interpolate a.png b.png --class sneaker --strength 0.5",
      "  ddpm interpolate --seeds 7,8 --class bag"
    })
final class InterpolateCommand implements Callable<Integer> {
  private static final String SEEDS = "--seeds";
  private static final String DETERMINISTIC = "ddim";
  private static final int STEPS = 50;
  private static final double DEFAULT_STRENGTH = 0.5;

  @Parameters(
      arity = "0..2",
      paramLabel = "IMAGE",
      description = "The first and the last picture, scaled and cropped to the model's size.")
  private List<Path> pictures; // null: none

  @Option(
      names = SEEDS,
      paramLabel = "N,N",
      split = ",",
      description = "The seeds of the first and the last image (default: two pictures are named).")
  private List<Long> seeds; // null: none

  @Option(
      names = "--frames",
      paramLabel = "N",
      converter = Numbers.AtLeastTwo.class,
      defaultValue = "8",
      description = "Images, the two ends among them (default: ${DEFAULT-VALUE}).")
  private int frames;

  @Option(
      names = "--strength",
      paramLabel = "S",
      converter = Numbers.Share.class,
      description =
          "Noise on the pictures, above 0 and at most 1: the part of the steps that is run"
              + " (default: "
              + DEFAULT_STRENGTH
              + ").")
  private Double strength;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      defaultValue = "interpolation.png",
      description = "The images side by side as a PNG (default: ${DEFAULT-VALUE}).")
  private Path output;

  @Mixin private final ModelOption model = new ModelOption();

  @Mixin private final NoiseOptions noise = new NoiseOptions();

  @Mixin private final ClassOptions classes = new ClassOptions();

  @Mixin private final PipelineOptions pipelines = new PipelineOptions();

  private final Terminal terminal;

  InterpolateCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command with its help. */
  static CommandLine commandLine(Terminal terminal) {
    return new CommandLine(new InterpolateCommand(terminal))
        .setResourceBundle(
            PipelineOptions.defaults(SEEDS, DETERMINISTIC, STEPS, ClassOptions.ONE_CLASS));
  }

  @Override
  public Integer call() throws IOException {
    pipelines.requireConsistent();
    requireTwo();
    Outputs.requirePicture("-o", output);
    if (seeds != null) {
      pipelines.defaultSampler(DETERMINISTIC, STEPS);
    }
    terminal.interrupts().cancellation(); // from here on, so that Ctrl-C always says something
    try (DiffusionPipeline pipeline = pipelines.open(model.resolve(), terminal)) {
      ImageShape shape = pipeline.imageShape();
      Outputs.requireGrid("--frames", shape, frames, 1, null);
      GenerationRequest request = classes.overOneClass(request(shape), pipeline);
      GenerationResult result =
          StepProgress.run(terminal, "Interpolating", request, pipeline::generate);
      ImageBatch images = result.images();
      Outputs.makeFolderOf(output);
      images.writeGrid(output, ImageGrid.ofColumns(images, frames));
      terminal
          .out()
          .printf(
              "%s: %d images from %s to %s%s (%s)%n",
              output,
              frames,
              seeds == null ? pictures.get(0) : "seed " + seeds.get(0),
              seeds == null ? pictures.get(1) : "seed " + seeds.get(1),
              seeds == null ? ", seed " + noise.seed() : "",
              Outputs.size(output));
      return Main.OK;
    } catch (CancellationException e) {
      terminal.err().println("ddpm: interrupted, nothing was written");
      return Main.INTERRUPTED;
    }
  }

  private void requireTwo() {
    int given = pictures == null ? 0 : pictures.size();
    if (seeds == null && given != 2) {
      throw new UsageException("expected two pictures, or --seeds N,N, found " + given);
    }
    if (seeds != null && (seeds.size() != 2 || given > 0)) {
      throw new UsageException(
          "--seeds: expected two seeds and no pictures, found "
              + seeds.size()
              + " and "
              + given
              + (given == 1 ? " picture" : " pictures"));
    }
    if (seeds != null && strength != null) {
      throw new UsageException("--strength: expected it with two pictures, found it with --seeds");
    }
    if (seeds != null && noise.saysSeed()) {
      throw new UsageException("--seed: expected it with two pictures, found it with --seeds");
    }
  }

  private GenerationRequest request(ImageShape shape) throws IOException {
    if (seeds != null) {
      return Interpolation.ofSeeds(noise.generator(), seeds.get(0), seeds.get(1), frames);
    }
    ImageBatch from = ImageFiles.fitted(pictures.get(0), shape);
    ImageBatch to = ImageFiles.fitted(pictures.get(1), shape);
    double part = strength == null ? DEFAULT_STRENGTH : strength;
    return Interpolation.ofImages(noise.generator(), from, to, frames, part, noise.seed());
  }
}
