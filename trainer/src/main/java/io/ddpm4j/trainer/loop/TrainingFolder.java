package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/**
 * A folder that a training, of whatever, has for itself.
 *
 * @param own the names of what a training writes into it
 */
public record TrainingFolder(Path path, Set<String> own) {
  /** The folder {@code checkpoints}; it need not be there yet. */
  public CheckpointStore checkpoints() {
    return new CheckpointStore(path.resolve("checkpoints"));
  }

  /** What is in the way of reading a configuration: a word for it. */
  public String lack() {
    return Files.isDirectory(path)
        ? "none in it"
        : Files.exists(path) ? "a file" : "no such folder";
  }

  /**
   * Refuses a folder in which a new run would write over a run's or anybody else's files. What a
   * run leaves that ended before its first checkpoint may be written over; hidden files are passed
   * over.
   *
   * @param config reads the configuration of such a run; fails if it is none or somebody else's
   * @throws IOException if it is not free
   */
  public void requireFree(Callable<?> config) throws IOException {
    if (checkpoints().latest().isPresent()) {
      throw new IOException(
          path
              + ": expected a folder without a run, found one with checkpoints; resume it or"
              + " choose another folder");
    }
    boolean begun = reads(config);
    for (String name : visibleNames()) {
      if (!begun || !own.contains(name)) {
        throw new IOException(
            path
                + ": expected an empty folder for a new run, found "
                + name
                + "; choose another folder");
      }
    }
  }

  private static boolean reads(Callable<?> config) {
    try {
      config.call();
      return true;
    } catch (Exception e) { // there is none, or somebody else's
      return false;
    }
  }

  private Set<String> visibleNames() throws IOException {
    Set<String> names = new TreeSet<>();
    if (Files.isDirectory(path)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        entries.forEach(entry -> names.add(entry.getFileName().toString()));
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      }
      names.removeIf(name -> name.startsWith("."));
    }
    return names;
  }

  /**
   * Writes a text file, whole or not at all.
   *
   * @throws IOException if that is impossible
   */
  public static void writeText(Path file, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }
}
