package io.ddpm4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Files that a command is going to write. */
final class Outputs {
  private Outputs() {}

  /** Refuses a file that cannot be written, before the work that would be lost. */
  static void requireFile(String option, Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(option + " " + file + ": expected a file to write, found a folder");
    }
    requireFolder(option, file, file.toAbsolutePath().getParent());
  }

  /** Refuses a folder in which nothing can be written; it need not exist yet. */
  static void requireFolder(String option, Path folder) throws IOException {
    requireFolder(option, folder, folder.toAbsolutePath());
  }

  private static void requireFolder(String option, Path named, Path folder) throws IOException {
    Path existing = folder;
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (existing == null || !Files.isDirectory(existing)) {
      throw new IOException(
          option + " " + named + ": cannot be written, " + existing + " is no folder");
    }
    if (!Files.isWritable(existing)) {
      throw new IOException(
          option + " " + named + ": cannot be written, permission denied in " + existing);
    }
  }

  /** Makes the folder of a file that is written next. */
  static void makeFolderOf(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder)) { // a link to a folder is one
      Files.createDirectories(folder);
    }
  }

  /** The size of a file for people. */
  static String size(Path file) throws IOException {
    return bytes(Files.size(file));
  }

  /** 512 B, 12.3 KB, 4.6 MB. */
  static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    return bytes < 1_000_000
        ? String.format(Locale.ROOT, "%.1f KB", bytes / 1e3)
        : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
