package io.ddpm4j.cli;

import io.ddpm4j.runtime.image.ArrayComparison;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.model.TensorSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs a model on arrays. */
@Command(
    name = "run",
    description = "Run any ONNX model once on NumPy arrays, and compare what comes out.",
    footer = {
      "",
      "Reads .npy files of numbers or truth values, in either byte order; another type than the",
      "input's is converted where that loses nothing. NAME= may be left out where there is only",
      "one input, or output. Close is what numpy.allclose calls so; if not, the exit code is 1.",
      "",
      "Examples:",
      "  ddpm run model.onnx --input sample=x.npy --input timestep=t.npy -o out.npy",
      "  ddpm run model.onnx --input sample=x.npy --input timestep=t.npy --expect y.npy --atol 1e-4"
    })
final class RunCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "ONNX file, a folder with a model.onnx, or the name of a shipped model.")
  private String file;

  @Option(
      names = "--input",
      paramLabel = "NAME=FILE",
      description =
          "A .npy file for an input; once for each (default: the inputs are listed, if there are"
              + " any).")
  private List<String> inputs = List.of();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "NAME=FILE",
      description =
          "Write an output as a .npy file (default: only its shape, least, mean and greatest"
              + " number are shown).")
  private List<String> outputs = List.of();

  @Option(
      names = "--expect",
      paramLabel = "NAME=FILE",
      description = "A .npy file with what an output should be (default: nothing is compared).")
  private List<String> expectations = List.of();

  @Option(
      names = "--atol",
      paramLabel = "X",
      converter = Numbers.Tolerance.class,
      defaultValue = "1e-5",
      description = "Difference that is allowed (default: ${DEFAULT-VALUE}).")
  private double atol;

  @Option(
      names = "--rtol",
      paramLabel = "X",
      converter = Numbers.Tolerance.class,
      defaultValue = "1e-5",
      description =
          "Beside it, this times the size of the expected number (default: ${DEFAULT-VALUE}).")
  private double rtol;

  @Mixin private final SessionOptions session = new SessionOptions();

  private final Terminal terminal;

  RunCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    SessionSettings settings = session.settings();
    try (OnnxModel model = OnnxModel.open(Models.resolve(file), settings)) {
      Map<String, Path> results = files("-o", outputs, names(model.outputs()));
      for (Path result : results.values()) {
        Outputs.requireFile("-o", result);
      }
      Map<String, NumpyArray> expected =
          read(files("--expect", expectations, names(model.outputs())));
      Map<String, NumpyArray> found = run(model);
      for (Map.Entry<String, NumpyArray> output : found.entrySet()) {
        show(output.getKey(), output.getValue());
      }
      write(found, results);
      compare(found, expected);
      return Main.OK;
    }
  }

  private Map<String, NumpyArray> run(OnnxModel model) throws IOException {
    Map<String, Path> given = files("--input", inputs, names(model.inputs()));
    List<TensorSpec> missing =
        model.inputs().stream().filter(input -> !given.containsKey(input.name())).toList();
    if (!missing.isEmpty()) {
      throw new UsageException(
          "expected --input NAME=FILE for every input of "
              + model.inputs()
              + ", found none for "
              + missing.stream().map(TensorSpec::name).collect(Collectors.joining(", ")));
    }
    return model.run(read(given));
  }

  private static List<String> names(List<TensorSpec> specs) {
    return specs.stream().map(TensorSpec::name).toList();
  }

  /**
   * Files by name of the input or output.
   *
   * @param given NAME=FILE, or FILE where there is one name
   */
  private static Map<String, Path> files(String option, List<String> given, List<String> names) {
    Map<String, Path> files = new LinkedHashMap<>();
    for (String text : given) {
      String name =
          names.stream()
              .filter(each -> text.startsWith(each + "="))
              .findFirst()
              .orElse(names.size() == 1 && !text.contains("=") ? names.get(0) : null);
      if (name == null) {
        throw new UsageException(
            "%s: expected NAME=FILE with a name of %s, found '%s'".formatted(option, names, text));
      }
      String file = text.startsWith(name + "=") ? text.substring(name.length() + 1) : text;
      if (file.isEmpty() || files.put(name, Path.of(file)) != null) {
        throw new UsageException(
            "%s: expected one file for %s, found %s"
                .formatted(option, name, file.isEmpty() ? "none" : "two"));
      }
    }
    return files;
  }

  private static Map<String, NumpyArray> read(Map<String, Path> files) throws IOException {
    Map<String, NumpyArray> arrays = new LinkedHashMap<>();
    for (Map.Entry<String, Path> file : files.entrySet()) {
      arrays.put(file.getKey(), NumpyArray.read(file.getValue()));
    }
    return arrays;
  }

  private void show(String name, NumpyArray array) {
    double least = Double.POSITIVE_INFINITY;
    double greatest = Double.NEGATIVE_INFINITY;
    double sum = 0;
    for (int i = 0; i < array.size(); i++) {
      double value = array.doubleAt(i);
      least = Math.min(least, value); // NaN wins
      greatest = Math.max(greatest, value);
      sum += value;
    }
    terminal.out().print(name + ": " + array);
    if (array.size() > 0) {
      terminal
          .out()
          .printf(Locale.ROOT, ", %.6g to %.6g, mean %.6g", least, greatest, sum / array.size());
    }
    terminal.out().println();
  }

  private void write(Map<String, NumpyArray> found, Map<String, Path> results) throws IOException {
    for (Map.Entry<String, Path> result : results.entrySet()) {
      Path path = result.getValue();
      Outputs.makeFolderOf(path);
      found.get(result.getKey()).write(path);
      terminal.out().printf("%s: %s%n", path, Outputs.size(path));
    }
  }

  /** Compares all, then fails if any is beyond the tolerance. */
  private void compare(Map<String, NumpyArray> found, Map<String, NumpyArray> expected)
      throws IOException {
    List<String> failures = new ArrayList<>();
    for (Map.Entry<String, NumpyArray> each : expected.entrySet()) {
      String name = each.getKey();
      ArrayComparison comparison;
      try {
        comparison = ArrayComparison.of(found.get(name), each.getValue(), rtol, atol);
      } catch (IllegalArgumentException e) {
        throw new IOException(name + ": " + e.getMessage(), e);
      }
      if (comparison.isClose()) {
        terminal.out().println(name + ": as expected, " + sentence(comparison));
      } else {
        failures.add(
            String.format(
                Locale.ROOT,
                "%s: expected at most %s + %s * |expected|, found %d of %d numbers beyond, %s",
                name,
                atol,
                rtol,
                comparison.beyond(),
                comparison.size(),
                sentence(comparison)));
      }
    }
    if (!failures.isEmpty()) {
      throw new IOException(String.join("; ", failures));
    }
  }

  private static String sentence(ArrayComparison comparison) {
    return comparison.size() == 0
        ? "no numbers"
        : String.format(
            Locale.ROOT,
            "largest difference %.3g at %s (%s in place of %s)",
            comparison.largest(),
            Arrays.toString(comparison.at()).replace(" ", ""),
            comparison.found(),
            comparison.expected());
  }
}
