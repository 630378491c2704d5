package io.ddpm4j.cli;

import io.ddpm4j.exporter.transform.ModelForm.Weights;
import io.ddpm4j.runtime.image.ArrayComparison;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.SessionSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** How a model file is tried out before anybody relies on it. */
final class VerifyOptions {
  /** What is allowed, absolutely and of the expected number, where nothing is said. */
  private static final Map<Weights, Double> TOLERANCES =
      Map.of(Weights.UNCHANGED, 1e-4, Weights.FLOAT16, 2e-2, Weights.INT8, 1e-1);

  private static final Map<Weights, String> NAMES =
      Map.of(Weights.UNCHANGED, "", Weights.FLOAT16, " for float16", Weights.INT8, " for int8");

  private static final String DEFAULTS = "(default: 1e-4, with --fp16 2e-2, with --int8 1e-1).";

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
      description = "Difference from --verify that is allowed " + DEFAULTS)
  private Double atol;

  @Option(
      names = "--rtol",
      paramLabel = "X",
      converter = Numbers.Tolerance.class,
      description = "Beside it, this times the size of the expected number " + DEFAULTS)
  private Double rtol;

  /** Refuses a folder without the files, before the work that would be lost. */
  void requireFiles() throws IOException {
    if (folder != null) {
      new StoredPrediction(folder).requireFiles();
    }
  }

  /**
   * The trial that is asked for.
   *
   * @param weights of the model, which say how exact it can be
   */
  ModelTrial trial(Weights weights) {
    return folder == null ? ModelTrial.once() : file -> compared(file, weights);
  }

  private String compared(Path file, Weights weights) throws IOException {
    StoredPrediction stored = new StoredPrediction(folder);
    double absolute = atol == null ? TOLERANCES.get(weights) : atol;
    double relative = rtol == null ? TOLERANCES.get(weights) : rtol;
    ArrayComparison comparison;
    try (OnnxModel model = OnnxModel.open(file, SessionSettings.forTrial())) {
      comparison =
          ArrayComparison.of(
              stored.predictedBy(model), NumpyArray.read(stored.output()), relative, absolute);
    } catch (IllegalArgumentException e) {
      throw new IOException("--verify " + folder + ": " + e.getMessage(), e);
    }
    String allowed =
        Numbers.plain(absolute)
            + " + "
            + Numbers.plain(relative)
            + " * |expected|"
            + NAMES.get(weights);
    if (!comparison.isClose()) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s: expected at most %s, found %d of %d numbers beyond, the largest difference %.3g",
              stored.output(),
              allowed,
              comparison.beyond(),
              comparison.size(),
              comparison.largest()));
    }
    return String.format(
        Locale.ROOT,
        "agrees with %s: largest difference %.3g, allowed %s",
        stored.output(),
        comparison.largest(),
        allowed);
  }
}
