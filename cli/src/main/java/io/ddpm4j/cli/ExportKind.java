package io.ddpm4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * One kind of thing that {@code export} writes, with the options of its own. {@link ExportCommand}
 * lists them all; the first that is wanted is written.
 */
interface ExportKind {
  /** The option that asks for it. */
  String option();

  /** Whether the user asks for it. */
  boolean isWanted();

  /** Every option that means something to it; the others are refused beside {@link #option}. */
  Set<String> options();

  /**
   * Refuses files that cannot be written, before anything is read.
   *
   * @param output of {@code -o}
   */
  void requireFiles(Optional<Path> output) throws IOException;

  /**
   * Writes it, and says so.
   *
   * @throws UsageException if an option does not suit the source
   * @throws IOException if the source cannot be read or a file cannot be written
   */
  void write(ExportRequest request) throws IOException;
}
