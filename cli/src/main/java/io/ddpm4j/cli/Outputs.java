package io.ddpm4j.cli;

import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Locale;

/** Files that a command is going to write. */
final class Outputs {
  private static final String PNG = ".png";
  private static final int PADDING = 2; // of ImageGrid
  private static final int COMFORTABLE = 96; // pixels up to which ImageGrid enlarges an image

  private Outputs() {}

  /** Refuses a picture that would be none by its name, or that cannot be written. */
  static void requirePicture(String option, Path file) throws IOException {
    requireEnding(option, file, PNG);
    requireFile(option, file);
  }

  /** As {@link #requirePicture}, of a drawing in SVG. */
  static void requireDrawing(String option, Path file) throws IOException {
    requireEnding(option, file, ".svg");
    requireFile(option, file);
  }

  /** As {@link #requirePicture}, of an ONNX file. */
  static void requireModel(String option, Path file) throws IOException {
    requireEnding(option, file, ".onnx");
    requireFile(option, file);
  }

  private static void requireEnding(String option, Path file, String ending) {
    if (!file.toString().toLowerCase(Locale.ROOT).endsWith(ending)) {
      throw new UsageException(
          option + ": expected a file name that ends in " + ending + ", found '" + file + "'");
    }
  }

  /** Refuses a file that cannot be written, before the work that would be lost. */
  static void requireFile(String option, Path file) throws IOException {
    if (file.toString().equals("-")) {
      throw new UsageException(
          option + ": expected a file name, found '-'; nothing is written to standard output");
    }
    if (Files.isDirectory(file)) {
      throw new IOException(option + " " + file + ": expected a file to write, found a folder");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IOException(
          option + " " + file + ": expected a file to write, found a device or a pipe");
    }
    requireFolder(option, file, file.toAbsolutePath().getParent());
  }

  /** Refuses a file that is read too, whatever it is called there. */
  static void requireNoInput(String option, Path file, Collection<Path> inputs) throws IOException {
    for (Path input : inputs) {
      if (Files.exists(file) && Files.exists(input) && Files.isSameFile(file, input)) {
        throw new UsageException(
            option + ": expected another file than those that are read, found '" + file + "'");
      }
    }
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
    makeFolder(file.toAbsolutePath().getParent());
  }

  /** Makes a folder, unless it is there. */
  static void makeFolder(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) { // a link to a folder is one
      Files.createDirectories(folder);
    }
  }

  /**
   * Refuses a grid of images that does not fit into memory, before the work that would be lost.
   *
   * @param option that is to blame
   * @param scale of a pixel; null where the grid chooses it
   */
  static void requireGrid(
      String option, ImageShape image, double columns, double rows, Integer scale) {
    double pixel =
        scale == null ? Math.max(1, COMFORTABLE / Math.max(image.width(), image.height())) : scale;
    requireSize(
        option,
        columns * (image.width() * pixel + PADDING) + PADDING,
        rows * (image.height() * pixel + PADDING) + PADDING,
        image.channels());
  }

  /** Refuses a picture that does not fit into memory. */
  static void requireSize(String option, double width, double height, int channels) {
    double bytes = width * height * (channels == 1 ? 1 : Integer.BYTES);
    if (width * height > Integer.MAX_VALUE || bytes > Runtime.getRuntime().maxMemory()) {
      throw new UsageException(
          String.format(
              Locale.ROOT,
              "%s: expected a picture that fits into memory, found one of %.0fx%.0f pixels",
              option,
              width,
              height));
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
