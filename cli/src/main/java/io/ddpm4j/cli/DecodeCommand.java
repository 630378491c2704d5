package io.ddpm4j.cli;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.GenerationResult;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Makes pictures of given noise. */
@Command(
    name = "decode",
    description = "Make pictures of given noise (DDIM), such as ddpm encode finds.",
    footer = {"", "Example:", "  ddpm decode shoe.npy --class sneaker -o shoe-again.png"})
final class DecodeCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "NOISE",
      description = "NumPy array of shape (N, C, H, W), or (C, H, W) for one image.")
  private Path noise;

  @Mixin private final ModelOption model = new ModelOption();

  @Mixin private final SampleOutputs outputs = new SampleOutputs();

  @Mixin private final ClassOptions classes = new ClassOptions();

  @Mixin private final DdimOptions pipelines = new DdimOptions();

  private final Terminal terminal;

  DecodeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command with its help. */
  static CommandLine commandLine(Terminal terminal) {
    return new CommandLine(new DecodeCommand(terminal)).setResourceBundle(DdimOptions.DEFAULTS);
  }

  @Override
  public Integer call() throws IOException {
    pipelines.requireConsistent();
    outputs.requireWritable();
    NumpyArray array = NumpyArray.read(noise);
    terminal.interrupts().cancellation(); // from here on, so that Ctrl-C always says something
    try (DiffusionPipeline pipeline = pipelines.open(model.resolve(), terminal)) {
      ImageBatch latents = latents(array, pipeline);
      outputs.requireSizes(pipeline.imageShape(), latents.images());
      GenerationRequest request =
          classes
              .overOneClass(GenerationRequest.of(latents.images(), 0), pipeline)
              .withLatents(latents);
      GenerationResult result = StepProgress.run(terminal, "Decoding", request, pipeline::decode);
      outputs.write(result.images(), null, terminal);
      return Main.OK;
    } catch (CancellationException e) {
      terminal.err().println("ddpm: interrupted, nothing was written");
      return Main.INTERRUPTED;
    }
  }

  private ImageBatch latents(NumpyArray array, DiffusionPipeline pipeline) throws IOException {
    ImageShape image = pipeline.imageShape();
    long[] shape = array.shape();
    long[] one = {image.channels(), image.height(), image.width()};
    boolean fits =
        Arrays.equals(shape, one)
            || shape.length == 4
                && shape[0] > 0
                && Arrays.equals(Arrays.copyOfRange(shape, 1, 4), one);
    if (!fits) {
      throw new IOException(
          "%s: expected the shape (N, %d, %d, %d) of noise for %s, found %s"
              .formatted(
                  noise, one[0], one[1], one[2], pipeline.model().name(), Arrays.toString(shape)));
    }
    return ImageBatch.of(
        array.toFloats(),
        pipeline.valueRange(),
        shape.length == 4 ? (int) shape[0] : 1,
        image.channels(),
        image.height(),
        image.width());
  }
}
