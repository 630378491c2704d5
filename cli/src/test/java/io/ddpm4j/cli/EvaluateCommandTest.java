package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.trainer.data.ShapesDataset;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {
  private static final int TIMESTEPS = 20; // of the test's models

  @TempDir Path dir;

  /** A class-conditional network of 8x8 shapes. */
  private Path model() throws IOException {
    Path file = dir.resolve("shapes-model.onnx");
    return Files.exists(file) ? file : TestModels.unet(file, 3, new ShapesDataset().classNames());
  }

  private CommandRun evaluate(Object model, Path out, Object... more) {
    List<Object> args =
        new ArrayList<>(
            List.of("evaluate", model, "--data", "shapes", "--bits-per-dim", "--threads", 1));
    args.addAll(List.of("--out", out));
    args.addAll(Arrays.asList(more));
    return CommandRun.of(args.toArray());
  }

  private static JsonObject json(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
  }

  private static double mean(JsonObject result, String figure) {
    return result.getAsJsonObject(figure).get("mean").getAsDouble();
  }

  @Test
  void theTermsAddUpToTheTotal() throws IOException {
    Path out = dir.resolve("out");
    CommandRun run =
        evaluate(model(), out, "-n", 5, "--batch-size", 2, "--variance", "fixed_large")
            .succeeds()
            .prints("5 images of shapes (test)", "20 timesteps", "fixed_large", "clipped to ±1")
            .prints("L_T", "L_1 to L_19", "L_0", "total", "images/s");
    JsonObject result = json(out.resolve("bits-per-dim.json"));
    assertEquals(5, result.get("images").getAsInt());
    double total = mean(result, "total");
    List<String> lines = Files.readAllLines(out.resolve("bits-per-dim.csv"));
    assertEquals(1 + TIMESTEPS, lines.size());
    assertEquals(
        "t,timestep,bits_per_dim,bits_per_dim_se,x0_mse,x0_mse_se,epsilon_mse,epsilon_mse_se",
        lines.get(0));
    double sum = mean(result, "L_T");
    for (int t = 0; t < TIMESTEPS; t++) {
      String[] cells = lines.get(1 + t).split(",");
      assertEquals(t, Integer.parseInt(cells[0]));
      assertEquals(t, Integer.parseInt(cells[1]));
      assertTrue(Stream.of(cells).skip(2).allMatch(cell -> Double.parseDouble(cell) >= 0));
      sum += Double.parseDouble(cells[2]);
    }
    assertEquals(sum, total, 1e-9 * total);
    assertEquals(
        total,
        mean(result, "L_T") + mean(result, "sum of L_t") + mean(result, "L_0"),
        1e-9 * total);
    assertTrue(run.out().contains(String.format(java.util.Locale.ROOT, "%.6f", total)), run.out());
    BufferedImage picture = ImageIO.read(out.resolve("bits-per-dim.png").toFile());
    assertEquals(900, picture.getWidth());
  }

  @Test
  void aSecondStartGoesOnAndTheFiguresAreThoseOfOne() throws IOException {
    Path parts = dir.resolve("parts");
    Path whole = dir.resolve("whole");
    evaluate(model(), parts, "-n", 2, "--batch-size", 2).succeeds();
    evaluate(model(), parts, "-n", 7, "--batch-size", 3)
        .succeeds()
        .prints("going on after 2 images");
    evaluate(model(), whole, "-n", 7, "--batch-size", 7).succeeds();
    for (String figure : List.of("total", "L_T", "L_0")) {
      JsonObject expected = json(whole.resolve("bits-per-dim.json")).getAsJsonObject(figure);
      JsonObject found = json(parts.resolve("bits-per-dim.json")).getAsJsonObject(figure);
      for (String field : List.of("mean", "standard_error")) {
        double value = expected.get(field).getAsDouble();
        assertEquals(value, found.get(field).getAsDouble(), 1e-5 * value, figure + " " + field);
      }
    }
    // Nothing is left to do: the result is said at once.
    evaluate(model(), whole, "-n", 7).succeeds().prints("going on after 7 images", "total");
    evaluate(model(), whole, "-n", 6).failsSaying("at most 6 images", "found 7", "--out");
    evaluate(model(), whole, "-n", 7, "--variance", "fixed_small")
        .failsSaying("variance fixed_small", "found fixed_large", "--out");
    evaluate(model(), whole, "-n", 7, "--seed", 3).failsSaying("seed 3, found 0");
    evaluate(TestModels.unet(dir.resolve("another.onnx"), 3, List.of()), whole, "-n", 7)
        .failsSaying("model", "found");
    Path kept = whole.resolve("bits-per-dim.state.json");
    String state = Files.readString(kept);
    Files.writeString(kept, state.replaceFirst("(\"means\": \\[\\s*-?)\\d", "$19"));
    assertNotEquals(state, Files.readString(kept), "one digit");
    evaluate(model(), whole, "-n", 7).failsSaying("damaged", "bits-per-dim.state.json");
    Files.writeString(kept, "{\"settings\":");
    evaluate(model(), whole, "-n", 7).failsSaying("damaged", "bits-per-dim.state.json");
    Files.write(kept, new byte[] {'{', (byte) 0xFF, '}'});
    evaluate(model(), whole, "-n", 7).failsSaying("damaged", "bits-per-dim.state.json");
  }

  @Test
  void respacedChainsTellTheNetworkTheTimestepsOfTheWhole() throws IOException {
    Path out = dir.resolve("out");
    evaluate(model(), out, "-n", 2, "--respacing", "3,2").succeeds().prints("5 timesteps");
    assertEquals(
        List.of("0", "4", "9", "10", "19"),
        Files.readAllLines(out.resolve("bits-per-dim.csv")).stream()
            .skip(1)
            .map(line -> line.split(",")[1])
            .toList());
    evaluate(model(), dir.resolve("x"), "-n", 1, "--respacing", "30").isWrongUsage("respacing");
    evaluate(model(), dir.resolve("x"), "-n", 1, "--respacing", "1").isWrongUsage("at least 2");
  }

  @Test
  void clippingAndDecoderCount() throws IOException {
    Path clipped = dir.resolve("clipped");
    Path not = dir.resolve("not");
    evaluate(model(), clipped, "-n", 2).succeeds();
    evaluate(model(), not, "-n", 2, "--no-clip").succeeds().prints("not clipped");
    double first = mean(json(clipped.resolve("bits-per-dim.json")), "total");
    double second = mean(json(not.resolve("bits-per-dim.json")), "total");
    assertTrue(second > first, second + " " + first); // the network is not trained
    Path density = dir.resolve("density");
    evaluate(model(), density, "-n", 2, "--decoder", "continuous").succeeds();
    JsonObject result = json(density.resolve("bits-per-dim.json"));
    assertEquals(
        mean(json(clipped.resolve("bits-per-dim.json")), "sum of L_t"),
        mean(result, "sum of L_t"),
        1e-9);
    assertEquals("continuous", result.getAsJsonObject("settings").get("decoder").getAsString());
  }

  @Test
  void anotherScheduleThanTheModelsIsWarnedOf() throws IOException {
    CommandRun run =
        evaluate(model(), dir.resolve("out"), "-n", 1, "--schedule", "cosine", "--respacing", "5");
    assertEquals(0, run.exitCode(), run.err());
    assertTrue(run.err().contains("own schedule differs from that of --schedule"), run.err());
  }

  @Test
  void theFlowsLikelihood() throws IOException {
    Path out = dir.resolve("out");
    evaluate(model(), out, "-n", 3, "--ode", "--ode-steps", 5, "--batch-size", 2)
        .succeeds()
        .prints("probability flow", "dequantised", "3 images in");
    JsonObject result = json(out.resolve("ode.json"));
    assertTrue(Double.isFinite(mean(result, "total")));
    assertFalse(Files.exists(out.resolve("bits-per-dim.json")));
    evaluate(model(), out, "-n", 5, "--ode", "--ode-steps", 5)
        .succeeds()
        .prints("going on after 3 images");
    evaluate(model(), out, "-n", 5, "--ode", "--ode-steps", 5, "--no-dequantisation")
        .failsSaying("dequantisation none, found uniform");
  }

  @Test
  void aRunIsEvaluatedAsWhatItIsExportedAs() throws IOException {
    Path run = dir.resolve("run");
    CommandRun trained =
        CommandRun.of(
            "train",
            "--data",
            "shapes",
            "--image-size",
            8,
            "--widths",
            "8,8",
            "--groups",
            4,
            "--batch-size",
            2,
            "--sample-every",
            0,
            "--steps",
            2,
            "--threads",
            1,
            "--out",
            run);
    assertEquals(0, trained.exitCode(), trained.err());
    Path direct = dir.resolve("direct");
    evaluate(run, direct, "-n", 2, "--respacing", 4).succeeds().prints(run);
    Path exported = dir.resolve("exported.onnx");
    CommandRun.of("export", run, "-o", exported).succeeds();
    Path ofFile = dir.resolve("of-file");
    evaluate(exported, ofFile, "-n", 2, "--respacing", 4).succeeds();
    assertEquals(
        mean(json(ofFile.resolve("bits-per-dim.json")), "total"),
        mean(json(direct.resolve("bits-per-dim.json")), "total"),
        1e-6);
  }

  @Test
  void wrongUsage() throws IOException {
    Path out = dir.resolve("out");
    CommandRun.of("evaluate", model(), "--data", "shapes")
        .isWrongUsage("what to measure", "--bits-per-dim");
    CommandRun.of("evaluate", model(), "--bits-per-dim").isWrongUsage("--data");
    for (Object[] ofBound :
        new Object[][] {
          {"--respacing", 5},
          {"--variance", "fixed_small"},
          {"--decoder", "continuous"},
          {"--clip"},
          {"--no-clip"}
        }) {
      assertEquals(
          "ddpm: " + ofBound[0] + ": expected it without --ode, found both",
          mistake(evaluate(model(), out, with(List.of("--ode"), ofBound).toArray())));
    }
    for (Object[] ofFlow :
        new Object[][] {{"--ode-steps", 5}, {"--probe-step", 0.1}, {"--no-dequantisation"}}) {
      assertEquals(
          "ddpm: " + ofFlow[0] + ": expected it beside --ode, found it alone",
          mistake(evaluate(model(), out, ofFlow)));
    }
    assertEquals(
        "ddpm: --clip: expected it without --no-clip, found both",
        mistake(evaluate(model(), out, "--clip", "--no-clip")));
    evaluate(model(), out, "--variance", "learned_range").isWrongUsage("--variance", "no variance");
    evaluate(model(), out, "--variance", "large").isWrongUsage("fixed_large", "large");
    evaluate(model(), out, "--null-class").isWrongUsage("--null-class", "stands for none");
    evaluate(model(), out, "-n", 100_000).isWrongUsage("at most 1000 images", "100000");
    evaluate(model(), out, "-n", "some").isWrongUsage("or all", "some");
    Path unconditional = TestModels.unet(dir.resolve("plain.onnx"), 3, List.of());
    evaluate(unconditional, out, "--null-class").isWrongUsage("class-conditional");
    Path grey = TestModels.unet(dir.resolve("grey.onnx"), 1, List.of());
    evaluate(grey, out).failsSaying("expected images of 1x8x8", "found 3x8x8");
    Path others = TestModels.unet(dir.resolve("others.onnx"), 3, TestModels.CLASSES);
    evaluate(others, out).isWrongUsage("expected one of Boot", "circle");
    assertFalse(Files.exists(out));
  }

  private static String mistake(CommandRun run) {
    return run.isWrongUsage().err().lines().findFirst().orElseThrow();
  }

  /** Each option that changes figures, in place of what the stored ones were measured with. */
  @Test
  void storedResultsAreOfTheSameSettingsOnly() throws IOException {
    Path model = TestModels.unclear(dir.resolve("unclear.onnx"));
    Path out = dir.resolve("out");
    Map<String, String> usual = new LinkedHashMap<>();
    usual.put("--data", "shapes");
    usual.put("--input-timestep", "a");
    usual.put("--image-size", "8");
    usual.put("--image-channels", "3");
    usual.put("--schedule", "linear");
    usual.put("--train-timesteps", "4");
    usual.put("--value-range", "-1,1");
    usual.put("--split", "test");
    usual.put("--threads", "1");
    usual.put("--out", out.toString());
    for (String kind : List.of("--bits-per-dim", "--ode")) {
      List<String> asked = new ArrayList<>(List.of("--bits-per-dim", kind));
      if (kind.equals("--ode")) {
        asked.addAll(List.of("--ode-steps", "2"));
      } else {
        asked.remove(0);
      }
      evaluate(model, usual, asked, "-n", "1").succeeds();
      Map<String, String> changes = new LinkedHashMap<>();
      changes.put("--value-range 0,255", "value range 0,255, found -1,1");
      changes.put("--image-size 9", "image 3x9x9, found 3x8x8");
      changes.put("--input-timestep b", "inputs and output x, b, a, y, found x, a, b, y");
      changes.put("--schedule cosine", "schedule 4 timesteps");
      changes.put("--train-timesteps 5", "schedule 5 timesteps");
      changes.put("--prediction sample", "prediction sample, found epsilon");
      changes.put("--split train", "data shapes (train)");
      for (Map.Entry<String, String> change : changes.entrySet()) {
        Map<String, String> changed = new LinkedHashMap<>(usual);
        String[] option = change.getKey().split(" ");
        changed.put(option[0], option[1]);
        CommandRun run = evaluate(model, changed, asked, "-n", "2");
        assertTrue(run.err().contains("expected results of the same settings"), run.err());
        assertTrue(run.err().contains(change.getValue()), change + ": " + run.err());
        assertEquals(1, run.exitCode());
      }
      evaluate(model, usual, asked, "-n", "2").succeeds().prints("going on after 1 images");
    }
  }

  private static CommandRun evaluate(
      Path model, Map<String, String> options, List<String> asked, String... more) {
    List<String> args = new ArrayList<>(List.of("evaluate", model.toString()));
    options.forEach((name, value) -> args.addAll(List.of(name, value)));
    args.addAll(asked);
    args.addAll(List.of(more));
    return CommandRun.of(args.toArray());
  }

  @Test
  void storedResultsAreOfTheSamePixelsOnly() throws IOException {
    Path folder = Files.createDirectory(dir.resolve("pictures"));
    for (int k = 0; k < 3; k++) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_ARGB);
      image.setRGB(k, k, 0xFF00FF00);
      ImageIO.write(image, "png", folder.resolve(k + ".png").toFile());
    }
    Path grey = TestModels.unet(dir.resolve("grey.onnx"), 1, List.of());
    List<Object> args = new ArrayList<>(List.of("evaluate", grey, "--data", folder));
    args.addAll(List.of("--bits-per-dim", "--respacing", 2, "--threads", 1));
    args.addAll(List.of("--out", dir.resolve("out")));
    CommandRun.of(with(args, "-n", 1).toArray()).succeeds();
    CommandRun.of(with(args, "-n", 2, "--background", "000000").toArray())
        .failsSaying("pixels and labels", "found", "--out");
    BufferedImage other = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(other, "png", folder.resolve("1.png").toFile());
    CommandRun.of(with(args, "-n", 2).toArray()).failsSaying("pixels and labels", "found");
  }

  private static List<Object> with(List<Object> args, Object... more) {
    return Stream.concat(args.stream(), Stream.of(more)).toList();
  }

  @Test
  void picturesOfAFolderAreSizedToTheModel() throws IOException {
    Path folder = Files.createDirectory(dir.resolve("pictures"));
    for (int k = 0; k < 3; k++) {
      BufferedImage image = new BufferedImage(20, 14, BufferedImage.TYPE_INT_RGB);
      image.setRGB(k, k, 0xFFFFFF);
      ImageIO.write(image, "png", folder.resolve(k + ".png").toFile());
    }
    Path grey = TestModels.unet(dir.resolve("grey.onnx"), 1, List.of());
    CommandRun.of(
            "evaluate",
            grey,
            "--data",
            folder,
            "--bits-per-dim",
            "-n",
            "all",
            "--threads",
            1,
            "--out",
            dir.resolve("out"))
        .succeeds()
        .prints("3 images of " + folder);
    CommandRun.of(
            "evaluate",
            grey,
            "--data",
            folder,
            "--bits-per-dim",
            "--split",
            "test",
            "--out",
            dir.resolve("out2"))
        .isWrongUsage("--split", "no test images");
    CommandRun.of(
            "evaluate", model(), "--data", folder, "--bits-per-dim", "--out", dir.resolve("out3"))
        .isWrongUsage("class-conditional", "without");
  }
}
