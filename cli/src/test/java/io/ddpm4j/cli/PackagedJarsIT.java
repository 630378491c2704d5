package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.module.Configuration;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jars as they are published, on the module path. */
class PackagedJarsIT {
  private static final Path TARGET = Documents.ROOT.resolve("cli/target");
  private static final Set<String> OURS =
      Set.of("io.ddpm4j.runtime", "io.ddpm4j.exporter", "io.ddpm4j.trainer", "io.ddpm4j.cli");

  private static final String SEPARATOR = System.getProperty("path.separator");
  private static final String MODULE = "module app { requires io.ddpm4j.runtime; }";
  private static final String APPLICATION =
      """
      package app;

      import io.ddpm4j.runtime.DiffusionPipeline;
      import java.nio.file.Path;

      public class Main {
        public static void main(String[] args) throws Exception {
          try (var pipeline = DiffusionPipeline.open(Path.of(args[0])).steps(1).build()) {
            System.out.println(
                pipeline.generate(1, 7L).toBufferedImage(0).getWidth() + " pixels");
          }
        }
      }
      """;

  @TempDir Path dir;

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
  void theManifestsSayTheVersion() throws IOException {
    for (Path jar : jars()) {
      if (jar.getFileName().toString().startsWith("ddpm4j-")) {
        try (JarFile file = new JarFile(jar.toFile())) {
          Attributes manifest = file.getManifest().getMainAttributes();
          String version = manifest.getValue("Implementation-Version");
          assertTrue(version.matches("\\d+\\.\\d+\\.\\d+.*"), jar.toString());
        }
      }
    }
  }

  @Test
  void modulesShareNoPackage() throws IOException {
    ModuleFinder finder = ModuleFinder.of(jars().toArray(Path[]::new));
    Set<String> names =
        finder.findAll().stream()
            .map(ModuleReference::descriptor)
            .map(ModuleDescriptor::name)
            .collect(Collectors.toSet());
    assertTrue(names.containsAll(OURS), names.toString());
    // Throws ResolutionException if one package is in two modules, of ours or of others.
    Configuration all =
        ModuleLayer.boot().configuration().resolve(finder, ModuleFinder.of(), names);
    assertTrue(all.modules().size() >= names.size(), all.toString());
  }

  @Test
  void theRuntimeExportsEveryPackage() throws IOException {
    ModuleDescriptor runtime =
        ModuleFinder.of(jars().toArray(Path[]::new))
            .find("io.ddpm4j.runtime")
            .orElseThrow()
            .descriptor();
    assertFalse(runtime.isAutomatic());
    assertEquals(
        new TreeSet<>(runtime.packages()),
        runtime.exports().stream()
            .filter(export -> !export.isQualified())
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  /** A modular application names the runtime alone: what that needs comes with it. */
  @Test
  void aModularApplicationRuns() throws Exception {
    Path app = Files.createDirectories(dir.resolve("app"));
    Path module = Files.writeString(dir.resolve("module-info.java"), MODULE);
    Path main = Files.writeString(app.resolve("Main.java"), APPLICATION);
    String path =
        jars().stream()
            .map(Path::toString)
            .filter(jar -> jar.matches(".*(ddpm4j-runtime|onnxruntime|gson)[^/\\\\]*"))
            .collect(Collectors.joining(SEPARATOR));
    Path classes = dir.resolve("classes");
    ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
    assertEquals(
        0,
        javac.run(
            System.out,
            System.err,
            "-p",
            path,
            "-d",
            classes.toString(),
            module.toString(),
            main.toString()));
    String model = Documents.ROOT.resolve("models/fashion-mnist").toString();
    assertEquals("28 pixels", java("-p", path + SEPARATOR + classes, "-m", "app/app.Main", model));
  }

  @Test
  void theProgramRunsOnTheModulePath() throws Exception {
    String path = jars().stream().map(Path::toString).collect(Collectors.joining(SEPARATOR));
    String said =
        java(
            "-p",
            path,
            "--add-modules",
            "ALL-MODULE-PATH",
            "-m",
            "io.ddpm4j.cli/io.ddpm4j.cli.Main",
            "inspect",
            Documents.ROOT.resolve("models/fashion-mnist").toString());
    assertTrue(said.contains("sample"), said);
  }

  /** What the program prints, which has to end well. */
  private static String java(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(arguments));
    Process java = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertEquals(0, java.waitFor(), said);
    return said;
  }
}
