package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** What one run of the command line said. */
record CommandRun(int exitCode, String out, String err) {

  /** Runs the command line in this process. */
  static CommandRun of(Object... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    String[] texts = Arrays.stream(args).map(Object::toString).toArray(String[]::new);
    int exitCode = Main.run(texts, stream(out), stream(err));
    return new CommandRun(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  CommandRun succeeds() {
    assertEquals("", err);
    assertEquals(0, exitCode, err);
    return this;
  }

  /** Exit code 1, and one line on standard error that holds these words. */
  CommandRun failsSaying(Object... words) {
    return says(1, 1, words);
  }

  /** Exit code 1, one line that holds the words, and so many lines that list what it counts. */
  CommandRun failsListing(int listed, Object... words) {
    return says(1, 1 + listed, words);
  }

  /** Exit code 2, the mistake, and where help is. */
  CommandRun isWrongUsage(Object... words) {
    return says(2, 2, words);
  }

  private CommandRun says(int code, int lines, Object... words) {
    assertEquals(code, exitCode, err);
    List<String> said = err.lines().toList();
    assertEquals(lines, said.size(), err);
    assertTrue(said.get(0).startsWith("ddpm: "), err);
    assertFalse(err.contains("Exception") || err.contains("\tat "), err);
    for (Object word : words) {
      assertTrue(err.contains(word.toString()), "'" + word + "' in: " + err);
    }
    return this;
  }

  CommandRun prints(Object... words) {
    for (Object word : words) {
      assertTrue(out.contains(word.toString()), "'" + word + "' in: " + out);
    }
    return this;
  }
}
