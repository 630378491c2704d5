package io.ddpm4j.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * A JDK of this machine.
 *
 * @param home its folder
 * @param feature its version, such as 25
 */
record Jdk(Path home, int feature) {

  /** A program of it, such as {@code javac}. */
  Path program(String name) {
    return home.resolve("bin").resolve(name);
  }

  /**
   * The newest JDK of at least this version among the running one, those that environment variables
   * such as {@code JAVA_HOME_25_X64} name, and the neighbours of the running one's folder.
   */
  static Optional<Jdk> newest(int atLeast) throws IOException {
    Path running = Path.of(System.getProperty("java.home")).toRealPath();
    List<Path> homes = new ArrayList<>(List.of(running));
    for (Map.Entry<String, String> variable : System.getenv().entrySet()) {
      if (variable.getKey().startsWith("JAVA_HOME") && !variable.getValue().isEmpty()) {
        homes.add(Path.of(variable.getValue()));
      }
    }
    try (Stream<Path> neighbours = Files.list(running.getParent())) {
      homes.addAll(neighbours.toList());
    }
    return homes.stream()
        .map(Jdk::of)
        .flatMap(Optional::stream)
        .filter(jdk -> jdk.feature >= atLeast)
        .max(Comparator.comparingInt(Jdk::feature));
  }

  private static Optional<Jdk> of(Path home) {
    Properties release = new Properties();
    try (Reader reader = Files.newBufferedReader(home.resolve("release"))) {
      release.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty(); // no JDK
    }
    String version = release.getProperty("JAVA_VERSION", "").replace("\"", "");
    return version.matches("\\d+([.+-].*)?") && Files.exists(home.resolve("bin/javac"))
        ? Optional.of(new Jdk(home, Runtime.Version.parse(version).feature()))
        : Optional.empty();
  }
}
