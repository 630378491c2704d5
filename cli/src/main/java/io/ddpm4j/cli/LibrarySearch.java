package io.ddpm4j.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Looks for native libraries where the system's loader would: on Linux in {@code LD_LIBRARY_PATH},
 * the loader's cache and the standard folders, on Windows in {@code PATH} and the system's folder.
 */
final class LibrarySearch {
  private static final long PATIENCE_SECONDS = 10;
  private static final List<String> STANDARD =
      List.of(
          "/lib",
          "/lib64",
          "/usr/lib",
          "/usr/lib64",
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib/aarch64-linux-gnu",
          "/usr/lib/wsl/lib");

  private final List<Path> folders;
  private final List<Path> cached;

  /**
   * A search in given places.
   *
   * @param folders in the loader's order
   * @param cached files that the loader's cache lists
   */
  LibrarySearch(List<Path> folders, List<Path> cached) {
    this.folders = List.copyOf(folders);
    this.cached = List.copyOf(cached);
  }

  /** Of this machine and process. */
  static LibrarySearch ofThisMachine() {
    Map<String, String> environment = System.getenv();
    if (isWindows()) {
      return new LibrarySearch(
          paths(environment.get("PATH"), environment.get("SystemRoot") + "\\System32"), List.of());
    }
    List<Path> folders = new ArrayList<>(paths(environment.get("LD_LIBRARY_PATH")));
    folders.addAll(paths(String.join(File.pathSeparator, STANDARD)));
    String listing = output("/sbin/ldconfig", "-p").or(() -> output("ldconfig", "-p")).orElse("");
    return new LibrarySearch(folders, listed(listing));
  }

  static boolean isWindows() {
    return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
  }

  private static List<Path> paths(String... lists) {
    Set<Path> paths = new LinkedHashSet<>();
    for (String list : lists) {
      for (String each : list == null ? new String[0] : list.split(File.pathSeparator)) {
        try {
          if (!each.isBlank()) {
            paths.add(Path.of(each));
          }
        } catch (InvalidPathException e) {
          // The loader finds nothing there either.
        }
      }
    }
    return List.copyOf(paths);
  }

  /** The files of {@code ldconfig -p}: lines such as {@code libx.so.1 (libc6,x86-64) => /a/b}. */
  static List<Path> listed(String listing) {
    return listing
        .lines()
        .filter(line -> line.contains(" => "))
        .map(line -> Path.of(line.substring(line.indexOf(" => ") + 4).strip()))
        .toList();
  }

  /** Where a library is; empty if the loader would not find it. */
  Optional<Path> find(String name) {
    for (Path folder : folders) {
      if (Files.exists(folder.resolve(name))) {
        return Optional.of(folder.resolve(name));
      }
    }
    return cached.stream()
        .filter(file -> file.getFileName().toString().equals(name) && Files.exists(file))
        .findFirst();
  }

  /** What a program prints; empty if it is not there, fails, or takes too long. */
  static Optional<String> output(String... command) {
    try {
      Path file = Files.createTempFile("ddpm-doctor", ".txt"); // a pipe could block the program
      try {
        Process process =
            new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(file.toFile())
                .start();
        process.getOutputStream().close();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          return Optional.empty();
        }
        return process.exitValue() == 0
            ? Optional.of(Files.readString(file).strip())
            : Optional.empty();
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
