package io.ddpm4j.cli;

import io.ddpm4j.exporter.convert.CheckpointConverter;
import io.ddpm4j.exporter.convert.CheckpointFile;
import io.ddpm4j.exporter.convert.CheckpointFolder;
import io.ddpm4j.exporter.convert.Conversion;
import io.ddpm4j.exporter.convert.ConversionException;
import io.ddpm4j.exporter.convert.JsonFiles;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.trainer.loop.RunExporter;
import io.ddpm4j.trainer.loop.RunSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Turns somebody's checkpoint into a model file. */
@Command(
    name = "convert",
    description = "Convert a checkpoint of PyTorch's code bases to an ONNX file.",
    footer = {
      "",
      "Whose network it is, is seen from the names of the tensors: UNet2DModel of diffusers,",
      "UNetModel of OpenAI, Unet of lucidrains. What the shapes of the tensors do not tell, a",
      "JSON file says with the argument names of that network's constructor (docs/checkpoints.md).",
      "Nothing in the checkpoint is executed.",
      "",
      "Examples:",
      "  ddpm convert ddpm-cifar10-32 -o cifar10.onnx",
      "  ddpm convert ema_0.9999_500000.pt --config arguments.json -o model.onnx",
      "  ddpm convert model-100.pt --size 32 -o flowers.onnx",
      "  ddpm convert ddpm-cifar10-32 --int8 --opset 15 -o small.onnx"
    })
