package io.ddpm4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class MainTest {
  static java.util.List<String> commands() {
    return Main.commandNames();
  }

  @Test
  void withoutArgumentsAndWithHelpEveryCommandIsListedOnOneLine() {
    String help = CommandRun.of("--help").succeeds().out();
    assertEquals(help, CommandRun.of().succeeds().out());
    for (String command : commands()) {
      assertTrue(
          help.lines().anyMatch(line -> line.matches("  " + command + " +[A-Z].*\\.")),
          command + " in: " + help);
    }
  }

  @Test
  void version() {
    String version = CommandRun.of("--version").succeeds().out();
    assertTrue(version.matches("ddpm \\S+\\R"), version);
    assertEquals(version, CommandRun.of("--version", "--debug").succeeds().out());
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHasHelpAndEveryOptionADescription(String command) {
    String help =
        CommandRun.of(command, "--help").succeeds().prints("Usage: ddpm " + command).out();
    CommandLine line =
        Main.commandLine(new String[0], Terminal.plain(System.out, System.err))
            .getSubcommands()
            .get(command);
    for (OptionSpec option : line.getCommandSpec().options()) {
      assertTrue(help.contains(option.longestName()), option + " in: " + help);
      assertTrue(option.description().length > 0, option + ": description");
      boolean takesValue = option.arity().max() > 0;
      assertTrue(
          !takesValue
              || option.required()
              || option.description()[0].contains("(default: ")
              || option.description()[0].contains(" PNG"),
          option + ": says what happens without it");
    }
  }

  @Test
  void wrongUsage() {
    CommandRun.of("sampel")
        .isWrongUsage("ddpm: unknown command 'sampel'", "Did you mean sample", "ddpm --help");
    CommandRun.of("--frobnicate").isWrongUsage("unknown option '--frobnicate'");
    CommandRun.of("export", "a", "b").isWrongUsage("unexpected argument 'b'", "export --help");
  }

  @Test
  void helpIsACommandToo() {
    assertEquals(CommandRun.of("--help").out(), CommandRun.of("help").succeeds().out());
    for (String command : commands()) {
      assertEquals(
          CommandRun.of(command, "--help").out(), CommandRun.of("help", command).succeeds().out());
    }
    CommandRun.of("help", "smple").isWrongUsage("unknown command 'smple'");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void whatStandardOutputDoesNotTakeIsAFailure(String command) {
    for (String[] args : new String[][] {{command, "--help"}, {"--version"}, {}}) {
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      int code = Main.run(args, new PrintStream(new FullDisk()), new PrintStream(err, true, UTF_8));
      assertEquals(1, code, err.toString(UTF_8));
      assertEquals(
          "ddpm: standard output could not be written" + System.lineSeparator(),
          err.toString(UTF_8));
    }
  }

  private static final class FullDisk extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      throw new IOException("No space left on device");
    }
  }

  @Test
  void stackTracesOnlyWithDebug() {
    CommandRun.of("sample", "no-such.onnx").failsSaying("no-such.onnx");
    for (String[] args :
        new String[][] {
          {"--debug", "sample", "no-such.onnx"}, {"sample", "no-such.onnx", "--debug"}
        }) {
      CommandRun run = CommandRun.of((Object[]) args);
      assertEquals(1, run.exitCode());
      assertTrue(run.err().contains("\tat io.ddpm4j"), run.err());
      assertTrue(run.err().contains("\nddpm: no-such.onnx"), run.err());
    }
  }

  @Test
  void everyFailureIsASentence() {
    assertEquals("a: there is no such file or folder", sentence(new NoSuchFileException("a")));
    assertEquals("a: permission denied", sentence(new AccessDeniedException("a")));
    assertEquals("a: exists already", sentence(new FileAlreadyExistsException("a")));
    assertEquals("a: expected a folder, found a file", sentence(new NotDirectoryException("a")));
    assertEquals(
        "a: No space left on device",
        sentence(new FileSystemException("a", null, "No space left on device")));
    assertEquals("b", sentence(new UncheckedIOException(new IOException("b"))));
    assertEquals("c", sentence(new IllegalArgumentException("c\nand more")));
    String memory = sentence(new OutOfMemoryError());
    assertTrue(
        memory.matches("out of memory: .* MB; give Java more \\(DDPM_OPTS=-Xmx8g\\)"), memory);
    String less = Failures.sentence(new OutOfMemoryError(), Set.of("-n", "--seed"));
    assertTrue(less.contains("; make less at a time (-n) or give Java more"), less);
    assertTrue(sentence(new UnsatisfiedLinkError("d")).contains("native library"));
    assertTrue(sentence(new NullPointerException()).startsWith("internal error"));
    assertTrue(sentence(new IOException()).contains("--debug"));
  }

  private static String sentence(Throwable thrown) {
    String sentence = Failures.sentence(thrown);
    assertFalse(sentence.contains("\n"), sentence);
    return sentence;
  }
}
