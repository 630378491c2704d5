package io.ddpm4j.cli;

import io.ddpm4j.exporter.proto.ModelParts;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.model.ModelFolder;
import io.ddpm4j.trainer.data.Sha256;
import io.ddpm4j.trainer.loop.RunExporter;
import io.ddpm4j.trainer.loop.RunSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The model that is evaluated: a file, or what a training run would be exported as.
 *
 * @param name for people, and for the folder of the results
 * @param path the file or folder; of a run its folder
 * @param bytes of the model that a run makes; null for a file
 * @param fingerprint the first 16 hexadecimal digits of its SHA-256, files beside it that hold its
 *     data included
 * @param inParts whether there are such files
 */
record EvaluatedModel(String name, Path path, byte[] bytes, String fingerprint, boolean inParts) {
  private static final int DIGITS = 16;

  /**
   * Finds it.
   *
   * @param said a path or the name of a shipped model; null for the default one
   */
  static EvaluatedModel of(String said) throws IOException {
    Optional<Path> run = said == null ? Optional.empty() : Models.run(said);
    if (run.isPresent() && !Files.exists(run.get().resolve(Models.FILE))) {
      Path folder = run.get();
      byte[] bytes =
          OnnxWriter.toBytes(RunExporter.model(RunSnapshot.newest(folder), OptionalDouble.empty()));
      MessageDigest digest = Sha256.digest();
      digest.update(bytes);
      return new EvaluatedModel(
          nameOf(folder), folder, bytes, shortened(Sha256.hex(digest)), false);
    }
    Path path = Models.resolve(said);
    Path file = Files.isDirectory(path) ? ModelFolder.of(path).model() : path;
    List<Path> parts = ModelParts.of(file);
    return new EvaluatedModel(
        nameOf(path), path, null, shortened(Sha256.of(parts)), parts.size() > 1);
  }

  private static String shortened(String hex) {
    return hex.substring(0, DIGITS);
  }

  /** Of models/emoji, or models/emoji/model.onnx: emoji; of emoji.onnx too. */
  static String nameOf(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    String last = String.valueOf(absolute.getFileName());
    if (last.equals(Models.FILE) && absolute.getParent().getFileName() != null) {
      return absolute.getParent().getFileName().toString();
    }
    return last.endsWith(".onnx") ? last.substring(0, last.length() - ".onnx".length()) : last;
  }

  /** Starts opening it. */
  DiffusionPipeline.Builder open() {
    return bytes == null
        ? DiffusionPipeline.open(path)
        : DiffusionPipeline.open(bytes, path.toString());
  }
}