final class ConvertCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "SOURCE",
      description =
          "A folder of diffusers (a pipeline, or the network alone), a file .safetensors, .bin,"
              + " .pt, .pth or .ckpt, the index of such files, or the folder of a training run.")
  private Path source;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      required = true,
      description = "The model (required).")
  private Path output;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "JSON of the arguments of the network's constructor (default: config.json beside the"
              + " weights, if there is one).")
  private Path config;

  @Option(
      names = "--scheduler",
      paramLabel = "FILE",
      description =
          "scheduler_config.json of diffusers (default: that of the pipeline, else what the"
              + " checkpoint and --config say of the noise schedule).")
  private Path scheduler;

  @Option(
      names = "--size",
      paramLabel = "N|HxW",
      converter = ImageSize.Converter.class,
      description = "Height and width of the images (default: what --config says).")
  private ImageSize size;

  @Option(
      names = "--prefix",
      paramLabel = "NAME",
      description =
          "What stands before the tensors' names of the copy of the network that is meant;"
              + " everything else in the checkpoint is then ignored (default: found out, of"
              + " several copies the average of the weights).")
  private String prefix;

  @Option(
      names = "--variant",
      paramLabel = "NAME",
      description =
          "Of the weights in a folder of diffusers, such as fp16 (default: those without one, or"
              + " the only ones that there are).")
  private String variant;

  @Mixin private final ModelFormOptions form = new ModelFormOptions();

  @Mixin private final VerifyOptions verify = new VerifyOptions();

  private final Terminal terminal;

  ConvertCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    terminal.interrupts().endProcess(terminal.err());
    form.requireConsistent();
    Outputs.requireFile("-o", output);
    verify.requireFiles();
    if (Models.isRun(source)) {
      convertRun();
      return Main.OK;
    }
    Sources sources = sources();
    Conversion conversion = convert(sources);
    requireTimesteps(sources, conversion);
    OnnxModel model = OnnxModel.of(conversion.graph()).withMetadata(conversion.metadata());
    write(model, conversion.family() + " of " + source, conversion.weights());
    sources.notes().forEach(this::note);
    conversion.notes().forEach(this::note);
    return Main.OK;
  }

  private void note(String sentence) {
    terminal.out().println("note: " + sentence);
  }

  private void convertRun() throws IOException {
    List<String> given = new ArrayList<>();
    ScheduleOptions.addIf(config != null, "--config", given);
    ScheduleOptions.addIf(scheduler != null, "--scheduler", given);
    ScheduleOptions.addIf(size != null, "--size", given);
    ScheduleOptions.addIf(prefix != null, "--prefix", given);
    ScheduleOptions.addIf(variant != null, "--variant", given);
    if (!given.isEmpty()) {
      throw new UsageException(
          given.get(0)
              + ": expected no options of a checkpoint for a training run, which says all of them"
              + " itself, found "
              + String.join(", ", given));
    }
    try (Stream<Path> files = Files.walk(source)) {
      requireNoInput(files.filter(file -> !file.toString().endsWith(".onnx")).toList());
    }
    RunSnapshot run = RunSnapshot.newest(source);
    String what = source + " after step " + run.step();
    write(RunExporter.model(run, OptionalDouble.empty()), what, DataType.FLOAT);
  }

  private void requireNoInput(Collection<Path> inputs) throws IOException {
    Outputs.requireNoInput("-o", output, inputs);
    Outputs.requireNoInput("-o", output, verify.files());
  }

  private void write(OnnxModel model, String what, DataType stored) throws IOException {
    verify.requireInputs(model.graph().inputs().stream().map(Value::name).toList());
    Outputs.makeFolderOf(output);
    try (VerifiedOutput file = new VerifiedOutput(output, form.options())) {
      file.write(form.apply(source.toString(), model));
      String said = file.check(verify.trial(form.form().weights(), stored));
      String bytes = file.size();
      file.commit();
      terminal.out().printf("%s: %s (%s)%n", output, what, bytes);
      terminal.out().println(said);
    }
  }

  /** The files that are converted, and what is to be said of their choice. */
  private record Sources(
      Path weights, Optional<Path> config, Optional<Path> scheduler, List<String> notes) {
    /** The files beside the weights. */
    List<Path> beside() {
      return Stream.of(config, scheduler).flatMap(Optional::stream).toList();
    }
  }

  private Sources sources() throws IOException {
    Optional<Path> givenConfig = Optional.ofNullable(config);
    Optional<Path> givenScheduler = Optional.ofNullable(scheduler);
    if (Files.isDirectory(source)) {
      CheckpointFolder folder = CheckpointFolder.of(source, Optional.ofNullable(variant));
      return new Sources(
          folder.weights(),
          givenConfig.or(folder::config),
          givenScheduler.or(folder::scheduler),
          folder.notes());
    }
    if (variant != null) {
      throw new UsageException("--variant: expected a folder of diffusers, found '" + source + "'");
    }
    Path beside = source.toAbsolutePath().resolveSibling("config.json");
    return new Sources(
        source,
        givenConfig.or(() -> Optional.of(beside).filter(Files::isRegularFile)),
        givenScheduler,
        List.of());
  }

  private Conversion convert(Sources sources) throws IOException {
    Path weights = sources.weights();
    Optional<String> schedule = text(sources.scheduler());
    if (schedule.isPresent()) {
      SchedulerFiles.read(sources.scheduler().orElseThrow()); // refuses what is none
    }
    try (CheckpointFile file = CheckpointFile.open(weights)) {
      requireNoInput(file.files());
      requireNoInput(sources.beside());
      return CheckpointConverter.convert(
          new CheckpointConverter.Request(
              file, text(sources.config()), schedule, imageSize(), Optional.ofNullable(prefix)));
    } catch (UsageException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      String where = sources.config().map(Path::toString).orElse(weights.toString());
      throw new IOException(where + ": " + e.getMessage(), e);
    } catch (ConversionException e) {
      boolean named = e.getMessage().startsWith(weights.toString());
      throw named ? e : new IOException(weights + ": " + e.getMessage(), e);
    }
  }

  /** Refuses a schedule with timesteps that the network does not know. */
  private static void requireTimesteps(Sources sources, Conversion conversion) throws IOException {
    String file = sources.scheduler().orElse(sources.weights()).toString();
    ModelMetadata metadata = ModelMetadata.parse(file, conversion.metadata());
    if (metadata.scheduler().isPresent()) {
      metadata.requireTimesteps(file, metadata.scheduler().get().trainTimesteps());
    }
  }

  private Optional<io.ddpm4j.exporter.convert.ImageSize> imageSize() {
    return Optional.ofNullable(size)
        .map(s -> new io.ddpm4j.exporter.convert.ImageSize(s.height(), s.width()));
  }

  private static Optional<String> text(Optional<Path> file) throws IOException {
    return file.isEmpty() ? Optional.empty() : Optional.of(JsonFiles.text(file.get()));
  }
}
