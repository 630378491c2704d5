package io.ddpm4j.cli;

import io.ddpm4j.runtime.image.ArrayComparison;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.model.TensorSpec;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Tries a model file out before anybody relies on it. */
final class VerifyOptions {
  private static final int OTHER_SIZE = 1; // of an input whose extent the file leaves open
  private static final List<String> OUTPUTS = List.of("output_f64.npy", "output.npy");

  @Option(
      names = "--verify",
      paramLabel = "FOLDER",
      description =
          "Compare with what the network computed elsewhere: sample.npy, timestep.npy, of a"
              + " conditional one class_labels.npy, and output.npy or output_f64.npy (default: the"
              + " model is loaded and run once).")
  private Path folder;

  @Option(
      names = "--atol",
      paramLabel = "X",
      converter = Numbers.Tolerance.class,
      defaultValue = "1e-4",
      description = "Difference from --verify that is allowed (default: ${DEFAULT-VALUE}).")
  private double atol;

  @Option(
      names = "--rtol",
      paramLabel = "X",
      converter = Numbers.Tolerance.class,
      defaultValue = "1e-4",
      description =
          "Beside it, this times the size of the expected number (default: ${DEFAULT-VALUE}).")
  private double rtol;

  /** Refuses a folder without the files, before the work that would be lost. */
  void requireFiles() throws IOException {
    if (folder == null) {
      return;
    }
    if (!Files.isRegularFile(folder.resolve("sample.npy")) || expected().isEmpty()) {
      throw new FileNotFoundException(
          "--verify " + folder + ": expected sample.npy and output.npy in it, found not both");
    }
  }

  private List<Path> expected() {
    return Stream.of(OUTPUTS.toArray(String[]::new))
        .map(folder::resolve)
        .filter(Files::isRegularFile)
        .toList();
  }

  /**
   * Runs the model.
   *
   * @return a sentence about it
   * @throws IOException if it does not run, or computes something else
   */
  String check(Path file) throws IOException {
    try (OnnxModel model = OnnxModel.open(file, SessionSettings.defaults())) {
      Map<String, NumpyArray> inputs = new LinkedHashMap<>();
      for (TensorSpec spec : model.inputs()) {
        inputs.put(spec.name(), folder == null ? zeros(spec) : stored(spec));
      }
      NumpyArray found = model.run(inputs).get(model.outputs().get(0).name());
      for (int i = 0; i < found.size(); i++) {
        if (!Double.isFinite(found.doubleAt(i))) {
          throw new IOException(
              "expected finite predictions, found " + found.doubleAt(i) + " in the output");
        }
      }
      return folder == null ? "runs: " + found : compare(found);
    }
  }

  private NumpyArray stored(TensorSpec spec) throws IOException {
    Path array = folder.resolve(spec.name() + ".npy");
    if (!Files.isRegularFile(array)) {
      throw new FileNotFoundException(
          "--verify " + folder + ": expected " + array.getFileName() + " in it, found none");
    }
    return NumpyArray.read(array);
  }

  private static NumpyArray zeros(TensorSpec spec) {
    long[] shape =
        spec.shape().stream().mapToLong(extent -> extent < 0 ? OTHER_SIZE : extent).toArray();
    int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return spec.isFloat()
        ? NumpyArray.of(new float[size], shape)
        : NumpyArray.of(new long[size], shape);
  }

  private String compare(NumpyArray found) throws IOException {
    Path file = expected().get(0);
    ArrayComparison comparison;
    try {
      comparison = ArrayComparison.of(found, NumpyArray.read(file), rtol, atol);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
    if (!comparison.isClose()) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s: expected at most %s + %s * |expected|, found %d of %d numbers beyond, the"
                  + " largest difference %.3g",
              file,
              atol,
              rtol,
              comparison.beyond(),
              comparison.size(),
              comparison.largest()));
    }
    return String.format(
        Locale.ROOT, "agrees with %s: largest difference %.3g", file, comparison.largest());
  }
}
