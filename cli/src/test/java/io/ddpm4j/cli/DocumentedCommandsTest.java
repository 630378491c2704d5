package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.cli.Documents.Line;
import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.trainer.data.ShapesDataset;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/**
 * Every {@code ./ddpm} line in a fenced block of the documentation is a command that exists, and is
 * run in the order in which it stands there: made small (a few steps, a small network), its files
 * in a folder of the test.
 */
class DocumentedCommandsTest {
  /** What makes the network: where a document says nothing of it, it is made small. */
  private static final Set<String> NETWORK =
      Set.of("--preset", "--widths", "--attention", "--layers", "--groups", "--head-channels");

  /** Fewer than these, and the documents or this test have lost some. */
  private static final Map<String, Integer> AT_LEAST =
      Map.ofEntries(
          Map.entry("sample", 8),
          Map.entry("interpolate", 2),
          Map.entry("encode", 1),
          Map.entry("decode", 1),
          Map.entry("train", 10),
          Map.entry("export", 2),
          Map.entry("inspect", 1),
          Map.entry("noise", 1),
          Map.entry("run", 2),
          Map.entry("doctor", 1),
          Map.entry("evaluate", 1));

  /** NAME=x.npy, or x.npy. */
  private static final Pattern NAMED_ARRAY = Pattern.compile("(\\w+=)?(\\w+\\.npy)");

  @TempDir Path dir;
  private String home;
  private int unnamedRuns;

