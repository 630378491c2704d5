package io.ddpm4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What the project's Markdown files hold: commands, links, Java snippets, tables. */
final class Documents {
  static final Path ROOT = Path.of(System.getProperty("ddpm4j.root", ".."));

  private static final Pattern COMMAND =
      Pattern.compile("^(?:\\$ )?(?:\\w+=\\S+ +)*\\./ddpm\\b(.*)");
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

  /** [text](target), [text](<target> "title"), or [name]: target at the start of a line. */
  private static final Pattern LINK =
      Pattern.compile("\\]\\((?:<([^>]*)>|([^)\\s]+))(?:\\s[^)]*)?\\)|^\\[[^\\]]+\\]:\\s+(\\S+)");

  private Documents() {}

  /** One {@code ./ddpm} line of a document. */
  record Line(Path document, int number, List<String> args) {
    @Override
    public String toString() {
      return document + ":" + number + ": ddpm " + String.join(" ", args);
    }
  }

  /** A link or picture of a document. */
  record Link(Path document, int number, String target) {
    @Override
    public String toString() {
      return document + ":" + number + ": " + target;
    }
  }

  /** Every document, as a path from the project's folder. */
  static List<Path> files() throws IOException {
    try (Stream<Path> files =
        Stream.of(
                "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md", "docs", "models")
            .map(ROOT::resolve)
            .filter(Files::exists)
            .flatMap(Documents::walk)) {
      return files
          .filter(f -> f.toString().endsWith(".md"))
          .sorted()
          .map(ROOT::relativize)
          .filter(f -> !f.toString().contains("node_modules")) // others' documents
          .toList();
    }
  }

  /** The commands of all documents, in the order in which they stand there. */
  static List<Line> commands() throws IOException {
    List<Line> lines = new ArrayList<>();
    for (Path file : files()) {
      lines.addAll(commands(file, Files.readString(ROOT.resolve(file))));
    }
    return lines;
  }

  /** The links and pictures of a text, but for what stands in code. */
  static List<Link> links(Path document, String text) {
    List<Link> found = new ArrayList<>();
    List<String> lines = withoutBlocks(text);
    for (int i = 0; i < lines.size(); i++) {
      Matcher link = LINK.matcher(lines.get(i).replaceAll("`[^`]*`", ""));
      while (link.find()) {
        String target = link.group(1) != null ? link.group(1) : link.group(2);
        found.add(new Link(document, i + 1, target != null ? target : link.group(3)));
      }
    }
    return found;
  }

  /** The names by which links reach the headings of a text, as GitHub makes them. */
  static List<String> anchors(String text) {
    List<String> found = new ArrayList<>();
    for (String line : withoutBlocks(text)) {
      if (line.matches("#{1,6} .*")) {
        String heading = line.replaceFirst("^#+ +", "").replaceAll("\\]\\([^)]*\\)", "").strip();
        String name =
            heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}_ -]", "").replace(' ', '-');
        int earlier = (int) found.stream().filter(n -> n.matches(name + "(-\\d+)?")).count();
        found.add(earlier == 0 ? name : name + "-" + earlier);
      }
    }
    return found;
  }

  /** The lines of a text; those of fenced blocks are empty. */
  private static List<String> withoutBlocks(String text) {
    List<String> lines = new ArrayList<>();
    boolean inBlock = false;
    for (String line : text.split("\n", -1)) {
      boolean fence = line.strip().startsWith("```");
      inBlock ^= fence;
      lines.add(inBlock || fence ? "" : line);
    }
    return lines;
  }

  private static Stream<Path> walk(Path path) {
    try {
      return Files.walk(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The commands in the fenced blocks of a text. */
  static List<Line> commands(Path document, String text) {
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

  /** The text of the blocks that are fenced as this language. */
  static List<String> blocks(Path document, String language) throws IOException {
    return Pattern.compile("^```" + language + "\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL)
        .matcher(Files.readString(ROOT.resolve(document)))
        .results()
        .map(block -> block.group(1))
        .toList();
  }

  /** The rows of the tables below a heading, by their first cell: the other cells. */
  static Map<String, List<String>> table(String text, String heading) {
    int start = text.indexOf(heading + "\n");
    if (start < 0) {
      throw new AssertionError("expected the heading " + heading);
    }
    int end = text.indexOf("\n## ", start + heading.length());
    Map<String, List<String>> rows = new LinkedHashMap<>();
    text.substring(start, end < 0 ? text.length() : end)
        .lines()
        .filter(line -> line.startsWith("|") && !line.startsWith("|---"))
        .map(line -> Stream.of(line.substring(1).split("\\|")).map(String::strip).toList())
        .forEach(cells -> rows.put(cells.get(0), cells.subList(1, cells.size())));
    return rows;
  }
}
