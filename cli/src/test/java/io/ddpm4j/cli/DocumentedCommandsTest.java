package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * Every {@code ./ddpm} line in a fenced block of the documentation is a command that exists, and is
 * run in the order in which it stands there: made small (a few steps, a small network), its files
 * in a folder of the test.
 */
class DocumentedCommandsTest {
  private static final Path ROOT = Path.of(System.getProperty("ddpm4j.root", ".."));
  private static final Pattern COMMAND =
      Pattern.compile("^(?:\\$ )?(?:\\w+=\\S+ +)*\\./ddpm\\b(.*)");
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

  @TempDir Path dir;
  private String home;

  /** One line of a document. */
  private record Line(Path document, int number, List<String> args) {
    @Override
    public String toString() {
      return document + ":" + number + ": ddpm " + String.join(" ", args);
    }
  }

  @BeforeEach
  void setHome() {
    home = System.getProperty("ddpm4j.home");
    System.setProperty("ddpm4j.home", ROOT.toString());
  }

  @AfterEach
  void restoreHome() {
    if (home == null) {
      System.clearProperty("ddpm4j.home");
    } else {
      System.setProperty("ddpm4j.home", home);
    }
  }

  @Test
  void readsTheLinesOfFencedBlocks() {
    List<Line> lines =
        lines(
            Path.of("x.md"),
            """
            ./ddpm not in a block
            ```
            ./ddpm sample            # a comment
            $ ./ddpm sample fashion.onnx -n 64 \\
                --seed 7
            DDPM_PROFILE=gpu ./ddpm sample --device cuda && ls
            ./ddpm train --data "my photos" > log.txt
            ./ddpmx
            ```
            """);
    assertEquals(
        List.of(
            "x.md:3: ddpm sample",
            "x.md:4: ddpm sample fashion.onnx -n 64 --seed 7",
            "x.md:6: ddpm sample --device cuda",
            "x.md:7: ddpm train --data my photos"),
        lines.stream().map(Line::toString).toList());
  }

  @Test
  void findsWrongCommands() {
    Path document = Path.of("x.md");
    assertTrue(mistake(new Line(document, 1, List.of("sampel"))).contains("sampel"));
    assertTrue(mistake(new Line(document, 1, List.of("sample", "--sede", "1"))).contains("--sede"));
    assertTrue(mistake(new Line(document, 1, List.of("noise"))).contains("IMAGE"));
    assertEquals("", mistake(new Line(document, 1, List.of("noise", "--help"))));
  }

  @Test
  void everyCommandIsAValidOne() throws IOException {
    List<Line> lines = documented();
    assumeTrue(!lines.isEmpty(), "skipped: no document shows a ./ddpm command yet");
    List<String> mistakes =
        lines.stream()
            .filter(line -> !mistake(line).isEmpty())
            .map(line -> line + ": " + mistake(line))
            .toList();
    assertEquals(List.of(), mistakes);
    assertFalse(
        Files.exists(ROOT.resolve("README.md"))
            && lines.stream().noneMatch(line -> line.document.endsWith("README.md")),
        "README.md shows no ./ddpm command in a fenced block");
  }

  @Test
  void everyCommandThatCanRunHereRuns() throws IOException {
    List<Line> lines = documented();
    assumeTrue(!lines.isEmpty(), "skipped: no document shows a ./ddpm command yet");
    List<String> failures = new ArrayList<>();
    for (Line line : lines) {
      if (!mistake(line).isEmpty() || !prepare(line)) {
        continue;
      }
      List<String> small = small(line);
      CommandRun run = CommandRun.of(small.toArray());
      if (run.exitCode() != 0) {
        failures.add(line + " (run as " + String.join(" ", small) + "): " + run.err());
      }
    }
    assertEquals(List.of(), failures);
  }

  /** What the command line says against it; empty if nothing. */
  private static String mistake(Line line) {
    try {
      parse(line);
      return "";
    } catch (CommandLine.ParameterException e) {
      return e.getMessage();
    }
  }

  private static CommandLine.ParseResult parse(Line line) {
    String[] args = line.args.toArray(String[]::new);
    PrintStream nowhere = new PrintStream(PrintStream.nullOutputStream());
    return Main.commandLine(args, Terminal.plain(nowhere, nowhere)).parseArgs(args);
  }

  /** The model, run or image that the command is about; empty where it is not named. */
  private static String subject(Line line) {
    CommandLine.ParseResult command = parse(line).subcommand();
    return command == null || !command.hasMatchedPositional(0)
        ? ""
        : command.matchedPositional(0).originalStringValues().get(0);
  }

