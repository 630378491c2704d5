package io.ddpm4j.cli;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxFile;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.model.ModelFolder;
import io.ddpm4j.trainer.loop.RunExporter;
import io.ddpm4j.trainer.loop.RunSnapshot;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** What {@code export} reads: a training run at one step, or a model. */
sealed interface ExportSource {
  /** The model as a graph. */
  OnnxModel model() throws IOException;

  /** What the model's file says of itself, and its constants by name. */
  Described described() throws IOException;

  /**
   * A model without its operators, whatever these are.
   *
   * @param constants by name, weights among them
   */
  record Described(Map<String, String> metadata, Map<String, TensorData> constants) {}

  /**
   * A run at one step.
   *
   * @param folder of the run
   * @param ema decay of the average that makes the model; empty for the run's first
   */
  record Run(Path folder, RunSnapshot snapshot, OptionalDouble ema) implements ExportSource {
    @Override
    public OnnxModel model() throws IOException {
      try {
        return RunExporter.model(snapshot, ema);
      } catch (IllegalArgumentException e) { // names the option
        throw new UsageException(e.getMessage());
      }
    }

    @Override
    public Described described() throws IOException {
      OnnxModel model = model();
      Map<String, TensorData> constants = new LinkedHashMap<>();
      model.graph().constants().forEach(c -> constants.put(c.name(), c.data().orElseThrow()));
      return new Described(model.metadata(), constants);
    }

    @Override
    public String toString() {
      return folder + " after step " + snapshot.step();
    }
  }

  /**
   * A model.
   *
   * @param onnx its file, of any operators
   */
  record Model(Path file, OnnxFile onnx) implements ExportSource {
    @Override
    public OnnxModel model() throws IOException {
      return onnx.toModel();
    }

    @Override
    public Described described() throws IOException {
      return new Described(onnx.metadata(), onnx.initializers());
    }

    @Override
    public String toString() {
      return file.toString();
    }
  }

  /**
   * Finds and reads a source.
   *
   * @param name of a run's folder, of a model or its folder, or of a shipped model
   * @param options of a run, which are refused for a model
   * @throws IOException if there is neither; the message is one sentence
   */
  static ExportSource of(String name, RunOptions options) throws IOException {
    Optional<Path> run = Models.run(name);
    if (run.isPresent()) {
      Path folder = run.get();
      return new Run(folder, options.snapshot(folder), options.ema());
    }
    Path path = Models.resolve(name);
    options.refuseFor(path);
    Path file = Files.isDirectory(path) ? inFolder(path) : path;
    return new Model(file, OnnxReader.read(file));
  }

  private static Path inFolder(Path folder) throws IOException {
    try {
      return ModelFolder.of(folder).model();
    } catch (FileNotFoundException e) {
      throw new IOException(e.getMessage() + "; nor is it that of a training run", e);
    }
  }
}
