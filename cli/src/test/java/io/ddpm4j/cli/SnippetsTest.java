package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java in the documents compiles. */
class SnippetsTest {
  private static final List<Path> DOCUMENTS =
      List.of(
          Path.of("README.md"),
          Path.of("docs/editing.md"),
          Path.of("docs/embedding.md"),
          Path.of("docs/evaluating.md"));

  /** For snippets that show no imports; those that show some have to show all. */
  private static final String IMPORTS =
      """
      import io.ddpm4j.runtime.*;
      import io.ddpm4j.runtime.image.*;
      import io.ddpm4j.runtime.model.*;
      import io.ddpm4j.runtime.random.*;
      import io.ddpm4j.runtime.sampling.*;
      import io.ddpm4j.runtime.schedule.*;
      import java.awt.image.BufferedImage;
      import java.io.*;
      import java.nio.file.Path;
      import java.time.Duration;
      import java.util.*;
      import java.util.concurrent.*;
      import java.util.stream.*;
      import javax.imageio.ImageIO;
      """;

  /** Of Spring only what the documents show, so that the build does not depend on it. */
  private static final Map<String, String> STAND_INS =
      Map.of(
          "Configuration",
          "public @interface Configuration {}",
          "Bean",
          "public @interface Bean { String destroyMethod() default \"(inferred)\"; }");

  @TempDir Path dir;

  @Test
  void everySnippetCompiles() throws IOException {
    Map<String, String> sources = new LinkedHashMap<>();
    for (Path document : DOCUMENTS) {
      List<String> snippets = Documents.blocks(document, "java");
      assertTrue(!snippets.isEmpty(), document + ": expected Java snippets");
      for (String snippet : snippets) {
        sources.put("snippet" + sources.size(), snippet);
      }
    }
    assertTrue(sources.size() >= 11, "found " + sources.size() + " snippets");
    assertEquals("", mistakes(sources));
  }

  /** Blocks that are fenced as {@code java 21}, by any JDK that can. */
  @Test
  void snippetsOfNewerJavaCompile() throws Exception {
    Map<String, String> sources = new LinkedHashMap<>();
    for (Path document : DOCUMENTS) {
      for (String snippet : Documents.blocks(document, "java 21")) {
        sources.put("snippet" + sources.size(), snippet);
      }
    }
    assertTrue(!sources.isEmpty(), "expected snippets of Java 21");
    Optional<Jdk> jdk = Jdk.newest(21);
    assumeTrue(
        jdk.isPresent(),
        "skipped: no JDK 21 or later beside the running one (set JAVA_HOME_25_X64=FOLDER)");
    List<String> command = new ArrayList<>();
    command.add(jdk.get().program("javac").toString());
    command.addAll(List.of("--release", "21"));
    command.addAll(arguments(sources));
    Process javac = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(javac.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, javac.waitFor(), said);
  }

  @Test
  void aWrongSnippetIsNamed() throws IOException {
    String mistakes = mistakes(Map.of("wrong", "int pipelines = pipeline.generat(1);\n"));
    assertTrue(mistakes.contains("generat"), mistakes);
    mistakes = mistakes(Map.of("wrong", "@Deprecated\nclass Wrong {\n  Pipelin p;\n}\n"));
    assertTrue(mistakes.contains("Pipelin"), mistakes);
  }

  /** A snippet as a file: types as they are, else a class around it with what stands before it. */
  private static String source(String name, String snippet) {
    String imports =
        snippet.lines().filter(l -> l.startsWith("import ")).collect(Collectors.joining("\n"));
    String body =
        snippet.lines().filter(l -> !l.startsWith("import ")).collect(Collectors.joining("\n"));
    String form =
        body.strip().matches("(?s)(@\\w+\\s+)*((public|final) )*(class|record|interface) .*")
            ? """
              package %s;
              %s
              %s
              """
            : """
              package %s;
              %s
              class Snippet {
                io.ddpm4j.runtime.DiffusionPipeline pipeline;
                java.util.concurrent.ExecutorService executor;

                void run() throws Exception {
                  %s
                }
              }
              """;
    return form.formatted(name, imports.isEmpty() ? IMPORTS : imports, body);
  }

  /** Writes the snippets, each into a package of its own, and says how to compile them. */
  private List<String> arguments(Map<String, String> snippets) throws IOException {
    Map<Path, String> files = new LinkedHashMap<>();
    Path spring = dir.resolve("org/springframework/context/annotation");
    STAND_INS.forEach(
        (name, text) ->
            files.put(
                spring.resolve(name + ".java"),
                "package org.springframework.context.annotation;\n" + text));
    snippets.forEach(
        (name, snippet) ->
            files.put(dir.resolve(name).resolve("Snippet.java"), source(name, snippet)));
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "-proc:none",
                "-d",
                dir.resolve("classes").toString(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path"))));
    for (Map.Entry<Path, String> file : files.entrySet()) {
      Files.createDirectories(file.getKey().getParent());
      Files.writeString(file.getKey(), file.getValue());
      arguments.add(file.getKey().toString());
    }
    return arguments;
  }

  private String mistakes(Map<String, String> snippets) throws IOException {
    StringWriter said = new StringWriter();
    PrintWriter writer = new PrintWriter(said);
    ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
    int code = javac.run(writer, writer, arguments(snippets).toArray(String[]::new));
    return code == 0 ? "" : said.toString();
  }
}
