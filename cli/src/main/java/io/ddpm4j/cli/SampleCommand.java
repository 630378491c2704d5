package io.ddpm4j.cli;

import io.ddpm4j.runtime.DenoisingStrip;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.GenerationResult;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.sampling.StepListener;
import io.ddpm4j.runtime.schedule.VarianceType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.Command;
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
  private static final String DEFAULT_OUTPUT = "samples.png";

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

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of the noise (default: a random one, which is printed).")
  private Long seed;

  @Option(
      names = "--steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Steps per image (default: as many as the model was trained with).")
  private Integer steps;

  @Option(
      names = "--class",
      paramLabel = "CLASS",
      split = ",",
      description = "Name or index of a class; several are taken in turn (default: all in turn).")
  private List<String> classes; // null: all

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "All images as one PNG (default: " + DEFAULT_OUTPUT + ").")
  private Path output;

  @Option(names = "--strip", paramLabel = "FILE", description = "From noise to image as a PNG.")
  private Path strip;

  @Option(
      names = "--strip-rows",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      defaultValue = "4",
      description = "Images in the strip (default: ${DEFAULT-VALUE}).")
  private int stripRows;

  @Option(
      names = "--strip-frames",
      paramLabel = "N",
      converter = Numbers.AtLeastTwo.class,
      defaultValue = "10",
      description =
          "Frames in the strip, at most the steps and the noise (default: ${DEFAULT-VALUE}).")
  private int stripFrames;

  @Option(
      names = "--strip-predicted",
      description = "Show the image that each step predicts, in place of the noisy one.")
  private boolean stripPredicted;

  @Option(
      names = "--separate",
      paramLabel = "DIR",
      description = "Every image as a PNG of its own in this folder, beside or instead of -o.")
  private Path separate;

  @Option(
      names = "--columns",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Images per row (default: a square).")
  private Integer columns;

  @Option(
      names = "--scale",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Enlarge every pixel N times in grids and strips (default: to about 96).")
  private Integer scale;

  @Option(
      names = "--first-image",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      defaultValue = "0",
      description =
          "Number of the first image: 16 continues where -n 16 ended (default: ${DEFAULT-VALUE}).")
  private int firstImage;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Images at once (default: as memory allows).")
  private Integer batchSize;

  @Option(
      names = "--threads",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Processor threads (default: all).")
  private Integer threads;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      description = "cpu, cuda or cuda:INDEX (default: ${DEFAULT-VALUE}).")
  private String device;

  @Option(
      names = "--sampler",
      paramLabel = "NAME",
      defaultValue = "ddpm",
      description = "Sampling method (default: ${DEFAULT-VALUE}).")
  private String sampler;

  @Option(
      names = "--variance",
      paramLabel = "TYPE",
      description = "Variance of a step: fixed_small or fixed_large (default: the model's).")
  private String variance;

  @Option(
      names = "--scheduler",
      paramLabel = "FILE",
      description =
          "scheduler_config.json, for models without a schedule (default: the model's own).")
  private Path scheduler;

  @Option(
      names = "--image-size",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Height and width where the model leaves them open (default: its own).")
  private Integer imageSize;

  private final Terminal terminal;

  SampleCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (output == null && separate == null) {
      output = Path.of(DEFAULT_OUTPUT);
    }
    requireOutputs();
    terminal.interrupts().cancellation(); // from here on, so that Ctrl-C always says something
    Path file = Models.resolve(model);
    try (DiffusionPipeline pipeline = builder(file).build()) {
      generate(pipeline);
      return Main.OK;
    } catch (CancellationException e) {
      terminal.err().println("ddpm: interrupted, nothing was written");
      return Main.INTERRUPTED;
    }
  }

  private void requireOutputs() throws IOException {
    if (output != null) {
      Outputs.requireFile("-o", output);
    }
    if (strip != null) {
      Outputs.requireFile("--strip", strip);
    }
    if (separate != null) {
      Outputs.requireFolder("--separate", separate);
    }
  }

  private DiffusionPipeline.Builder builder(Path file) throws IOException {
    DiffusionPipeline.Builder builder =
        DiffusionPipeline.open(file)
            .device(Device.parse(device))
            .sampler(
                config ->
                    Samplers.named(sampler)
                        .create(
                            variance == null ? config : config.with("variance_type", variance)));
    if (variance != null) {
      VarianceType.parse(variance);
    }
    if (steps != null) {
      builder.steps(steps);
    }
    if (batchSize != null) {
      builder.batchSize(batchSize);
    }
    if (threads != null) {
      builder.threads(threads);
    }
    if (imageSize != null) {
      builder.imageSize(imageSize, imageSize);
    }
    if (scheduler != null) {
      builder.schedulerConfig(SchedulerFiles.read(scheduler));
    }
    return builder;
  }

  private void generate(DiffusionPipeline pipeline) throws IOException {
    long used = seed == null ? ThreadLocalRandom.current().nextInt(1_000_000_000) : seed;
    int[] labels = labels(pipeline.metadata());
    terminal
        .out()
        .printf(
            "%s: %s, %s sampler, %d steps, seed %d, %s%n",
            pipeline.model().name(),
            images + (images == 1 ? " image" : " images"),
            pipeline.sampler().name(),
            pipeline.steps(),
            used,
            device);
    terminal.out().flush();
    DenoisingStrip frames = strip == null ? null : newStrip();
    GenerationResult result;
    try (ProgressBar bar = new ProgressBar(terminal, "Sampling")) {
      result =
          pipeline.generate(
              GenerationRequest.of(images, used)
                  .withFirstImage(firstImage)
                  .withClassLabels(labels)
                  .withListener(frames == null ? listener(bar) : frames.andThen(listener(bar)))
                  .withCancellation(terminal.interrupts().cancellation()));
    }
    ImageBatch made = result.images();
    if (output != null) {
      Outputs.makeFolderOf(output);
      made.writeGrid(output, layout(made, columns));
      wrote(output, made.width() + "x" + made.height() + " pixels each");
    }
    if (frames != null) {
      Outputs.makeFolderOf(strip);
      ImageBatch rows = frames.frames(made).withText(made.text());
      rows.writeGrid(strip, layout(rows, frames.frames()));
      wrote(strip, "from noise to image in " + frames.frames() + " frames");
    }
    if (separate != null) {
      List<Path> files = made.writePngs(separate, "image-");
      terminal
          .out()
          .printf(
              "%s: %d PNG files, %s to %s%n",
              separate,
              files.size(),
              files.get(0).getFileName(),
              files.get(files.size() - 1).getFileName());
    }
    double seconds = result.wallNanos() / 1e9;
    terminal.out().printf(Locale.ROOT, "%.1f s, %.2f images/s%n", seconds, images / seconds);
  }

  private DenoisingStrip newStrip() {
    int rows = Math.min(stripRows, images);
    return stripPredicted
        ? DenoisingStrip.ofPredictedX0(rows, stripFrames)
        : DenoisingStrip.of(rows, stripFrames);
  }

  private ImageGrid layout(ImageBatch made, Integer imagesPerRow) {
    ImageGrid grid =
        imagesPerRow == null ? ImageGrid.fitting(made) : ImageGrid.ofColumns(made, imagesPerRow);
    return scale == null ? grid : new ImageGrid(grid.columns(), grid.padding(), scale);
  }

  private StepListener listener(ProgressBar bar) {
    return step -> {
      long before = step.firstImage() - firstImage;
      int batch = step.images();
      long done = before * step.count() + batch * (step.index() + 1);
      String which =
          batch == images
              ? ""
              : ", images %d-%d of %d".formatted(before + 1, before + batch, images);
      bar.update(
          done,
          (long) images * step.count(),
          "step %d/%d%s".formatted(step.index() + 1, step.count(), which));
    };
  }

  /** Names before numbers: the classes of digits are named by digits. */
  private int[] labels(ModelMetadata metadata) {
    return (classes == null ? List.<String>of() : classes)
        .stream()
            .mapToInt(
                name -> {
                  boolean index =
                      name.strip().matches("\\d{1,9}")
                          && metadata.classNames().stream()
                              .noneMatch(name.strip()::equalsIgnoreCase);
                  return index ? Integer.parseInt(name.strip()) : metadata.classLabel(name);
                })
            .toArray();
  }

  private void wrote(Path file, String what) throws IOException {
    terminal.out().printf("%s: %s (%s)%n", file, what, Outputs.size(file));
  }
}
