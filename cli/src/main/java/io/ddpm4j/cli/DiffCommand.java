package io.ddpm4j.cli;

import io.ddpm4j.exporter.compare.WeightComparison;
import io.ddpm4j.exporter.loop.LoopModel;
import io.ddpm4j.exporter.proto.ModelSummary;
import io.ddpm4j.exporter.proto.OnnxFile;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.PredictionComparison;
import io.ddpm4j.runtime.image.ArrayComparison;
import io.ddpm4j.runtime.model.ModelFolder;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.ModelSignature;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.DoubleStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares two models. */
@Command(
    name = "diff",
    description = "Compare two models: tensor by tensor, and what they predict or make.",
    footer = {
      "",
      "The exit code is 0 where both predict the same within the tolerance, otherwise 1. Files",
      "that hold a whole sampling loop are asked for images of the same noise. Other models, which",
      "are not run, are the same where all tensors and operators are equal. What cannot be",
      "compared is not the same.",
      "",
      "Examples:",
      "  ddpm diff model.onnx converted.onnx",
      "  ddpm diff model.onnx half.onnx --atol 0.01 -n 8"
    })
final class DiffCommand implements Callable<Integer> {
  private static final String MODEL =
      "ONNX file, a folder with a model.onnx or of diffusers, or the name of a shipped model.";
  private static final int OTHER_TIMESTEPS = 1000; // of models that do not tell their own
  private static final int QUARTERS = 4;

  @Parameters(index = "0", paramLabel = "A", description = MODEL)
  private String first;

  @Parameters(index = "1", paramLabel = "B", description = MODEL)
  private String second;

  @Option(
      names = {"-n", "--images"},
      paramLabel = "N",
      converter = Numbers.Positive.class,
      defaultValue = "2",
      description = "Images that both are asked about (default: ${DEFAULT-VALUE}).")
  private int images;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the noise (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--timesteps",
      paramLabel = "T[,T...]",
      split = ",",
      converter = Numbers.Tolerance.class,
      description =
          "At which both are asked (default: the first, the last, and three between them).")
  private List<Double> timesteps;

  @Option(
      names = "--atol",
      paramLabel = "X",
      converter = Numbers.Tolerance.class,
      defaultValue = "1e-4",
      description =
          "Difference that is allowed in a prediction or an image (default: ${DEFAULT-VALUE}).")
  private double atol;

  @Option(
      names = "--rtol",
      paramLabel = "X",
      converter = Numbers.Tolerance.class,
      defaultValue = "1e-4",
      description = "Beside it, this times the size of A's number (default: ${DEFAULT-VALUE}).")
  private double rtol;

  @Option(
      names = "--top",
      paramLabel = "N",
      converter = Numbers.NotNegative.class,
      defaultValue = "10",
      description =
          "Tensors that are listed of each kind of difference, the largest first (default:"
              + " ${DEFAULT-VALUE}).")
  private int top;

  @Mixin private final SessionOptions session = new SessionOptions();

  private final Terminal terminal;

  DiffCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    Path a = Models.resolve(first);
    Path b = Models.resolve(second);
    OnnxFile fileA = read(a);
    OnnxFile fileB = read(b);
    showFile("A", fileA.summary());
    showFile("B", fileB.summary());
    showMetadata(fileA.metadata(), fileB.metadata());
    WeightComparison weights = WeightComparison.of(fileA.constants(), fileB.constants());
    WeightsText.lines(weights, top).forEach(terminal.out()::println);
    SessionSettings settings = session.settings();
    if (isLoop(fileA) || isLoop(fileB)) {
      compareLoops(a, b, fileA, fileB, settings);
      return Main.OK;
    }
    Set<String> logged = new HashSet<>(fileA.outline().loggedInputs());
    logged.addAll(fileB.outline().loggedInputs());
    try (OnnxEpsilonModel modelA = predictor(a, settings);
        OnnxEpsilonModel modelB = modelA == null ? null : predictor(b, settings)) {
      if (modelB != null) {
        comparePredictions(modelA, modelB, logged);
      } else {
        comparePrograms(fileA, fileB, weights);
      }
    }
    return Main.OK;
  }

  private static boolean isLoop(OnnxFile file) {
    return LoopModel.description(file.metadata()) != null;
  }

  private static OnnxFile read(Path path) throws IOException {
    return OnnxReader.read(Files.isDirectory(path) ? ModelFolder.of(path).model() : path);
  }

  private void showFile(String key, ModelSummary summary) {
    int nodes = summary.operators().values().stream().mapToInt(Integer::intValue).sum();
    say(
        "%s: %s, %s, opset %s, %d operators, %,d parameters",
        key,
        summary.source(),
        Outputs.bytes(summary.fileBytes()),
        summary.opsets().getOrDefault("ai.onnx", 0L),
        nodes,
        summary.parameters());
  }

  private void showMetadata(Map<String, String> a, Map<String, String> b) {
    List<String> keys = new ArrayList<>(a.keySet());
    b.keySet().stream().filter(key -> !a.containsKey(key)).forEach(keys::add);
    keys.removeIf(key -> a.getOrDefault(key, "").equals(b.getOrDefault(key, "")));
    if (!keys.isEmpty()) {
      say("metadata that differ: %s", String.join(", ", keys));
    }
  }

  private void compareLoops(
      Path a, Path b, OnnxFile fileA, OnnxFile fileB, SessionSettings settings) throws IOException {
    if (isLoop(fileA) != isLoop(fileB)) {
      throw new IOException(
          "%s and %s: expected two models of one kind, found a whole sampling loop and a file that is none"
              .formatted(a, b));
    }
    ArrayComparison images;
    try (OnnxModel modelA = OnnxModel.open(a, settings);
        OnnxModel modelB = OnnxModel.open(b, settings)) {
      images =
          LoopComparison.of(
              new LoopComparison.Side(modelA, ModelMetadata.parse(a.toString(), fileA.metadata())),
              new LoopComparison.Side(modelB, ModelMetadata.parse(b.toString(), fileB.metadata())),
              seed,
              this.images,
              rtol,
              atol);
    }
    say(
        "images: largest difference %.3g at %s (%s in A, %s in B)",
        images.largest(),
        Arrays.toString(images.at()).replace(" ", ""),
        Numbers.plain(images.expected()),
        Numbers.plain(images.found()));
    if (!images.isClose()) {
      throw new IOException(
          "%s and %s: expected images within %s + %s * |A| (bytes within 1), found %d of %d numbers beyond"
              .formatted(a, b, atol, rtol, images.beyond(), images.size()));
    }
    say("both make the same images of seed %d", seed);
  }

  /** Of models that nobody knows how to ask: the same if they do the same with the same numbers. */
  private void comparePrograms(OnnxFile a, OnnxFile b, WeightComparison weights)
      throws IOException {
    List<String> first = a.program();
    List<String> second = b.program();
    int line = 0;
    while (line < Math.min(first.size(), second.size())
        && first.get(line).equals(second.get(line))) {
      line++;
    }
    boolean same = line == first.size() && line == second.size();
    if (!same) {
      say("operators: the first that differ are");
      say("  A: %s", line < first.size() ? first.get(line).strip() : "none");
      say("  B: %s", line < second.size() ? second.get(line).strip() : "none");
    }
    if (!same || !weights.isSame()) {
      throw new IOException(
          "%s and %s: expected equal tensors and operators, found others"
              .formatted(a.summary().source(), b.summary().source()));
    }
    say("both have the same tensors and operators");
  }

  /** The model; null, which is said, where it is no noise predictor. */
  private OnnxEpsilonModel predictor(Path path, SessionSettings settings) throws IOException {
    try {
      return OnnxEpsilonModel.open(path, settings);
    } catch (ModelFormatException e) {
      say("predictions are not compared: %s", e.getMessage());
      return null;
    }
  }

  /**
   * Compares.
   *
   * @param logged inputs of which a network takes the logarithm, which must be above 0
   */
  private void comparePredictions(OnnxEpsilonModel a, OnnxEpsilonModel b, Set<String> logged)
      throws IOException {
    List<ModelSignature> both = List.of(a.signature(), b.signature());
    boolean time = both.stream().anyMatch(one -> logged.contains(one.timestep().name()));
    boolean label =
        both.stream()
            .flatMap(one -> one.classLabels().stream())
            .anyMatch(spec -> logged.contains(spec.name()));
    PredictionComparison.Inputs inputs =
        new PredictionComparison.Inputs(seed, timesteps(a, b, time ? 1 : 0), label ? 1 : 0);
    PredictionComparison comparison;
    try {
      comparison =
          PredictionComparison.of(
              a, b, new PredictionComparison.Request(images, inputs, atol, rtol));
    } catch (IllegalArgumentException e) {
      throw new IOException(a.name() + " and " + b.name() + ": " + e.getMessage(), e);
    }
    for (PredictionComparison.Row row : comparison.rows()) {
      say(
          "t = %s: largest difference %.3g, mean %.3g, of predictions of size %.3g",
          Numbers.plain(row.timestep()), row.largest(), row.mean(), row.scale());
    }
    if (!comparison.isClose()) {
      double largest =
          comparison.rows().stream().mapToDouble(PredictionComparison.Row::largest).max().orElse(0);
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s and %s: expected predictions within %s + %s * |A|, found differences up to %.3g",
              a.name(),
              b.name(),
              atol,
              rtol,
              largest));
    }
    say("both predict the same");
  }

  private List<Double> timesteps(OnnxEpsilonModel a, OnnxEpsilonModel b, int first) {
    if (timesteps != null) {
      if (first > 0 && timesteps.contains(0.0)) {
        throw new UsageException(
            "--timesteps: expected numbers above 0 for a network that takes their logarithm,"
                + " found 0");
      }
      double largest = Collections.max(timesteps);
      if (largest >= rows(a, b)) {
        throw new UsageException(
            "--timesteps: expected numbers below %d, as many as the network has learned a vector for, found %s"
                .formatted(rows(a, b), Numbers.plain(largest)));
      }
      return timesteps;
    }
    int trained =
        a.metadata()
            .scheduler()
            .or(() -> b.metadata().scheduler())
            .map(SchedulerConfig::trainTimesteps)
            .orElse(OTHER_TIMESTEPS);
    int last = Math.min(trained, rows(a, b)) - 1;
    return DoubleStream.iterate(0, k -> k + 1)
        .limit(QUARTERS + 1)
        .map(k -> Math.max(first, Math.rint(k * last / QUARTERS)))
        .distinct()
        .boxed()
        .toList();
  }

  /** How many timesteps both networks know; a great many where they take any. */
  private static int rows(OnnxEpsilonModel a, OnnxEpsilonModel b) {
    return Math.min(
        a.metadata().timestepRows().orElse(Integer.MAX_VALUE),
        b.metadata().timestepRows().orElse(Integer.MAX_VALUE));
  }

  private void say(String format, Object... arguments) {
    terminal.out().println(String.format(Locale.ROOT, format, arguments));
  }
}
