package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.ModelSummary;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureOptions;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import picocli.CommandLine;

/** Every folder of {@code models/} with a model that makes images: whole, unchanged, described. */
class ShippedModelsTest {
  private static final Path MODELS = Documents.ROOT.resolve("models");

  /** Of the samples of {@link Models#DEFAULT}, by the shipped classifier. */
  private static final double LEAST_ACCURACY = 0.90;

  /** The rows of a card's table; the header row is empty. */
  private static final Set<String> ROWS =
      Set.of(
          "",
          "network",
          "data",
          "settings",
          "steps",
          "seed",
          "time",
          "loss",
          "weights",
          "sampling");

  /** Those that make images. */
  static List<Path> models() throws IOException {
    List<Path> models = new ArrayList<>();
    for (Path folder : folders()) {
      if (!isClassifier(folder)) {
        models.add(folder);
      }
    }
    return models;
  }

  /** All of them, classifiers among them. */
  static List<Path> folders() throws IOException {
    try (Stream<Path> folders = Files.list(MODELS)) {
      return folders.filter(Files::isDirectory).sorted().toList();
    }
  }

  static boolean isClassifier(Path folder) throws IOException {
    return ModelMetadata.isClassifier(OnnxReader.read(folder.resolve(Models.FILE)).metadata());
  }

  @Test
  void theDefaultModelIsThere() {
    assertTrue(Files.isRegularFile(MODELS.resolve(Models.DEFAULT).resolve(Models.FILE)));
  }

  @Test
  void allModelsTogetherFitIntoTheRepository() throws IOException {
    long bytes = 0;
    for (Path folder : folders()) {
      bytes += Files.size(folder.resolve(Models.FILE));
    }
    assertTrue(bytes < 30_000_000, "fp32, under 30 MB: " + bytes);
  }

  @ParameterizedTest
  @MethodSource("models")
  void filesHaveTheirHashes(Path folder) throws IOException, NoSuchAlgorithmException {
    requireHashes(folder, List.of("model.onnx", "samples.png"));
  }

