package io.ddpm4j.trainer.loop;

import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.report.HtmlReport;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Where the files of a run lie.
 *
 * <pre>
 * run.json               every hyperparameter (config.json in early versions)
 * dataset.json           name, size, classes and fingerprint of the data
 * metrics.csv            a row a step
 * loss.png               the loss curve
 * report.html            one page about the run
 * tensorboard/           event files for TensorBoard
 * samples/step-….png     sample grids
 * checkpoints/step-…/    see CheckpointStore
 * model.onnx             what {@code ddpm export} makes of it
 * .training.lock         held while the run trains
 * </pre>
 */
public record RunFolder(Path path) {
  private static final String CONFIG = "run.json";
  private static final String EARLY_CONFIG = "config.json";
  private static final Set<String> OWN =
      Set.of(
          CONFIG,
          EARLY_CONFIG,
          "dataset.json",
          "metrics.csv",
          "loss.png",
          "report.html",
          "tensorboard",
          "samples",
          "checkpoints",
          "model.onnx");

  /** The folder's own name, for what is shown of the run. */
  String name() {
    return nameOf(path);
  }

  /**
   * What a run is called after a file or folder: the last name of its path, or {@code run} where
   * the path is a root, which has none.
   */
  public static String nameOf(Path path) {
    Path name = path.toAbsolutePath().normalize().getFileName();
    return name == null ? "run" : name.toString();
  }

  /**
   * {@code run.json}: the {@link TrainConfig}. In the folder of a run that an early version began,
   * it is called {@code config.json}.
   */
  public Path config() {
    Path file = path.resolve(CONFIG);
    Path early = path.resolve(EARLY_CONFIG);
    return !Files.exists(file) && Files.exists(early) ? early : file;
  }

  /** {@code dataset.json}: name, size, classes and fingerprint of the data. */
  public Path dataset() {
    return path.resolve("dataset.json");
  }

  /** {@code metrics.csv}: a header, and a row a step. */
  public Path metrics() {
    return path.resolve("metrics.csv");
  }

  /** {@code loss.png}: the loss curve, drawn anew with every checkpoint. */
  public Path lossCurve() {
    return path.resolve("loss.png");
  }

  /** {@code report.html}: one page about the run, written anew with every checkpoint. */
  public Path report() {
    return path.resolve("report.html");
  }

  /** The folder {@code tensorboard}: event files; it need not be there. */
  public Path tensorboard() {
    return path.resolve("tensorboard");
  }

  /**
   * The sample grid of a step: {@code samples/step-00000500.png}.
   *
   * @param step steps done; of most steps there is none
   */
  public Path samples(long step) {
    return path.resolve("samples").resolve("step-%08d.png".formatted(step));
  }

  /** All sample grids, by step. */
  List<HtmlReport.Grid> allSamples() throws IOException {
    List<HtmlReport.Grid> grids = new ArrayList<>();
    Path samples = path.resolve("samples");
    if (Files.isDirectory(samples)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(samples, "step-*.png")) {
        for (Path file : files) {
          String digits = file.getFileName().toString().replaceAll("[^0-9]", "");
          if (digits.matches("[0-9]{1,18}")) {
            grids.add(new HtmlReport.Grid(Long.parseLong(digits), file));
          }
        }
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      }
    }
    grids.sort(Comparator.comparingLong(HtmlReport.Grid::step));
    return grids;
  }

  /** The folder {@code checkpoints}; it need not be there yet. */
  public CheckpointStore checkpoints() {
    return folder().checkpoints();
  }

  /**
   * The configuration of an existing run.
   *
   * @throws IOException if there is no run
   */
  public TrainConfig readConfig() throws IOException {
    if (!Files.isRegularFile(config())) {
      throw new IOException(
          path + ": expected the folder of a run with a run.json, found " + folder().lack());
    }
    try {
      return TrainConfig.fromJson(Files.readString(config()));
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw new IOException(config() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Refuses a folder in which a new run would write over a run's or anybody else's files. What a
   * run leaves that ended before its first checkpoint may be written over; hidden files are passed
   * over.
   */
  void requireFree() throws IOException {
    folder().requireFree(this::readConfig);
  }

  private TrainingFolder folder() {
    return new TrainingFolder(path, OWN);
  }

  void writeText(Path file, String text) throws IOException {
    TrainingFolder.writeText(file, text + "\n");
  }
}