  @BeforeEach
  void setHome() {
    home = System.getProperty("ddpm4j.home");
    System.setProperty("ddpm4j.home", Documents.ROOT.toString());
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
        Documents.commands(
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
    List<Line> lines = Documents.commands();
    List<String> mistakes =
        lines.stream()
            .filter(line -> !mistake(line).isEmpty())
            .map(line -> line + ": " + mistake(line))
            .toList();
    assertEquals(List.of(), mistakes);
    assertFalse(
        Files.exists(Documents.ROOT.resolve("README.md"))
            && lines.stream().noneMatch(line -> line.document().endsWith("README.md")),
        "README.md shows no ./ddpm command in a fenced block");
  }

  @Tag("slow")
  @Test
  void everyCommandThatCanRunHereRuns() throws IOException {
    List<Line> lines = Documents.commands();
    List<String> failures = new ArrayList<>();
    Map<String, Integer> ran = new TreeMap<>();
    for (Line line : lines) {
      if (needsWhatIsNotEverywhere(line)) {
        continue;
      }
      prepare(line);
      List<String> small = small(line);
      CommandRun run = CommandRun.of(small.toArray());
      if (run.exitCode() != 0) {
        failures.add(line + " (run as " + String.join(" ", small) + "): " + run.err());
      }
      ran.merge(command(line), 1, Integer::sum);
    }
    assertEquals(List.of(), failures);
    AT_LEAST.forEach(
        (command, count) ->
            assertTrue(ran.getOrDefault(command, 0) >= count, command + " ran: " + ran));
  }

  private static String command(Line line) {
    return line.args().isEmpty() ? "" : line.args().get(0);
  }

  private static boolean isHelp(Line line) {
    return line.args().contains("--help") || line.args().contains("-h");
  }

  private static boolean needsWhatIsNotEverywhere(Line line) {
    return line.args().contains("--device") || line.args().contains("--scheduler");
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
    String[] args = line.args().toArray(String[]::new);
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

  /** Makes what the command reads, where that is not there. */
  private void prepare(Line line) throws IOException {
    if (isHelp(line)) {
      return;
    }
    String subject = subject(line);
    switch (command(line)) {
      case "sample", "inspect" -> {
        if (subject.endsWith(".onnx") && !Files.exists(here(subject))) { // a reader's own model
          TestModels.unet(here(subject), 1, List.of());
        }
      }
      case "run" -> {
        if (!Files.exists(here(subject))) {
          TestModels.foreign(here(subject));
          NumpyArray.of(new float[2 * 64], 2, 1, 8, 8).write(here("x.npy"));
          NumpyArray.of(new long[] {0, 9}, 2).write(here("t.npy"));
        }
      }
      case "convert" -> {
        UNetConfig network = TestModels.config(1, 0);
        Path folder = subject.endsWith("/") ? here(subject) : here(subject).getParent();
        Path weights =
            subject.endsWith("/")
                ? folder.resolve("diffusion_pytorch_model.safetensors")
                : here(subject);
        Files.createDirectories(folder);
        try (OutputStream out = Files.newOutputStream(weights)) { // its content counts
          new Safetensors(UNet.parameters(network).initialize(5), Map.of()).write(out);
        }
        Files.writeString(folder.resolve("config.json"), network.toJson());
        Files.writeString(here("arguments.json"), network.toJson());
      }
      case "export" -> {
        String state = value(line, "--from-state"); // as a page that trains would save it
        if (!state.isEmpty()) {
          Files.createDirectories(here(state).getParent());
          Files.copy(here("train.safetensors"), here(state), StandardCopyOption.REPLACE_EXISTING);
        }
      }
      case "noise" -> {
        if (!Files.exists(here(subject))) {
          Files.createDirectories(here(subject).getParent());
          BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
          ImageIO.write(image, "png", here(subject).toFile());
        }
      }
      case "train", "train-classifier" -> {
        // Every document begins afresh.
        if (!line.args().contains("--resume") && !value(line, "--out").isEmpty()) {
          delete(here(value(line, "--out")));
        }
      }
      default -> {
        // Reads what an earlier line has made.
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  /** The command in a small version, with its files in the test's folder. */
  private List<String> small(Line line) throws IOException {
    List<String> args = new ArrayList<>();
    for (String arg : line.args()) {
      Matcher array = NAMED_ARRAY.matcher(arg);
      if (array.matches()) {
        args.add((array.group(1) == null ? "" : array.group(1)) + here(array.group(2)));
        continue;
      }
      args.add(
          arg.matches(".*(/|\\.(onnx|png|jpe?g|pt|json|svg))[\\w.-]*")
              ? here(arg).toString()
              : arg);
    }
    if (isHelp(line)) {
      return args;
    }
    if (args.contains("--diffusers")) { // a folder, whose name need not look like a path
      set(args, "--diffusers", here(value(line, "--diffusers")).toString());
    }
    switch (command(line)) {
      case "sample" -> {
        if (subject(line).endsWith(".onnx")) { // a stand-in, which has other classes
          unset(args, "--class");
        }
        set(args, "--steps", args.contains("--from") ? "10" : "2"); // of which a part is run
        set(args, "--threads", "1");
        set(args, args.contains("--images") ? "--images" : "-n", "4");
        setUnless(args, Set.of("-o", "--output", "--separate"), "-o", dir + "/samples.png");
      }
      case "interpolate", "encode", "decode" -> {
        set(args, "--steps", "4");
        set(args, "--threads", "1");
      }
      case "noise" -> setUnless(args, Set.of("-o", "--output"), "-o", dir + "/noise.png");
      case "evaluate" -> {
        return smallEvaluation(args);
      }
      case "train" -> {
        return smallTraining(line);
      }
      case "train-classifier" -> {
        return smallClassifier(line);
      }
      default -> {
        // As it is.
      }
    }
    return args;
  }

  /** Two small shapes and a stand-in of their size; what is measured and how stays. */
  private List<String> smallEvaluation(List<String> args) throws IOException {
    Path model = dir.resolve("evaluated.onnx");
    TestModels.unet(model, 3, new ShapesDataset().classNames());
    if (args.get(1).startsWith("-")) {
      args.add(1, model.toString());
    } else {
      args.set(1, model.toString());
    }
    unset(args, "--data-dir");
    args.remove("--null-class");
    if (args.contains("--respacing")) { // the stand-in has fewer timesteps
      set(args, "--respacing", "5");
    }
    set(args, "--data", "shapes");
    boolean ofSamples = args.contains("--sample-quality");
    set(args, args.contains("--images") ? "--images" : "-n", ofSamples ? "16" : "2");
    if (ofSamples) {
      Path features = dir.resolve("evaluated-features.onnx");
      TestModels.features(features, 3, new ShapesDataset().classNames());
      set(args, "--features", features.toString());
      set(args, "--reference-images", "16");
      set(args, "--steps", "2"); // the stand-in has fewer timesteps
      set(args, "--neighbours", "0"); // of thousands of shapes
      unset(args, "--guidance"); // and no class that stands for none
    }
    set(args, "--threads", "1");
    unset(args, "--out");
    set(args, "--out", dir.resolve("evaluation-" + unnamedRuns++).toString());
    return args;
  }

  /** Two steps on small shapes; what the line says of the network and the method stays. */
  private List<String> smallTraining(Line line) throws IOException {
    String named = value(line, "--out");
    Path out = named.isEmpty() ? dir.resolve("unnamed-" + unnamedRuns++) : here(named);
    if (line.args().contains("--resume")) {
      int done = Files.readAllLines(out.resolve("metrics.csv")).size() - 1; // but the header
      String more = Integer.toString(done + 1);
      return List.of("train", "--resume", "--out", out.toString(), "--steps", more);
    }
    List<String> args = new ArrayList<>(line.args());
    for (String option : List.of("-o", "--data-dir", "--labels", "--channels", "--background")) {
      unset(args, option);
    }
    args.remove("--labels-from-folders");
    if (args.contains("--config")) {
      set(args, "--config", here(value(line, "--config")).toString());
    }
    if (args.contains("--init")) { // a stand-in, which has the size of the small shapes
      Path model = dir.resolve("small/model.onnx");
      Files.createDirectories(model.getParent());
      set(args, "--init", TestModels.unet(model, 3, new ShapesDataset().classNames()).toString());
    } else if (NETWORK.stream().noneMatch(args::contains)) {
      args.addAll(List.of("--widths", "8,8", "--groups", "4"));
    }
    if (args.contains("--betas")) { // a reader's own
      set(args, "--betas", Files.writeString(dir.resolve("betas.json"), "[0.1, 0.5]").toString());
    }
    set(args, "--data", "shapes");
    set(args, "--image-size", "8");
    set(args, "--batch-size", "2");
    set(args, "--sample-every", "0");
    set(args, "--steps", "2");
    set(args, "--threads", "1");
    set(args, "--out", out.toString());
    return args;
  }

  /** A part of an epoch's time: small shapes, a small network. */
  private List<String> smallClassifier(Line line) {
    String named = value(line, "--out");
    Path out = named.isEmpty() ? dir.resolve("unnamed-" + unnamedRuns++) : here(named);
    if (line.args().contains("--resume")) {
      return List.of("train-classifier", "--resume", "--out", out.toString());
    }
    List<String> args = new ArrayList<>(line.args());
    for (String option : List.of("-o", "--data-dir", "--labels", "--channels", "--background")) {
      unset(args, option);
    }
    args.remove("--labels-from-folders");
    set(args, "--data", "shapes");
    set(args, "--image-size", "8");
    set(args, "--widths", "8");
    set(args, "--blocks", "0");
    set(args, "--batch-size", "64");
    set(args, "--epochs", "1");
    set(args, "--threads", "1");
    set(args, "--out", out.toString());
    return args;
  }

  /** A path of the documentation: what is shipped, all else is in the test's folder. */
  private Path here(String path) {
    boolean shipped = path.startsWith("docs/") && Files.exists(Documents.ROOT.resolve(path));
    return shipped || path.startsWith("models/")
        ? Documents.ROOT.resolve(path)
        : dir.resolve(path.startsWith("/") ? path.substring(1) : path).normalize();
  }

  private static String value(Line line, String option) {
    int at =
        line.args().indexOf(option.equals("--out") && line.args().contains("-o") ? "-o" : option);
    return at < 0 || at + 1 == line.args().size() ? "" : line.args().get(at + 1);
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
}
