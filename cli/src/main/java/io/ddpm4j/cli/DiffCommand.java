package io.ddpm4j.cli;

import io.ddpm4j.exporter.compare.TensorDifference;
import io.ddpm4j.exporter.compare.WeightComparison;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.proto.ModelSummary;
import io.ddpm4j.exporter.proto.OnnxFile;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.PredictionComparison;
import io.ddpm4j.runtime.model.ModelFolder;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.runtime.model.ModelSignature;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares two models. */
@Command(
    name = "diff",
    description = "Compare two models: tensor by tensor, and what they predict.",
    footer = {
      "",
      "The exit code is 0 where both predict the same within the tolerance, otherwise 1. Models",
      "that are no noise predictors are the same where their tensors are equal.",
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
      description = "Images of noise that both are asked about (default: ${DEFAULT-VALUE}).")
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
      description = "Difference that is allowed in a prediction (default: ${DEFAULT-VALUE}).")
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
    WeightComparison weights = WeightComparison.of(fileA.initializers(), fileB.initializers());
    showWeights(weights);
    SessionSettings settings = session.settings();
    Set<String> logged = new HashSet<>(fileA.outline().loggedInputs());
    logged.addAll(fileB.outline().loggedInputs());
    try (OnnxEpsilonModel modelA = predictor(a, settings);
        OnnxEpsilonModel modelB = modelA == null ? null : predictor(b, settings)) {
      if (modelB != null) {
        comparePredictions(modelA, modelB, logged);
      } else if (!weights.isSame()) {
        throw new IOException(a + " and " + b + ": expected equal tensors, found others");
      }
    }
    return Main.OK;
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

  private void showWeights(WeightComparison weights) {
    say(
        "tensors: %d equal, %d of equal content under another name, %d with other numbers,"
            + " %d of another shape, %d only in A, %d only in B",
        weights.equal(),
        weights.renamed().size(),
        weights.differing().size(),
        weights.reshaped().size(),
        weights.onlyFirst().size(),
        weights.onlySecond().size());
    List<TensorDifference> worst = new ArrayList<>(weights.differing());
    worst.sort(Comparator.comparingDouble(TensorDifference::relative).reversed()); // NaN first
    list(
        worst,
        d ->
            String.format(
                Locale.ROOT,
                "%s %s: largest difference %.3g at %s, %.3g of its norm",
                d.name(),
                d.first().equals(d.second())
                    ? text(d.first())
                    : text(d.first()) + " and " + text(d.second()),
                d.largest(),
                Arrays.toString(d.at()).replace(" ", ""),
                d.relative()));
    list(
        weights.reshaped(),
        r -> r.name() + ": " + text(r.first()) + " in A, " + text(r.second()) + " in B");
    list(
        List.copyOf(weights.onlyFirst().entrySet()),
        e -> "only in A: " + e.getKey() + " " + text(e.getValue()));
    list(
        List.copyOf(weights.onlySecond().entrySet()),
        e -> "only in B: " + e.getKey() + " " + text(e.getValue()));
  }

  /** As {@code ddpm inspect} writes types. */
  private static String text(TensorType type) {
    return type.dataType().name().toLowerCase(Locale.ROOT) + type.shape();
  }

  private <T> void list(List<T> all, Function<T, String> words) {
    all.stream().limit(top).forEach(each -> say("  %s", words.apply(each)));
    if (all.size() > top) {
      say("  ... and %d more", all.size() - top);
    }
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