  /** Whether what the command reads is there, or can be made. */
  private boolean prepare(Line line) throws IOException {
    String command = line.args.isEmpty() ? "" : line.args.get(0);
    if (line.args.contains("--help") || line.args.contains("-h")) {
      return true;
    }
    String subject = subject(line);
    switch (command) {
      case "sample", "inspect" -> {
        if (line.args.contains("--device") || line.args.contains("--scheduler")) {
          return false; // needs a device or a file that is not everywhere
        }
        Path model = subject.isEmpty() ? Path.of(Models.DEFAULT) : here(subject);
        Path shipped = ROOT.resolve("models").resolve(model.getFileName()).resolve(Models.FILE);
        if (subject.endsWith(".onnx") && !Files.exists(model)) { // a reader's own model
          TestModels.unet(model, 1, List.of());
        }
        return Files.exists(model) || Files.exists(shipped);
      }
      case "export" -> {
        return Files.exists(here(subject));
      }
      case "noise" -> {
        if (!Files.exists(here(subject))) {
          Files.createDirectories(here(subject).getParent());
          BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
          ImageIO.write(image, "png", here(subject).toFile());
        }
        return true;
      }
      case "train" -> {
        // Once for each run that is named: the same training again would show nothing new.
        boolean named = !value(line, "--out").isEmpty();
        return named && line.args.contains("--resume") == Files.exists(here(value(line, "--out")));
      }
      default -> {
        return true;
      }
    }
  }

  /** The command in a small version, with its files in the test's folder. */
  private List<String> small(Line line) {
    String command = line.args.isEmpty() ? "" : line.args.get(0);
    List<String> args = new ArrayList<>();
    for (String arg : line.args) {
      args.add(arg.matches(".*(/|\\.(onnx|png|jpe?g))[\\w.-]*") ? here(arg).toString() : arg);
    }
    if (args.contains("--help") || args.contains("-h")) {
      return args;
    }
    switch (command) {
      case "sample" -> {
        if (subject(line).endsWith(".onnx")) { // a stand-in, which has other classes
          unset(args, "--class");
        }
        set(args, "--steps", "2");
        set(args, "--threads", "1");
        set(args, args.contains("--images") ? "--images" : "-n", "4");
        setUnless(args, Set.of("-o", "--output", "--separate"), "-o", dir + "/samples.png");
      }
      case "noise" -> setUnless(args, Set.of("-o", "--output"), "-o", dir + "/noise.png");
      case "train" -> {
        Path out = here(value(line, "--out"));
        if (args.contains("--resume")) {
          return List.of("train", "--resume", "--out", out.toString(), "--steps", "3");
        }
        return List.of(
            "train",
            "--data",
            "shapes",
            "--image-size",
            "8",
            "--widths",
            "8,8",
            "--groups",
            "4",
            "--batch-size",
            "2",
            "--sample-every",
            "0",
            "--steps",
            "2",
            "--threads",
            "1",
            "--out",
            out.toString());
      }
      default -> {
        // As it is.
      }
    }
    return args;
  }

  /** A path of the documentation: models are shipped, all else is in the test's folder. */
  private Path here(String path) {
    return path.startsWith("models/")
        ? ROOT.resolve(path)
        : dir.resolve(path.startsWith("/") ? path.substring(1) : path).normalize();
  }

  private static String value(Line line, String option) {
    int at = line.args.indexOf(option.equals("--out") && line.args.contains("-o") ? "-o" : option);
    return at < 0 || at + 1 == line.args.size() ? "" : line.args.get(at + 1);
  }

  private static void set(List<String> args, String option, String value) {
    int at = args.indexOf(option);
    if (at < 0) {
      args.addAll(List.of(option, value));
    } else {
      args.set(at + 1, value);
    }
  }

  private static void unset(List<String> args, String option) {
    for (int at = args.indexOf(option); at >= 0; at = args.indexOf(option)) {
      args.subList(at, at + 2).clear();
    }
  }

  private static void setUnless(List<String> args, Set<String> any, String option, String value) {
    if (args.stream().noneMatch(any::contains)) {
      args.addAll(List.of(option, value));
    }
  }

  private static List<Line> documented() throws IOException {
    List<Line> lines = new ArrayList<>();
    try (Stream<Path> files =
        Stream.of("README.md", "CONTRIBUTING.md", "docs", "models")
            .map(ROOT::resolve)
            .filter(Files::exists)
            .flatMap(DocumentedCommandsTest::walk)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".md")).sorted().toList()) {
        lines.addAll(lines(ROOT.relativize(file), Files.readString(file)));
      }
    }
    return lines;
  }

  private static Stream<Path> walk(Path path) {
    try {
      return Files.walk(path);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static List<Line> lines(Path document, String text) {
    List<Line> found = new ArrayList<>();
    boolean inBlock = false;
    String[] lines = text.split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      if (lines[i].strip().startsWith("```")) {
        inBlock = !inBlock;
        continue;
      }
      int number = i + 1;
      StringBuilder line = new StringBuilder(lines[i].strip());
      while (inBlock && line.toString().endsWith("\\") && i + 1 < lines.length) {
        line.setLength(line.length() - 1);
        line.append(' ').append(lines[++i].strip());
      }
      Matcher command = COMMAND.matcher(line);
      if (inBlock && command.matches() && !command.group(1).matches("\\S.*")) {
        found.add(new Line(document, number, words(command.group(1))));
      }
    }
    return found;
  }

  /** The words of a shell command, up to a comment, a pipe, a redirection or another command. */
  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text);
    while (matcher.find()) {
      String bare = matcher.group(3);
      if (bare != null && bare.matches("(#|\\||>|2>|&|;).*")) {
        break;
      }
      words.add(
          bare != null ? bare : matcher.group(1) != null ? matcher.group(1) : matcher.group(2));
    }
    return words;
  }
}
