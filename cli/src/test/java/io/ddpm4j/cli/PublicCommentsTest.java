package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** What the libraries offer to everyone has a comment, which Javadoc alone does not ask for. */
class PublicCommentsTest {
  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

  @Test
  void everyPublicTypeAndMemberHasOne() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String module : List.of("runtime", "exporter", "trainer")) {
      Path sources = Documents.ROOT.resolve(module).resolve("src/main/java");
      try (Stream<Path> all = Files.walk(sources)) {
        files.addAll(all.filter(file -> file.toString().endsWith(".java")).toList());
      }
    }
    assertTrue(files.size() >= 200, "files: " + files.size());
    try (StandardJavaFileManager manager = COMPILER.getStandardFileManager(null, null, null)) {
      assertEquals(List.of(), without(manager.getJavaFileObjectsFromPaths(files)));
    }
  }

  @Test
  void findsWhatHasNone() throws IOException {
    String text =
        """
        /** Has one. */
        public class Outer {
          public int field;
          int hidden;
          protected void method() {}
          @Override public String toString() { return ""; }
          /** Has one. */
          public enum Choice { A, /** Has one. */ B }
          static class Hidden { public void hidden() {} }
          /** Has one. */
          public interface Port { void call(); }
        }
        """;
    JavaFileObject file =
        new SimpleJavaFileObject(URI.create("string:///Outer.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
          }
        };
    assertEquals(
        List.of("Outer.field", "Outer.method", "Choice.A", "Port.call"),
        without(List.of(file)).stream().map(found -> found.replaceFirst(".*: ", "")).toList());
  }

  /** File and name of each public type or member without a comment. */
  private static List<String> without(Iterable<? extends JavaFileObject> files) throws IOException {
    JavacTask task =
        (JavacTask) COMPILER.getTask(null, null, null, List.of("-proc:none"), null, files);
    Scanner scanner = new Scanner(DocTrees.instance(task));
    for (CompilationUnitTree unit : task.parse()) {
      scanner.scan(unit, null);
    }
    return scanner.found;
  }

  /** Walks public types alone, and of a method not the body. */
  private static final class Scanner extends TreePathScanner<Void, Void> {
    private final DocTrees trees;
    private final List<String> found = new ArrayList<>();

    Scanner(DocTrees trees) {
      this.trees = trees;
    }

    @Override
    public Void visitClass(ClassTree type, Void unused) {
      return isPublic(type.getModifiers()) && check(type.getSimpleName().toString())
          ? super.visitClass(type, null)
          : null;
    }

    @Override
    public Void visitMethod(MethodTree method, Void unused) {
      boolean overrides =
          method.getModifiers().getAnnotations().stream()
              .anyMatch(a -> a.getAnnotationType().toString().equals("Override"));
      if (isPublic(method.getModifiers()) && !overrides) {
        check(method.getName().toString());
      }
      return null;
    }

    @Override
    public Void visitVariable(VariableTree field, Void unused) {
      if (isPublic(field.getModifiers())) {
        check(field.getName().toString());
      }
      return null;
    }

    private boolean isPublic(ModifiersTree modifiers) {
      Tree around = getCurrentPath().getParentPath().getLeaf();
      return modifiers.getFlags().contains(Modifier.PUBLIC)
          || modifiers.getFlags().contains(Modifier.PROTECTED)
          || around.getKind() == Tree.Kind.INTERFACE
              && !modifiers.getFlags().contains(Modifier.PRIVATE);
    }

    /** Notes what has no comment; true, so that a type's members are looked at. */
    private boolean check(String name) {
      String comment = trees.getDocComment(getCurrentPath());
      if (comment == null || comment.isBlank()) {
        String around =
            getCurrentPath().getParentPath().getLeaf() instanceof ClassTree type
                ? type.getSimpleName() + "."
                : "";
        found.add(
            getCurrentPath().getCompilationUnit().getSourceFile().getName() + ": " + around + name);
      }
      return true;
    }
  }
}
