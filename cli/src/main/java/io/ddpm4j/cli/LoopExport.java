package io.ddpm4j.cli;

import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.loop.LoopImages;
import io.ddpm4j.exporter.loop.LoopInputs;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.runtime.image.NumpyArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The whole sampling loop as one graph. */
final class LoopExport implements ExportKind {
  static final String SAMPLER = "--sampler";
  private static final String PIXELS = "--pixels";
  private static final String NOISE = "--noise";
  private static final long LARGE = 100_000_000; // bytes of noise for one image

  @Option(
      names = SAMPLER,
      paramLabel = "NAME[:STEPS]",
      converter = LoopMethod.Converter.class,
      description =
          "Instead of the network alone, write one graph that holds the whole sampling loop with"
              + " this method, such as ddim:50; without STEPS every timestep is one. Any ONNX"
              + " runtime samples with a single call, see docs/exporting.md (default: the network"
              + " is written).")
  private LoopMethod method;

  @Mixin private final MethodOptions settings = new MethodOptions();

  @Option(
      names = PIXELS,
      paramLabel = "TYPE",
      converter = Names.Pixels.class,
      description =
          "With --sampler, how images leave the graph: uint8 for bytes (N, H, W, C), or float for"
              + " -1 to 1 (N, C, H, W) (default: uint8).")
  private LoopImages.Format images;

  /** Where a loop's noise comes from. */
  enum NoiseOrigin {
    /** Inputs. */
    INPUT,
    /** A seed, from which the graph makes it. */
    SEED
  }

  @Option(
      names = NOISE,
      paramLabel = "ORIGIN",
      converter = Names.Origin.class,
      description =
          "With --sampler, what noise is in the graph: input for arrays that the caller draws, or"
              + " seed for the noise of a seed, the same as that of ddpm sample (default: input).")
  private NoiseOrigin noise;

  @Override
  public String option() {
    return SAMPLER;
  }

  @Override
  public boolean isWanted() {
    return method != null;
  }

  @Override
  public Set<String> options() {
    Set<String> options = new TreeSet<>(ModelFormOptions.ALL);
    options.remove(ModelFormOptions.FP16_IO); // a loop's own numbers are float32
    options.addAll(
        Set.of(
            SAMPLER,
            SchedulerOption.NAME,
            PIXELS,
            NOISE,
            MethodOptions.SET,
            MethodOptions.VARIANCE,
            ExportCommand.OUTPUT,
            ExportCommand.SIZE,
            RunOptions.EMA,
            RunOptions.FROM_STATE));
    return options;
  }

  @Override
  public void requireFiles(Optional<Path> output) throws IOException {
    if (output.isEmpty()) {
      throw new UsageException(
          ExportCommand.OUTPUT + ": expected a file to write the loop to, found none");
    }
    Outputs.requireModel(ExportCommand.OUTPUT, output.get());
  }

  @Override
  public void write(ExportRequest request) throws IOException {
    ExportSource source = request.source();
    WholeProgram.refuse(source, SAMPLER);
    OnnxModel model = source.model();
    LoopPlan plan =
        new LoopPlan(
            method,
            settings,
            request.scheduler().read(),
            new LoopPlan.Ports(
                noise == NoiseOrigin.SEED, images == null ? LoopImages.Format.UINT8 : images),
            request.form());
    LoopWriter loop = LoopWriter.of(source.toString(), model, plan);
    Path file = request.output().orElseThrow();
    Outputs.makeFolderOf(file);
    try (VerifiedOutput output = new VerifiedOutput(file, request.form().options())) {
      output.write(loop.trial());
      String said =
          output.check(ModelTrial.once(Map.of(LoopInputs.COUNT, NumpyArray.of(new long[] {1}))));
      output.write(loop.model());
      output.check(ModelTrial.loaded());
      String size = output.size();
      output.commit();
      request.terminal().out().printf("%s: %s, %s (%s)%n", file, source, loop.text(), size);
      request.terminal().out().println(said + tried(loop.steps()));
      stepNoise(loop.model().graph()).ifPresent(request.terminal().out()::println);
    }
  }

  private static String tried(int steps) {
    return steps <= LoopWriter.TRIED
        ? ""
        : ", the first " + LoopWriter.TRIED + " of " + steps + " steps";
  }

  /** Says of an input that few callers can hold how to do without it. */
  private static Optional<String> stepNoise(Graph graph) {
    return graph.inputs().stream()
        .filter(input -> input.name().equals(LoopInputs.STEP_NOISE))
        .map(input -> bytesOfOneImage(input.shape()))
        .filter(bytes -> bytes >= LARGE)
        .map(
            bytes ->
                "note: %s takes %s for each image; with %s seed the graph makes it itself"
                    .formatted(LoopInputs.STEP_NOISE, Outputs.bytes(bytes), NOISE))
        .findFirst();
  }

  /** Of float (steps, N, C, H, W); 0 where the images' size is open. */
  private static long bytesOfOneImage(Shape shape) {
    Shape one = shape.with(1, Dim.of(1));
    return one.isStatic() ? one.elements() * Float.BYTES : 0;
  }
}
