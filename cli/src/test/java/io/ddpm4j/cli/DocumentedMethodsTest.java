package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Member;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every {@code Class#member} of the documentation is there, declared by that class itself; so the
 * page on mathematics says where a formula is computed, and not where it is inherited.
 */
class DocumentedMethodsTest {
  /** Fewer than these, and the documents or this test have lost some. */
  private static final int AT_LEAST = 100;

  /** {@code random.Philox#block}: packages in small letters, classes, a member. */
  private static final Pattern REFERENCE =
      Pattern.compile("`((?:[a-z]+\\.)*)([A-Z]\\w*(?:\\.[A-Z]\\w*)*)#(\\w+)`");

  @Test
  void everyReferenceNamesOneDeclaredMember() throws IOException {
    Map<String, List<String>> classes = classes();
    List<String> mistakes = new ArrayList<>();
    int checked = 0;
    for (Path document : Documents.files()) {
      Matcher reference = REFERENCE.matcher(Files.readString(Documents.ROOT.resolve(document)));
      while (reference.find()) {
        String mistake = mistake(reference, classes);
        if (!mistake.isEmpty()) {
          mistakes.add(document + ": " + reference.group() + ": " + mistake);
        }
        checked++;
      }
    }
    assertEquals(List.of(), mistakes);
    assertTrue(checked >= AT_LEAST, "only " + checked + " references");
  }

  @Test
  void findsWhatIsNotThere() throws IOException {
    assertEquals("", mistake("`NoiseSchedule#beta`"));
    assertEquals("", mistake("`PredictionType#EPSILON`"));
    assertEquals("", mistake("`Clipping.Range#apply`"));
    assertEquals("", mistake("`objective.VariationalBound#given`"));
    assertEquals("no member", mistake("`DdpmSampler#sample`"), "which it inherits");
    assertEquals("no member", mistake("`likelihood.VariationalBound#given`"));
    assertEquals("no class", mistake("`NoSchedule#beta`"));
    assertEquals("no class", mistake("`Clipping.No#apply`"));
    assertTrue(mistake("`VariationalBound#given`").startsWith("one of [io.ddpm4j."));
  }

  private static String mistake(String text) throws IOException {
    Matcher reference = REFERENCE.matcher(text);
    assertTrue(reference.matches(), text);
    return mistake(reference, classes());
  }

  /** What is wrong with a reference; empty if nothing. */
  private static String mistake(Matcher reference, Map<String, List<String>> classes) {
    String[] nested = reference.group(2).split("\\.", 2);
    List<String> named =
        classes.getOrDefault(nested[0], List.of()).stream()
            .filter(name -> name.endsWith("." + reference.group(1) + nested[0]))
            .toList();
    if (named.size() != 1) {
      return named.isEmpty() ? "no class" : "one of " + named;
    }
    String name = named.get(0) + (nested.length > 1 ? "$" + nested[1].replace('.', '$') : "");
    try {
      Class<?> type = Class.forName(name, false, DocumentedMethodsTest.class.getClassLoader());
      return Stream.<Member[]>of(type.getDeclaredMethods(), type.getDeclaredFields())
              .flatMap(Stream::of)
              .anyMatch(member -> member.getName().equals(reference.group(3)))
          ? ""
          : "no member";
    } catch (ClassNotFoundException e) {
      return "no class";
    }
  }

  /** The full names of the project's classes by their simple ones. */
  private static Map<String, List<String>> classes() throws IOException {
    Map<String, List<String>> found = new HashMap<>();
    for (String module : List.of("runtime", "exporter", "trainer", "cli")) {
      Path sources = Documents.ROOT.resolve(module).resolve("src/main/java");
      try (Stream<Path> files = Files.walk(sources)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
          String path = sources.relativize(file).toString().replaceFirst("\\.java$", "");
          String name = path.replace(file.getFileSystem().getSeparator(), ".");
          found
              .computeIfAbsent(name.substring(name.lastIndexOf('.') + 1), n -> new ArrayList<>())
              .add(name);
        }
      }
    }
    return found;
  }
}
