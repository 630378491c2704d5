package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Finds the noise of pictures. */
@Command(
    name = "encode",
    description = "Find the noise from which a model makes given pictures (DDIM backwards).",
    footer = {
      "",
      "The noise is written as a NumPy array of shape (N, C, H, W), from which ddpm decode makes"
          + " the pictures again: the more steps, the closer.",
      "",
      "Example:",
      "  ddpm encode shoe.png --class sneaker -o shoe.npy --check shoe-check.png"
    })
final class EncodeCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "Pictures, scaled and cropped to the model's size.")
  private List<Path> pictures;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      defaultValue = "latents.npy",
      description = "The noise as a NumPy array (default: ${DEFAULT-VALUE}).")
  private Path output;

  @Option(
      names = "--check",
      paramLabel = "FILE",
      description =
          "Decode it again; pictures, noise and result as rows of a PNG (default: do not).")
  private Path check;

  @Mixin private final ModelOption model = new ModelOption();

  @Mixin private final ClassOptions classes = new ClassOptions();

  @Mixin private final DdimOptions pipelines = new DdimOptions();

  private final Terminal terminal;

  EncodeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command with its help. */
  static CommandLine commandLine(Terminal terminal) {
    return new CommandLine(new EncodeCommand(terminal)).setResourceBundle(DdimOptions.DEFAULTS);
  }

  @Override
  public Integer call() throws IOException {
    pipelines.requireConsistent();
    Outputs.requireFile("-o", output);
    if (check != null) {
      Outputs.requirePicture("--check", check);
    }
    terminal.interrupts().cancellation(); // from here on, so that Ctrl-C always says something
    try (DiffusionPipeline pipeline = pipelines.open(model.resolve(), terminal)) {
      ImageBatch images = read(pipeline.imageShape());
      if (check != null) {
        Outputs.requireGrid("--check", pipeline.imageShape(), images.images(), 3, null);
      }
      GenerationRequest request =
          classes.overOneClass(GenerationRequest.of(images.images(), 0), pipeline);
      ImageBatch latents =
          StepProgress.run(terminal, "Encoding", request.withImage(images, 1), pipeline::encode)
              .images();
      write(latents);
      if (check != null) {
        ImageBatch decoded =
            StepProgress.run(terminal, "Decoding", request.withLatents(latents), pipeline::decode)
                .images();
        writeCheck(images, latents, decoded);
      }
      return Main.OK;
    } catch (CancellationException e) {
      terminal.err().println("ddpm: interrupted");
      return Main.INTERRUPTED;
    }
  }

  private ImageBatch read(ImageShape shape) throws IOException {
    ImageBatch[] read = new ImageBatch[pictures.size()];
    for (int i = 0; i < read.length; i++) {
      read[i] = ImageFiles.fitted(pictures.get(i), shape);
    }
    return ImageBatch.join(read);
  }

  private void write(ImageBatch latents) throws IOException {
    Outputs.makeFolderOf(output);
    NumpyArray.of(
            latents.values(),
            latents.images(),
            latents.channels(),
            latents.height(),
            latents.width())
        .write(output);
    terminal
        .out()
        .printf(
            Locale.ROOT,
            "%s: noise of %d %s, standard deviation %.3f (%s)%n",
            output,
            latents.images(),
            latents.images() == 1 ? "image" : "images",
            deviation(latents.values()),
            Outputs.size(output));
  }

  private void writeCheck(ImageBatch images, ImageBatch latents, ImageBatch decoded)
      throws IOException {
    Outputs.makeFolderOf(check);
    ImageBatch rows =
        ImageBatch.join(images.toRange(decoded.range()), latents, decoded).withText(decoded.text());
    rows.writeGrid(check, ImageGrid.ofColumns(rows, images.images()));
    float[] a = images.toRange(decoded.range()).values();
    float[] b = decoded.values();
    double scale = 255 / (decoded.range().high() - decoded.range().low());
    double mean =
        IntStream.range(0, a.length).mapToDouble(i -> Math.abs(a[i] - b[i])).average().orElse(0);
    terminal
        .out()
        .printf(
            Locale.ROOT,
            "%s: decoded again, %.1f grey levels off on average (%s)%n",
            check,
            mean * scale,
            Outputs.size(check));
  }

  private static double deviation(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares / values.length);
  }
}
