package io.ddpm4j.exporter.convert;

import java.util.List;

/**
 * A pattern of tensors' names, part by part: {@code *} stands for any number of parts, {@code #}
 * for a number, everything else for itself. Names come from files, so the time is that of reading a
 * name, times the length of the pattern at most.
 */
final class NamePattern {
  private static final String ANY = "*";
  private static final String NUMBER = "#";

  private final List<String> pattern;

  private NamePattern(List<String> pattern) {
    this.pattern = pattern;
  }

  /** The pattern that is written with dots between its parts: {@code *.blocks.#.conv.*}. */
  static NamePattern of(String pattern) {
    return new NamePattern(parts(pattern));
  }

  /** A name's parts. */
  static List<String> parts(String name) {
    return List.of(name.split("\\.", -1));
  }

  /** Whether the whole name is of the pattern. */
  boolean matches(List<String> name) {
    int p = 0;
    int n = 0;
    int any = -1; // the last * so far,
    int from = 0; // and the first part that it does not stand for
    while (n < name.size()) {
      if (p < pattern.size() && pattern.get(p).equals(ANY)) {
        any = p++;
        from = n;
      } else if (p < pattern.size() && fits(pattern.get(p), name.get(n))) {
        p++;
        n++;
      } else if (any >= 0) { // an earlier * need never stand for more: this one can
        p = any + 1;
        n = ++from;
      } else {
        return false;
      }
    }
    while (p < pattern.size() && pattern.get(p).equals(ANY)) {
      p++;
    }
    return p == pattern.size();
  }

  private static boolean fits(String pattern, String part) {
    return pattern.equals(NUMBER)
        ? !part.isEmpty() && part.chars().allMatch(c -> c >= '0' && c <= '9')
        : pattern.equals(part);
  }
}
