package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The jars as they are published, on the module path. */
class PackagedJarsIT {
  private static final Path TARGET = Documents.ROOT.resolve("cli/target");
  private static final Set<String> OURS =
      Set.of("io.ddpm4j.runtime", "io.ddpm4j.exporter", "io.ddpm4j.trainer", "io.ddpm4j.cli");

  /** This module's jar and what it needs at run time. */
  private static List<Path> jars() throws IOException {
    try (Stream<Path> own = Files.list(TARGET);
        Stream<Path> libraries = Files.list(TARGET.resolve("lib"))) {
      List<Path> jars =
          Stream.concat(own, libraries)
              .filter(file -> file.toString().endsWith(".jar"))
              .filter(file -> !file.toString().matches(".*-(sources|javadoc|tests)\\.jar"))
              .sorted()
              .toList();
      assertTrue(jars.size() >= 8, jars.toString());
      return jars;
    }
  }

  @Test
  void theManifestsNameModuleAndVersion() throws IOException {
    Set<String> named = new TreeSet<>();
    for (Path jar : jars()) {
      if (jar.getFileName().toString().startsWith("ddpm4j-")) {
        try (JarFile file = new JarFile(jar.toFile())) {
          Attributes manifest = file.getManifest().getMainAttributes();
          named.add(manifest.getValue("Automatic-Module-Name"));
          assertTrue(
              manifest.getValue("Implementation-Version").matches("\\d+\\.\\d+\\.\\d+.*"),
              jar.toString());
        }
      }
    }
    assertEquals(new TreeSet<>(OURS), named);
  }

  @Test
  void modulesShareNoPackage() throws IOException {
    ModuleFinder finder = ModuleFinder.of(jars().toArray(Path[]::new));
    Set<String> names =
        finder.findAll().stream()
            .map(ModuleReference::descriptor)
            .map(module -> module.name())
            .collect(Collectors.toSet());
    assertTrue(names.containsAll(OURS), names.toString());
    // Throws ResolutionException if one package is in two modules, of ours or of others.
    Configuration all =
        ModuleLayer.boot().configuration().resolve(finder, ModuleFinder.of(), names);
    assertTrue(all.modules().size() >= names.size(), all.toString());
  }

  @Test
  void theProgramRunsOnTheModulePath() throws Exception {
    String path = jars().stream().map(Path::toString).collect(Collectors.joining(separator()));
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-p",
                path,
                "-m",
                "io.ddpm4j.cli/io.ddpm4j.cli.Main",
                "inspect",
                Documents.ROOT.resolve("models/fashion-mnist").toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, java.waitFor(), said);
    assertTrue(said.contains("sample"), said);
  }

  private static String separator() {
    return System.getProperty("path.separator");
  }
}
