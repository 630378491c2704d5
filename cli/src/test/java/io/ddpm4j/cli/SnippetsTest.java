package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java in the documents compiles. */
class SnippetsTest {
  /** For snippets that show no imports; those that show some have to show all. */
  private static final String IMPORTS =
      """
      import io.ddpm4j.runtime.*;
      import io.ddpm4j.runtime.image.*;
      import io.ddpm4j.runtime.model.*;
      import io.ddpm4j.runtime.sampling.*;
      import io.ddpm4j.runtime.schedule.*;
      import java.awt.image.BufferedImage;
      import java.nio.file.Path;
      import java.util.*;
      import java.util.concurrent.*;
      """;

  @TempDir Path dir;

  @Test
  void everySnippetCompiles() throws IOException {
    List<JavaFileObject> sources = new ArrayList<>();
    for (Path document : List.of(Path.of("README.md"), Path.of("docs/embedding.md"))) {
      List<String> snippets = Documents.blocks(document, "java");
      assertTrue(!snippets.isEmpty(), document + ": expected Java snippets");
      for (String snippet : snippets) {
        sources.add(source("Snippet" + sources.size(), snippet));
      }
    }
    assertTrue(sources.size() >= 9, "found " + sources.size() + " snippets");
    assertEquals("", mistakes(sources));
  }

  @Test
  void aWrongSnippetIsNamed() {
    String mistakes = mistakes(List.of(source("Wrong", "int pipelines = pipeline.generat(1);\n")));
    assertTrue(mistakes.contains("generat"), mistakes);
  }

  /** A class around a snippet: what stands before it in the text is a field. */
  private static JavaFileObject source(String name, String snippet) {
    String imports =
        snippet.lines().filter(l -> l.startsWith("import ")).collect(Collectors.joining("\n"));
    String body =
        snippet.lines().filter(l -> !l.startsWith("import ")).collect(Collectors.joining("\n"));
    String text =
        """
        %s
        class %s {
          io.ddpm4j.runtime.DiffusionPipeline pipeline;
          java.util.concurrent.ExecutorService executor;

          void run() throws Exception {
            %s
          }
        }
        """
            .formatted(imports.isEmpty() ? IMPORTS : imports, name, body);
    return new SimpleJavaFileObject(
        URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }

  private String mistakes(List<JavaFileObject> sources) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    List<String> options =
        List.of(
            "-proc:none",
            "-d",
            dir.toString(),
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    boolean compiled = compiler.getTask(said, null, null, options, null, sources).call();
    return compiled ? "" : said.toString();
  }
}
