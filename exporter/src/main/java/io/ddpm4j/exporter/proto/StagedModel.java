package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.exporter.Unfinished;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;

/**
 * A model and the data file that it names, written beside their places. The data file is named by
 * its content, {@code m.onnx.1a2b3c4d.data}, so that the old model keeps its own data until the new
 * one is in place: wherever the process ends, the model that is there names the data it was written
 * with.
 */
final class StagedModel implements AutoCloseable {
  private final Path file;
  private final Path dataFile; // null where all data are inside the model
  private final AtomicFile data;
  private final AtomicFile model;
  private boolean dataIsNew;
  private boolean committed;

  private StagedModel(Path file, Path dataFile, AtomicFile data, AtomicFile model) {
    this.file = file;
    this.dataFile = dataFile;
    this.data = data;
    this.model = model;
  }

  /**
   * Puts a model and its data in place of what is there.
   *
   * @param external may be empty
   * @throws IOException if that is impossible; the message is one sentence that names the file
   */
  static void write(ModelProto proto, ExternalData external, Path file) throws IOException {
    try (StagedModel staged = stage(proto, external, file)) {
      Unfinished.together(
          () -> {
            staged.commitData(); // first: a model must never name data that are not there
            staged.commitModel();
          });
    }
  }

  /** Puts a model that has all its data inside in place of what is there. */
  static void write(EncodedModel model, Path file) throws IOException {
    try (StagedModel staged = stage(model, file)) {
      staged.commitModel();
    }
  }

  private static StagedModel stage(EncodedModel model, Path file) throws IOException {
    return new StagedModel(file, null, null, AtomicFile.stage(file, model::writeTo));
  }

  static StagedModel stage(ModelProto proto, ExternalData external, Path file) throws IOException {
    if (external.isEmpty()) {
      return stage(EncodedModel.of(proto), file);
    }
    String name = file.getFileName() + "." + hash(external) + ".data";
    Path dataFile = file.resolveSibling(name);
    ModelProto named = external.named(proto, name);
    AtomicFile data = AtomicFile.stage(dataFile, external::writeTo);
    try {
      return new StagedModel(
          file, dataFile, data, AtomicFile.stage(file, EncodedModel.of(named)::writeTo));
    } catch (IOException | RuntimeException | Error e) {
      data.close();
      throw e;
    }
  }

  private static String hash(ExternalData external) throws IOException {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      external.writeTo(new DigestOutputStream(OutputStream.nullOutputStream(), sha256));
      return HexFormat.of().formatHex(sha256.digest(), 0, 4);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has SHA-256
    }
  }

  void commitData() throws IOException {
    if (data != null) {
      dataIsNew = Files.notExists(dataFile);
      data.commit();
    }
  }

  void commitModel() throws IOException {
    DataFiles old = DataFiles.of(file);
    model.commit();
    committed = true;
    old.deleteBut(dataFile == null ? Set.of() : Set.of(dataFile));
  }

  /** Deletes what was not committed, and data whose model was not. Idempotent. */
  @Override
  public void close() {
    model.close();
    if (data != null) {
      data.close();
      if (dataIsNew && !committed) {
        dataIsNew = false;
        try {
          Files.deleteIfExists(dataFile);
        } catch (IOException e) {
          // The error that led here matters more.
        }
      }
    }
  }
}
