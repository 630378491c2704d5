package io.ddpm4j.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/** Options as {@code --name value}; what nobody asks for is refused. */
final class BenchOptions {
  private final Map<String, String> given = new LinkedHashMap<>();
  private final TreeSet<String> known = new TreeSet<>();

  BenchOptions(String... args) {
    for (int i = 0; i < args.length; i += 2) {
      if (!args[i].startsWith("--") || i + 1 == args.length) {
        throw new IllegalArgumentException(args[i] + ": expected --NAME VALUE");
      }
      given.put(args[i], args[i + 1]);
    }
  }

  int number(String name, int absent) {
    return Integer.parseInt(text(name, Integer.toString(absent)));
  }

  String text(String name, String absent) {
    known.add(name);
    return given.getOrDefault(name, absent);
  }

  /** To be called when every option has been asked for. */
  void end() {
    for (String name : given.keySet()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(name + ": expected one of " + known);
      }
    }
  }
}
