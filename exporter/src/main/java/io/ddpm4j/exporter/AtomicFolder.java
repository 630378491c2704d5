package io.ddpm4j.exporter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * A folder that appears whole or not at all: it is filled under a temporary name beside its place,
 * and then moved there. Folders with something in them are never replaced.
 */
public final class AtomicFolder {
  private static final AtomicLong COUNTER = new AtomicLong();

  private AtomicFolder() {}

  /** Fills a folder. */
  @FunctionalInterface
  public interface Content {
    /** Writes all files into an empty folder, of another name than it will have. */
    void writeTo(Path folder) throws IOException;
  }

  /**
   * Refuses a folder that {@link #write} would refuse for what is there already.
   *
   * @throws IOException in one sentence that names the folder
   */
  public static void requireNew(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    if (!Files.isDirectory(folder)) {
      throw new IOException(folder + ": expected a new or an empty folder, found a file");
    }
    try (Stream<Path> inside = Files.list(folder)) {
      List<String> found =
          inside.map(path -> path.getFileName().toString()).sorted().limit(1).toList();
      if (!found.isEmpty()) {
        throw new IOException(
            folder + ": expected a new or an empty folder, found " + found.get(0) + " in it");
      }
    }
  }

  /**
   * Makes a folder, and those that it lies in.
   *
   * @param target a folder that is not there, or has nothing in it
   * @throws IOException if that is impossible, with nothing left behind; the message is one
   *     sentence that names a file or a folder
   */
  public static void write(Path target, Content content) throws IOException {
    requireNew(target);
    Path absolute = target.toAbsolutePath().normalize();
    if (absolute.getFileName() == null) {
      throw new IOException(target + ": expected a folder that can be made, found a root");
    }
    String unique = ProcessHandle.current().pid() + "-" + COUNTER.getAndIncrement();
    Path temporary = absolute.resolveSibling("." + absolute.getFileName() + "." + unique + ".tmp");
    Files.createDirectories(absolute.getParent());
    Unfinished.begin(() -> Files.createDirectory(temporary));
    try {
      content.writeTo(temporary);
      Unfinished.together(
          () -> {
            Files.deleteIfExists(absolute); // an empty one
            Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
            Unfinished.end(temporary);
          });
    } finally {
      delete(temporary);
      Unfinished.end(temporary);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> inside = Files.walk(folder)) {
        for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