  /**
   * @param files that must be among those with a hash
   */
  static void requireHashes(Path folder, List<String> files)
      throws IOException, NoSuchAlgorithmException {
    Map<String, String> expected = new TreeMap<>();
    for (String line : Files.readAllLines(folder.resolve("SHA256SUMS"))) {
      String[] parts = line.split("\\s+", 2);
      expected.put(parts[1], parts[0]);
    }
    assertTrue(expected.keySet().containsAll(files), expected.toString());
    try (Stream<Path> all = Files.list(folder)) {
      Set<String> names =
          all.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
      names.removeAll(Set.of("README.md", "SHA256SUMS"));
      assertEquals(names, expected.keySet(), "files with a hash in " + folder);
    }
    for (Map.Entry<String, String> file : expected.entrySet()) {
      byte[] bytes = Files.readAllBytes(folder.resolve(file.getKey()));
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      assertEquals(file.getValue(), HexFormat.of().formatHex(hash), file.getKey());
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void theCardAgreesWithTheFile(Path folder) throws IOException {
    Path file = folder.resolve("model.onnx");
    ModelSummary summary = OnnxReader.read(file).summary();
    ModelMetadata metadata = ModelMetadata.parse(file.toString(), summary.metadata());
    Map<String, String> provenance = metadata.provenance();
    UNetConfig unet = UNetConfig.fromJson(metadata.unet().orElseThrow());
    SchedulerConfig scheduler = metadata.scheduler().orElseThrow();
    String card = Files.readString(folder.resolve("README.md"));
    Card rows = new Card(Documents.table(card, "# " + folder.getFileName()));
    assertEquals(ROWS, rows.rows.keySet());

    rows.says("network", "(\\d[\\d, ]* and \\d+) channels", and(unet.blockOutChannels()));
    rows.says("network", "([\\d,]+) parameters", "%,d".formatted(summary.parameters()));
    rows.says("data", "the ([\\d,]+) (?:training )?images", grouped(provenance.get("images")));
    rows.says("settings", ".*--data ([\\w-]+)", provenance.get("dataset"));
    if (Boolean.parseBoolean(provenance.get("horizontal_flips"))) {
      rows.says("settings", "(--horizontal-flips)", "--horizontal-flips");
    }
    long steps = Long.parseLong(provenance.get("steps"));
    long shown = steps * Long.parseLong(provenance.get("batch_size"));
    rows.says("steps", "^([\\d,]+) ", "%,d".formatted(steps));
    rows.says("steps", "batch(?:_size|es of)? (\\d+)\\b", provenance.get("batch_size"));
    rows.says("steps", "([\\d,]+) images", "%,d".formatted(shown));
    rows.says(
        "steps",
        "([\\d.]+) epochs",
        "%.1f".formatted(shown / Double.parseDouble(provenance.get("images"))));
    rows.says("seed", "^(-?\\d+)", provenance.get("seed"));
    rows.says("settings", ".*--seed (-?\\d+)", provenance.get("seed")); // of the last run
    rows.says("settings", ".*--steps (\\d+)", provenance.get("steps"));
    if (provenance.containsKey("init")) {
      String rate =
          new BigDecimal(provenance.get("learning_rate")).stripTrailingZeros().toPlainString();
      rows.says("settings", ".*--init .*--learning-rate ([\\d.]+)", rate);
      rows.says("weights", "SHA-256 `(\\w+)`", provenance.get("init_sha256"));
    }
    if (metadata.nullClass().isPresent()) {
      rows.says("settings", ".*--label-dropout ([\\d.]+)", provenance.get("label_dropout"));
      rows.says("network", "null class, label (\\d+)", "" + metadata.nullClass().getAsInt());
      assertEquals(unet.numClassEmbeds() - 1, metadata.nullClass().getAsInt());
    }
    if (provenance.containsKey("model_guidance")) {
      rows.says("settings", ".*--model-guidance ([\\d.]+)", provenance.get("model_guidance"));
    }
    rows.says("weights", "decay ([\\d.]+)", provenance.get("ema_decay"));
    rows.says("sampling", "^(\\d+) steps", "" + scheduler.trainTimesteps());
    rows.says("sampling", "`(\\w+)` variance", scheduler.varianceType().label());
    assertTrue(card.contains(": " + String.join(", ", metadata.classNames()) + "."), "classes");
  }

  /** The table of a model card. */
  record Card(Map<String, List<String>> rows) {
    void says(String row, String pattern, String expected) {
      Matcher found = Pattern.compile(pattern).matcher(rows.get(row).get(0));
      assertTrue(found.find(), row + ": expected " + pattern + ", found " + rows.get(row));
      assertEquals(expected, found.group(1), row + ": " + pattern);
    }
  }

  static String and(List<Integer> numbers) {
    String commas = numbers.stream().map(String::valueOf).collect(Collectors.joining(", "));
    return commas.replaceAll(", (\\d+)$", " and $1");
  }

  static String grouped(String number) {
    return "%,d".formatted(Long.parseLong(number));
  }

  @ParameterizedTest
  @MethodSource("models")
  void theSamplesSayTheCommandOfTheCard(Path folder) throws IOException {
    Map<String, String> text = text(folder.resolve("samples.png"));
    CommandLine.ParseResult command = gridCommand(folder);
    assertEquals(folder.getFileName() + "/model.onnx", text.get("Model"));
    String sums = Files.readString(folder.resolve("SHA256SUMS"));
    assertTrue(sums.contains(text.get("Model-SHA256")), "made by another model: " + text);
    assertEquals(command.matchedOptionValue("--seed", -1L).toString(), text.get("Seed"));
    assertEquals(command.matchedOptionValue("-n", 16).toString(), text.get("Images"));
    assertEquals("0", text.get("First image"));
    double guidance = command.matchedOptionValue("--guidance", 1.0);
    assertEquals(guidance, Double.parseDouble(text.getOrDefault("Guidance scale", "1")));
    Integer steps = command.matchedOptionValue("--steps", scheduler(folder).trainTimesteps());
    assertEquals(steps.toString(), text.get("Steps"));
    SchedulerConfig used = SchedulerConfig.parse(text.get("Scheduler"));
    String sampler = command.matchedOptionValue("--sampler", null);
    if (sampler == null) {
      assertEquals(scheduler(folder), used, "the model's schedule");
    } else {
      assertEquals(sampler, text.get("Sampler"));
      assertEquals(scheduler(folder).noiseSchedule(), used.noiseSchedule(), "the model's noise");
      assertEquals(scheduler(folder).predictionType(), used.predictionType());
    }
  }

  /** The command with a seed: the other ones give another picture each time. */
  private static CommandLine.ParseResult gridCommand(Path folder) throws IOException {
    List<String> args =
        Documents.commands(folder, Files.readString(folder.resolve("README.md"))).stream()
            .map(Documents.Line::args)
            .filter(words -> words.contains("--seed"))
            .findFirst()
            .orElseThrow();
    PrintStream nowhere = new PrintStream(PrintStream.nullOutputStream());
    return Main.commandLine(args.toArray(String[]::new), Terminal.plain(nowhere, nowhere))
        .parseArgs(args.toArray(String[]::new))
        .subcommand();
  }

  private static SchedulerConfig scheduler(Path folder) throws IOException {
    Path file = folder.resolve("model.onnx");
    return ModelMetadata.parse(file.toString(), OnnxReader.read(file).metadata())
        .scheduler()
        .orElseThrow();
  }

  /** The text chunks of a PNG file. */
  private static Map<String, String> text(Path png) throws IOException {
    ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
    try (ImageInputStream in = ImageIO.createImageInputStream(png.toFile())) {
      reader.setInput(in);
      Node root = reader.getImageMetadata(0).getAsTree("javax_imageio_png_1.0");
      Map<String, String> text = new TreeMap<>();
      NodeList entries = ((Element) root).getElementsByTagName("tEXtEntry");
      for (int i = 0; i < entries.getLength(); i++) {
        Element entry = (Element) entries.item(i);
        text.put(entry.getAttribute("keyword"), entry.getAttribute("value"));
      }
      return text;
    } finally {
      reader.dispose();
    }
  }

  /**
   * Without guidance, at the least as often as the project asks of it: 200 samples in few steps,
   * some ten seconds of two idle cores.
   */
  @Tag("slow")
  @Test
  void clothesAreOfTheClassesThatAreAskedFor() throws IOException {
    int images = 200;
    ImageBatch made;
    List<String> classes;
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(MODELS.resolve(Models.DEFAULT))
            .sampler(Samplers.named("dpmpp_2m"))
            .steps(20)
            .build()) {
      made = pipeline.generate(images, 42L);
      classes = pipeline.metadata().classNames();
    }
    int[] asked = IntStream.range(0, images).map(i -> i % classes.size()).toArray();
    try (FeatureNetwork judge =
        FeatureNetwork.open(
            MODELS.resolve("fashion-mnist-classifier").resolve(Models.FILE),
            FeatureOptions.defaults(),
            SessionSettings.defaults())) {
      assertEquals(classes, judge.classNames());
      Features logits = judge.extract(made, Work.quiet()).logits().orElseThrow();
      ClassAccuracy accuracy = ClassAccuracy.of(logits, asked);
      assertTrue(accuracy.accuracy() >= LEAST_ACCURACY, accuracy.toString());
    }
  }

  /** The first two images, with all steps: some ten seconds of two idle cores. */
  @Tag("slow")
  @ParameterizedTest
  @MethodSource("models")
  void theSamplesComeFromTheModel(Path folder) throws IOException {
    int images = 2;
    Map<String, String> text = text(folder.resolve("samples.png"));
    Raster grid = ImageIO.read(folder.resolve("samples.png").toFile()).getRaster();
    ImageBatch made;
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(folder)
            .schedulerConfig(SchedulerConfig.parse(text.get("Scheduler")))
            .steps(Integer.parseInt(text.get("Steps")))
            .build()) {
      GenerationRequest request =
          GenerationRequest.of(images, Long.parseLong(text.get("Seed")))
              .withGuidanceScale(Double.parseDouble(text.getOrDefault("Guidance scale", "1")));
      made = pipeline.generate(request).images();
    }
    int padding = ImageGrid.fitting(made).padding();
    int columns = gridCommand(folder).matchedOptionValue("--columns", 0);
    int step = (grid.getWidth() - padding) / columns; // from one image to the next
    int scale = (step - padding) / made.width();
    int worst = 0;
    for (int image = 0; image < images; image++) {
      byte[] levels = made.bytes(image);
      int pixels = made.width() * made.height();
      for (int i = 0; i < levels.length; i++) { // (C, H, W)
        int x = padding + image * step + i % made.width() * scale;
        int y = padding + i % pixels / made.width() * scale;
        int level = grid.getSample(x, y, i / pixels);
        worst = Math.max(worst, Math.abs(level - (levels[i] & 0xFF)));
      }
    }
    // The noise is the same; what another processor rounds otherwise stays small.
    assertTrue(worst <= 8, "levels differ by up to " + worst);
  }
}
