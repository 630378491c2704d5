package io.ddpm4j.cli;

import io.ddpm4j.runtime.DenoisingStrip;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.GenerationResult;
import io.ddpm4j.runtime.Guidance;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Generates images. */
@Command(
    name = "sample",
    description = "Generate images from a model.",
    footer = {
      "",
      "The noise of image k of a seed is the same whatever -n and --batch-size are. Seed and"
          + " settings are stored in the PNG file.",
      "",
      "Examples:",
      "  ddpm sample                                    16 images from the shipped model",
      "  ddpm sample -n 8 --class sneaker,bag           by name, in turn",
      "  ddpm sample model.onnx -n 64 --seed 7 -o grid.png --strip strip.png"
    })
final class SampleCommand implements Callable<Integer> {
  private static final String REPAINT = "repaint";

  /** Where a picture is completed. With RePaint's jumps they are 410 calls of the network. */
  private static final int COMPLETION_STEPS = 50;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description =
          "ONNX file, a folder with a model.onnx, or the name of a shipped model (default: "
              + Models.DEFAULT
              + ").")
  private String model; // null: the default

  @Option(
      names = {"-n", "--images"},
      paramLabel = "N",
      converter = Numbers.Positive.class,
      defaultValue = "16",
      description = "How many images (default: ${DEFAULT-VALUE}).")
  private int images;

  @Mixin private final NoiseOptions noise = new NoiseOptions();

  @Mixin private final ClassOptions classes = new ClassOptions();

  @Mixin private final EditOptions edit = new EditOptions();

  @Mixin private final SampleOutputs outputs = new SampleOutputs();

  @Option(
      names = "--first-image",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      defaultValue = "0",
      description =
          "Number of the first image: 16 continues where -n 16 ended (default: ${DEFAULT-VALUE}).")
  private int firstImage;

  @Mixin private final PipelineOptions pipelines = new PipelineOptions();

  private final Terminal terminal;

  SampleCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command with its help. */
  static CommandLine commandLine(Terminal terminal) {
    return new CommandLine(new SampleCommand(terminal))
        .setResourceBundle(
            PipelineOptions.defaults(
                EditOptions.MASK,
                EditOptions.SAMPLERS,
                COMPLETION_STEPS,
                ClassOptions.ALL_CLASSES));
  }

  @Override
  public Integer call() throws IOException {
    pipelines.requireConsistent();
    edit.requireConsistent();
    if (edit.defaultSampler() != null) {
      pipelines.defaultSampler(edit.defaultSampler(), COMPLETION_STEPS);
    }
    outputs.requireWritable();
    terminal.interrupts().cancellation(); // from here on, so that Ctrl-C always says something
    Path file = Models.resolve(model);
    try (DiffusionPipeline pipeline = pipelines.open(file, terminal)) {
      generate(pipeline);
      return Main.OK;
    } catch (CancellationException e) {
      terminal.err().println("ddpm: interrupted, nothing was written");
      return Main.INTERRUPTED;
    }
  }

  private void generate(DiffusionPipeline pipeline) throws IOException {
    requireMaskFor(pipeline);
    GenerationRequest plain =
        classes.over(
            GenerationRequest.of(images, noise.seed())
                .withNoiseGenerator(noise.generator())
                .withFirstImage(firstImage),
            pipeline);
    requireClassToLeadAwayFrom(plain.guidance(), pipeline);
    GenerationRequest request = edit.over(plain, pipeline, terminal);
    outputs.requireSizes(pipeline.imageShape(), images);
    terminal
        .out()
        .printf(
            "%s: %s, %s sampler, %d steps, seed %d, %s%n",
            pipeline.model().name(),
            images + (images == 1 ? " image" : " images"),
            pipeline.sampler().name(),
            pipeline.steps(),
            noise.seed(),
            pipelines.device());
    terminal.out().flush();
    DenoisingStrip frames = outputs.newStrip(images);
    GenerationResult result =
        StepProgress.run(
            terminal,
            "Sampling",
            frames == null ? request : request.withListener(frames),
            pipeline::generate);
    outputs.write(result.images(), frames, terminal);
    double seconds = result.wallNanos() / 1e9;
    terminal.out().printf(Locale.ROOT, "%.1f s, %.2f images/s%n", seconds, images / seconds);
  }

  /** Refuses a sampler that only completes pictures where there is none. */
  private void requireMaskFor(DiffusionPipeline pipeline) {
    if (pipeline.sampler().name().equals(REPAINT) && edit.defaultSampler() == null) {
      throw new UsageException(
          "sampler repaint: expected a picture to complete, --from IMAGE, and what to keep of it,"
              + " --mask IMAGE, found no mask");
    }
  }

  /** Refuses guidance that the model does not know how to give. */
  private static void requireClassToLeadAwayFrom(Guidance guidance, DiffusionPipeline pipeline) {
    boolean conditional = pipeline.model().signature().classLabels().isPresent();
    boolean given = guidance.awayFromLabel().isPresent() || guidance.awayFromName().isPresent();
    if (guidance.scale() == 1
        || conditional && (given || pipeline.metadata().nullClass().isPresent())) {
      return;
    }
    throw new UsageException(
        "--guidance: expected 1"
            + (conditional ? ", or --away-from CLASS beside it" : "")
            + ", since "
            + pipeline.model().name()
            + (conditional ? " names no class that stands for none" : " is unconditional")
            + ", found "
            + guidance.scale());
  }
}
