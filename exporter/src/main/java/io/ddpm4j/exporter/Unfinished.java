package io.ddpm4j.exporter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The files and folders of this process that have temporary names: whoever ends it in between, as
 * Ctrl-C does, deletes them here, since {@code finally} does not run then. Thread-safe.
 */
public final class Unfinished {
  private static final Set<Path> PATHS = new LinkedHashSet<>(); // guarded by the class

  private Unfinished() {}

  /** Makes a file or a folder. */
  @FunctionalInterface
  public interface Maker {
    /** Makes it; returns where it is. */
    Path make() throws IOException;
  }

  /** Puts files in place. */
  @FunctionalInterface
  public interface Move {
    /** Moves all of them. */
    void take() throws IOException;
  }

  /** Makes a file or a folder, which is unfinished until {@link #end}. */
  public static synchronized Path begin(Maker maker) throws IOException {
    Path path = maker.make();
    PATHS.add(path);
    return path;
  }

  /** Forgets a file or a folder that was moved or deleted; one that is not known is none. */
  public static synchronized void end(Path path) {
    PATHS.remove(path);
  }

  /** Takes steps between which {@link #deleteAll} does not come, such as the moves of two files. */
  public static synchronized void together(Move move) throws IOException {
    move.take();
  }

  /** What is done after everything was deleted. */
  @FunctionalInterface
  public interface Then {
    /**
     * Ends the process.
     *
     * @param deleted whether there was anything unfinished
     */
    void end(boolean deleted);
  }

  /**
   * Deletes all that is unfinished. Other threads can begin and finish nothing meanwhile, nor until
   * {@code then} has returned.
   */
  public static synchronized void deleteAll(Then then) {
    List<Path> newestFirst = new ArrayList<>(PATHS);
    Collections.reverse(newestFirst);
    newestFirst.forEach(Unfinished::delete);
    PATHS.clear();
    then.end(!newestFirst.isEmpty());
  }

  private static void delete(Path path) {
    try (Stream<Path> inside = Files.walk(path)) {
      for (Path each : inside.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    } catch (IOException | RuntimeException e) {
      // It is not there any more, or cannot be deleted: the process ends all the same.
    }
  }
}
