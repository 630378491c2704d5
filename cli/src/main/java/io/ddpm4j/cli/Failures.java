package io.ddpm4j.cli;

import io.ddpm4j.exporter.convert.ConversionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Turns what was thrown into the one sentence that the user sees. */
final class Failures {
  private Failures() {}

  /** One line, without a full stop. */
  static String sentence(Throwable thrown) {
    return sentence(thrown, Set.of());
  }

  /**
   * One line, without a full stop.
   *
   * @param options of the command that failed, of which it may recommend some
   */
  static String sentence(Throwable thrown, Set<String> options) {
    if (thrown instanceof UncheckedIOException unchecked) {
      return sentence(unchecked.getCause(), options);
    }
    if (thrown instanceof FileSystemException file && file.getFile() != null) {
      return file.getFile() + ": " + reason(file);
    }
    if (thrown instanceof OutOfMemoryError) {
      return "out of memory: expected to need less than "
          + (Runtime.getRuntime().maxMemory() >> 20)
          + " MB; "
          + lessAtATime(options)
          + "give Java more (DDPM_OPTS=-Xmx8g)";
    }
    if (thrown instanceof LinkageError) { // also when a native library does not load
      Throwable root = root(thrown);
      return "cannot start the native library of ONNX Runtime on "
          + System.getProperty("os.name")
          + " "
          + System.getProperty("os.arch")
          + " ("
          + firstLine(root)
          + ")";
    }
    if (thrown instanceof ArithmeticException) { // sizes are multiplied exactly
      return "expected sizes that fit into memory, found more than 2147483647 values";
    }
    boolean expected =
        thrown instanceof IOException
            || thrown instanceof IllegalArgumentException
            || thrown instanceof IllegalStateException
            || thrown.getClass().getName().startsWith("io.ddpm4j.");
    String message = thrown.getMessage();
    return expected && message != null && !message.isBlank()
        ? firstLine(thrown)
        : "internal error: "
            + thrown.toString().lines().findFirst().orElse("?")
            + " (--debug shows where)";
  }

  private static String lessAtATime(Set<String> options) {
    List<String> known = Stream.of("--batch-size", "-n").filter(options::contains).toList();
    return known.isEmpty() ? "" : "make less at a time (" + String.join(", ", known) + ") or ";
  }

  /** What the sentence counts and does not name, a line each; empty for most. */
  static List<String> details(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConversionException conversion) {
        return conversion.details();
      }
    }
    return List.of();
  }

  private static String reason(FileSystemException e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such file or folder";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NotDirectoryException) {
      return "expected a folder, found a file";
    }
    if (e instanceof FileAlreadyExistsException) {
      return "exists already";
    }
    return e.getReason() == null ? "cannot be read or written" : e.getReason();
  }

  private static Throwable root(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return root;
  }

  private static String firstLine(Throwable thrown) {
    return String.valueOf(thrown.getMessage()).lines().findFirst().orElse("").strip();
  }
}
