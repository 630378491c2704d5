package io.ddpm4j.cli;

import io.ddpm4j.exporter.Unfinished;
import io.ddpm4j.exporter.proto.OnnxFile;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model file that is written beside its place, tried out there, and only then put in place: what
 * was there before stays until the new one is known to work. Failures name the place.
 */
final class VerifiedOutput implements AutoCloseable {
  private final Path target;
  private final Path folder;
  private final OnnxWriter.Options options;

  VerifiedOutput(Path target, OnnxWriter.Options options) throws IOException {
    this.target = target;
    this.options = options;
    Path parent = target.toAbsolutePath().getParent();
    this.folder = Unfinished.begin(() -> Files.createTempDirectory(parent, ".ddpm-"));
  }

  /** Of the same name as in its place: a file of data beside it has its name from there. */
  private Path path() {
    return folder.resolve(target.getFileName());
  }

  /** Writes the model. */
  void write(OnnxModel model) throws IOException {
    named(
        () -> {
          OnnxWriter.write(model, path(), options);
          return "";
        });
  }

  /** Writes a model as it was read. */
  void write(OnnxFile model) throws IOException {
    named(
        () -> {
          OnnxWriter.write(model, path(), options);
          return "";
        });
  }

  /** Tries the model out; what the trial says of it. */
  String check(ModelTrial trial) throws IOException {
    return named(() -> trial.of(path()));
  }

  /** How large it is, for people. */
  String size() throws IOException {
    long model = Files.size(path());
    long data = -model;
    for (Path file : files()) {
      data += Files.size(file);
    }
    return data == 0
        ? Outputs.bytes(model)
        : Outputs.bytes(model) + ", and " + Outputs.bytes(data) + " of data beside it";
  }

  /** Puts the model in place. */
  void commit() throws IOException {
    Unfinished.together(
        () -> {
          OnnxWriter.move(path(), target);
          close();
        });
  }

  private interface Step {
    String take() throws IOException;
  }

  private String named(Step step) throws IOException {
    try {
      return step.take();
    } catch (IOException | IllegalStateException e) { // the second from ONNX Runtime
      String message = String.valueOf(e.getMessage());
      if (!message.contains(path().toString())) {
        throw e;
      }
      throw new IOException(message.replace(path().toString(), target.toString()), e);
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** Deletes what was not put in place. Idempotent. */
  @Override
  public void close() throws IOException {
    if (Files.exists(folder)) {
      for (Path file : files()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    }
    Unfinished.end(folder);
  }
}
