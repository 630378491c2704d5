package io.ddpm4j.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.exporter.drawing.GraphDrawing;
import io.ddpm4j.exporter.proto.GraphOutline;
import io.ddpm4j.exporter.proto.MetadataKeys;
import io.ddpm4j.exporter.proto.ModelSummary;
import io.ddpm4j.exporter.proto.OnnxFile;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.image.LineChart;
import io.ddpm4j.runtime.image.PngWriter;
import io.ddpm4j.runtime.model.ModelFolder;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows what a model file holds. */
@Command(
    name = "inspect",
    description = "Show what a model file holds: inputs, operators, schedule, origin.",
    footer = {
      "",
      "Reads any ONNX file, also those that are no noise predictors.",
      "",
      "Examples:",
      "  ddpm inspect model.onnx",
      "  ddpm inspect model.onnx --json",
      "  ddpm inspect model.onnx --plot schedule.png",
      "  ddpm inspect model.onnx --graph network.svg"
    })
final class InspectCommand implements Callable<Integer> {
  private static final int KEY_WIDTH = 14;
  private static final int WIDTH = 100;
  private static final int LONGEST = 300;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description =
          "ONNX file, a folder with a model.onnx or of diffusers, or the name of a shipped model"
              + " (default: "
              + Models.DEFAULT
              + ").")
  private String model; // null: the default

  @Option(names = "--json", description = "Print everything as JSON.")
  private boolean json;

  @Option(
      names = "--plot",
      paramLabel = "FILE",
      description =
          "Draw the noise schedule as PNG: beta, alpha bar and the signal-to-noise ratio.")
  private Path plot;

  @Option(
      names = "--graph",
      paramLabel = "FILE",
      description =
          "Draw the network as SVG: its modules, what each does, what shape leaves it, and the way"
              + " of the data; of a whole sampling loop, one step (default: it is not drawn).")
  private Path graph;

  private final Terminal terminal;

  InspectCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (plot != null) {
      Outputs.requirePicture("--plot", plot);
    }
    if (graph != null) {
      Outputs.requireDrawing("--graph", graph);
    }
    Path path = Models.resolve(model);
    ModelFolder folder = Files.isDirectory(path) ? ModelFolder.of(path) : null;
    OnnxFile onnx = OnnxReader.read(folder == null ? path : folder.model());
    ModelSummary summary = onnx.summary();
    // What the model says of its own schedule counts, as when it is sampled.
    boolean beside = folder != null && !summary.metadata().containsKey(MetadataKeys.SCHEDULER);
    Optional<Path> schedulerFile = beside ? folder.scheduler() : Optional.empty();
    if (json) {
      terminal.out().println(json(summary, schedulerFile));
    } else {
      printFile(summary);
      schedulerFile.ifPresent(file -> print("scheduler", file.toString()));
    }
    if (graph != null) {
      draw(onnx, label(Path.of(summary.source())));
    }
    // After the rest, which is still of use where the metadata are wrong.
    ModelMetadata metadata = ModelMetadata.parse(summary.source(), summary.metadata());
    List<String> inputs = summary.inputs().stream().map(ModelSummary.Port::name).toList();
    Optional<FileKind> kind = FileKind.of(summary.source(), inputs, summary.metadata());
    Optional<SchedulerConfig> own = kind.flatMap(FileKind::scheduler).or(metadata::scheduler);
    Optional<SchedulerConfig> scheduler = beside ? folder.readScheduler() : own;
    if (!json) {
      kind.ifPresent(said -> said.lines().forEach(line -> print(line.key(), line.value())));
      Optional<String> classifier = ClassifierText.line(summary.source(), summary.metadata());
      classifier.ifPresent(line -> print("classifier", line));
      printMetadata(metadata);
      if (classifier.isEmpty()) {
        scheduler.ifPresentOrElse(this::printSchedule, () -> print("schedule", without(kind)));
      }
      print("origin", pairs(metadata.provenance()));
    }
    if (plot != null) {
      draw(summary.source(), scheduler);
    }
    return Main.OK;
  }

  private void printFile(ModelSummary summary) {
    print("file", summary.source() + ", " + Outputs.bytes(summary.fileBytes()));
    print("format", "IR " + summary.irVersion() + ", opset " + pairs(summary.opsets()));
    print("producer", summary.producer());
    print("text", summary.docString());
    summary.inputs().forEach(port -> print("input", port.toString()));
    summary.outputs().forEach(port -> print("output", port.toString()));
    print(
        "parameters",
        String.format(
            Locale.ROOT,
            "%,d (%s)",
            summary.parameters(),
            Outputs.bytes(summary.parameterBytes())));
    int nodes = summary.operators().values().stream().mapToInt(Integer::intValue).sum();
    print("operators", nodes + ": " + pairs(summary.operators()));
    print("functions", String.join(", ", summary.functions()));
    summary.externalData().forEach(file -> print("external data", file.toString()));
    print("form", form(summary.metadata().getOrDefault(MetadataKeys.FORM, "{}")));
    summary.metadata().entrySet().stream()
        .filter(entry -> !entry.getKey().startsWith("ddpm4j."))
        .forEach(entry -> print(entry.getKey(), shorten(entry.getValue())));
  }

  /** What is said of the form, such as: weights int8, batch 2. */
  private static String form(String json) {
    JsonElement said = element(MetadataKeys.FORM, json);
    return said.isJsonObject()
        ? said.getAsJsonObject().entrySet().stream()
            .map(field -> field.getKey() + " " + text(field.getValue()))
            .collect(Collectors.joining(", "))
        : json;
  }

  private static String text(JsonElement value) {
    return value.isJsonPrimitive() ? value.getAsString() : value.toString();
  }

  private static String without(Optional<FileKind> kind) {
    return kind.isPresent()
        ? "none in the file"
        : "none in the file: to sample from a network, ddpm sample needs --scheduler or --schedule";
  }

  private void printMetadata(ModelMetadata metadata) {
    metadata
        .image()
        .ifPresent(
            image ->
                print(
                    "images",
                    "%d channel%s, height %d, width %d, values %s to %s"
                        .formatted(
                            image.channels(),
                            image.channels() == 1 ? "" : "s",
                            image.height(),
                            image.width(),
                            number(metadata.valueRange().low()),
                            number(metadata.valueRange().high()))));
    if (!metadata.classNames().isEmpty()) {
      print(
          "classes",
          metadata.classNames().size() + ": " + String.join(", ", metadata.classNames()));
    }
    metadata
        .nullClass()
        .ifPresent(label -> print("null class", "label " + label + ", for guidance"));
  }

  private void printSchedule(SchedulerConfig config) {
    NoiseSchedule schedule = config.noiseSchedule();
    int last = schedule.trainTimesteps() - 1;
    print(
        "schedule",
        "%s, %d timesteps, beta %s to %s, alpha bar %s to %s, SNR %s to %s"
            .formatted(
                config.trainedBetas().isPresent()
                    ? "betas of its own"
                    : config.betaSchedule().label(),
                last + 1,
                number(schedule.beta(0)),
                number(schedule.beta(last)),
                number(schedule.alphaCumprod(0)),
                number(schedule.alphaCumprod(last)),
                number(schedule.snr(0)),
                number(schedule.snr(last))));
    print(
        "sampling",
        "predicts %s, variance %s, %s"
            .formatted(
                config.predictionType().label(),
                config.varianceType().label(),
                config.thresholding()
                    ? "thresholded"
                    : config.clipSample()
                        ? "clipped to +-" + number(config.clipSampleRange())
                        : "not clipped"));
  }

  /** A key and its value, which goes on below itself where it is long. */
  private void print(String key, String value) {
    String indent = " ".repeat(Math.max(KEY_WIDTH, key.length() + 1));
    StringBuilder line = new StringBuilder(key).append(indent.substring(key.length()));
    boolean empty = true;
    for (String word : value.strip().split("\\s+")) {
      if (!empty && line.length() + 1 + word.length() > WIDTH) {
        terminal.out().println(line);
        line = new StringBuilder(indent);
        empty = true;
      }
      line.append(empty ? "" : " ").append(word);
      empty = false;
    }
    if (!value.isBlank()) {
      terminal.out().println(line);
    }
  }

  /** What other programs leave in a file can be long. */
  private static String shorten(String value) {
    return value.length() <= LONGEST
        ? value
        : value.substring(0, LONGEST) + "... (" + value.length() + " characters, see --json)";
  }

  private static String pairs(Map<String, ?> map) {
    return map.entrySet().stream()
        .map(entry -> entry.getKey() + " " + entry.getValue())
        .collect(Collectors.joining(", "));
  }

  /** Four digits: 0.0001, 9999, 4.036e-05. */
  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : String.format(Locale.ROOT, Math.abs(value) < 1e-4 ? "%.3e" : "%.4g", value)
            .replaceAll("(\\.\\d*?)0+($|e)", "$1$2")
            .replaceAll("\\.($|e)", "$1");
  }

  private static String json(ModelSummary summary, Optional<Path> schedulerFile) {
    Gson gson = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
    JsonObject object = new JsonObject();
    object.addProperty("file", summary.source());
    object.addProperty("file_bytes", summary.fileBytes());
    object.addProperty("ir_version", summary.irVersion());
    object.add("opsets", gson.toJsonTree(summary.opsets()));
    object.addProperty("producer", summary.producer());
    object.addProperty("doc", summary.docString());
    object.add("inputs", ports(summary.inputs()));
    object.add("outputs", ports(summary.outputs()));
    object.addProperty("parameters", summary.parameters());
    object.addProperty("parameter_bytes", summary.parameterBytes());
    object.add("operators", gson.toJsonTree(summary.operators()));
    object.add("functions", gson.toJsonTree(summary.functions()));
    object.add("external_data", gson.toJsonTree(externalData(summary)));
    JsonObject metadata = new JsonObject();
    summary.metadata().forEach((key, value) -> metadata.add(key, element(key, value)));
    object.add("metadata", metadata);
    if (schedulerFile.isPresent()) {
      object.addProperty("scheduler_file", schedulerFile.get().toString());
    }
    return gson.toJson(object);
  }

  /** Fixed extents as numbers, named ones as text; without {@code dims} where the rank is open. */
  private static JsonArray ports(List<ModelSummary.Port> ports) {
    JsonArray array = new JsonArray();
    for (ModelSummary.Port port : ports) {
      JsonObject object = new JsonObject();
      object.addProperty("name", port.name());
      object.addProperty("type", port.type());
      if (port.dims() != null) {
        JsonArray dims = new JsonArray();
        for (String dim : port.dims()) {
          dims.add(
              dim.matches("\\d+")
                  ? new JsonPrimitive(Long.parseLong(dim))
                  : new JsonPrimitive(dim));
        }
        object.add("dims", dims);
      }
      array.add(object);
    }
    return array;
  }

  private static List<Map<String, Object>> externalData(ModelSummary summary) {
    return summary.externalData().stream()
        .map(
            file ->
                Map.<String, Object>of(
                    "location", file.location(),
                    "used_bytes", file.usedBytes(),
                    "file_bytes", file.fileBytes()))
        .toList();
  }

  /** Our own keys hold JSON: it is shown as such. */
  private static JsonElement element(String key, String value) {
    if (key.startsWith("ddpm4j.")) {
      try {
        return JsonParser.parseString(value);
      } catch (JsonParseException e) {
        // Shown as the text that it is.
      }
    }
    return new JsonPrimitive(value);
  }

  /** A file by its own name is often just model.onnx. */
  private static String label(Path file) {
    Path absolute = file.toAbsolutePath().normalize();
    int names = absolute.getNameCount();
    return absolute.subpath(Math.max(0, names - 2), names).toString();
  }

  private void draw(OnnxFile onnx, String source) throws IOException {
    Optional<GraphOutline> body = onnx.loopBody();
    String svg =
        body.isPresent()
            ? GraphDrawing.loop(body.get(), source, FileKind.repeated(onnx.metadata()))
            : GraphDrawing.svg(onnx.outline(), source);
    Outputs.makeFolderOf(graph);
    AtomicFile.write(graph, out -> out.write(svg.getBytes(StandardCharsets.UTF_8)));
    if (!json) {
      print("graph", graph.toString());
    }
  }

  private void draw(String source, Optional<SchedulerConfig> scheduler) throws IOException {
    NoiseSchedule schedule =
        scheduler
            .orElseThrow(
                () ->
                    new ModelFormatException(
                        source + ": expected a noise schedule to plot, found none in the file"))
            .noiseSchedule();
    LineChart chart =
        new LineChart("Noise schedule")
            .xLabel("timestep")
            .logY()
            .line("SNR", 0xE58A2B, timesteps(schedule), values(schedule, schedule::snr))
            .line(
                "alpha bar",
                0x1F4E8C,
                timesteps(schedule),
                values(schedule, schedule::alphaCumprod))
            .line("beta", 0x2E8B57, timesteps(schedule), values(schedule, schedule::beta));
    Outputs.makeFolderOf(plot);
    PngWriter.write(plot, chart.render(900, 500), Map.of("Source", source));
    if (!json) {
      print("plot", plot.toString());
    }
  }

  private static double[] timesteps(NoiseSchedule schedule) {
    return values(schedule, t -> t);
  }

  private static double[] values(NoiseSchedule schedule, IntToDoubleFunction value) {
    return IntStream.range(0, schedule.trainTimesteps()).mapToDouble(value).toArray();
  }
}
