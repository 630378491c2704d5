package io.ddpm4j.cli;

import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model file that is written beside its place, tried out there, and only then put in place: what
 * was there before stays until the new one is known to work.
 */
final class VerifiedOutput implements AutoCloseable {
  private final Path target;
  private final Path folder;

  VerifiedOutput(Path target) throws IOException {
    this.target = target;
    this.folder = Files.createTempDirectory(target.toAbsolutePath().getParent(), ".ddpm-");
  }

  /** Where to write the model. */
  Path path() {
    return folder.resolve(target.getFileName());
  }

  /** Puts the model in place. */
  void commit() throws IOException {
    if (files().size() == 1) {
      Files.move(
          path(), target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } else { // a file of data beside it, which the writer places and cleans up after
      OnnxWriter.write(OnnxReader.read(path()), target);
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** Deletes what was not put in place. */
  @Override
  public void close() throws IOException {
    for (Path file : files()) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(folder);
  }
}
