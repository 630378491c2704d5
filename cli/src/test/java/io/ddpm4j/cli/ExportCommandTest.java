package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.Guidance;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code ddpm export} of models: what is written, and what is refused. */
class ExportCommandTest {
  @TempDir Path dir;

  private Path model() throws IOException {
    Path file = dir.resolve("small/model.onnx");
    if (!Files.exists(file)) {
      Files.createDirectories(file.getParent());
      TestModels.unet(file, 1, TestModels.CLASSES);
    }
    return file;
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aModelIsWrittenAsItIs() throws IOException {
    Path copy = dir.resolve("copy.onnx");
    CommandRun.of("export", model(), "-o", copy).succeeds().prints(copy + ": " + model(), "runs:");
    assertEquals(OnnxReader.read(model()).initializers(), OnnxReader.read(copy).initializers());
    CommandRun.of("export", model().getParent(), "-o", copy).succeeds();
    CommandRun.of("diff", model(), copy).succeeds().prints("both predict the same");
    assertEquals(List.of("copy.onnx", "small"), files());
  }

  @Test
  void aModelGoesToDiffusersAndComesBack() throws IOException {
    Path pipeline = dir.resolve("new/pipeline");
    CommandRun.of("export", model(), "--diffusers", pipeline)
        .succeeds()
        .prints(pipeline + ": " + model() + ", as DDPMPipeline", "note: ", "class_labels");
    Path back = dir.resolve("back.onnx");
    CommandRun.of("convert", pipeline, "-o", back).succeeds();
    CommandRun.of("diff", model(), back).succeeds().prints("both predict the same");
    CommandRun.of("export", model(), "--diffusers", pipeline)
        .failsSaying(pipeline + ": expected a new or an empty folder, found model_index.json in");
    CommandRun.of("export", model(), "--diffusers", dir.resolve("other"), "--fp16")
        .isWrongUsage("--fp16: expected it without --diffusers, found both");
    CommandRun.of("export", model(), "--int8", "-o", back).succeeds();
    CommandRun.of("export", back, "--diffusers", dir.resolve("other"))
        .failsSaying(
            back + ": expected weights as they were trained, found 8-bit ones, which cannot");
    assertEquals(List.of("back.onnx", "new", "small"), files());
  }

  @Test
  void whatNeedsARunRefusesAModel() throws IOException {
    Path out = dir.resolve("out.onnx");
    for (List<Object> options :
        List.<List<Object>>of(
            List.of("--ema", 0.9), List.of("--from-state", out), List.of("--train-step", out))) {
      CommandRun.of("export", model(), options.get(0), options.get(1))
          .isWrongUsage(options.get(0) + ": expected ", "training run, found the model " + model());
    }
    CommandRun.of("export", model()).isWrongUsage("-o: expected a file to write the model to");
    assertFalse(Files.exists(out));
  }

  @Test
  void whatIsNeitherARunNorAModel() throws IOException {
    Path out = dir.resolve("new/out.onnx");
    Path text = Files.writeString(dir.resolve("text.onnx"), "some text");
    CommandRun.of("export", text, "-o", out).failsSaying(text, "ONNX");
    CommandRun.of("export", dir, "-o", out).failsSaying(dir, "no model.onnx", "training run");
    CommandRun.of("export", dir.resolve("none"), "-o", out).failsSaying("none", "there is no such");
    assertFalse(Files.exists(out.getParent()));
  }

  // ---- forms

  /**
   * A form, and what becomes of a model in it.
   *
   * @param inspected what inspect shows
   * @param tolerance of the images that it makes, whose values are -1 to 1
   */
  private record Form(List<String> options, List<String> inspected, double tolerance) {
    static Form of(String options, double tolerance, String... inspected) {
      return new Form(List.of(options.split(" ")), List.of(inspected), tolerance);
    }

    @Override
    public String toString() {
      return String.join(" ", options);
    }
  }

  static Stream<Form> forms() {
    Stream<Form> versions =
        IntStream.rangeClosed(13, 21)
            .mapToObj(v -> Form.of("--opset " + v, 1e-5, "opset ai.onnx " + v));
    return Stream.concat(
        versions,
        Stream.of(
            Form.of("--fp16", 0.02, "weights float16", "sample: float[batch, 1, 8, 8]"),
            Form.of(
                "--fp16 --fp16-io",
                0.02,
                "weights float16, inputs float16",
                "sample: float16[batch, 1, 8, 8]",
                "out_sample: float16[batch, 1, 8, 8]"),
            Form.of("--int8", 0.2, "weights int8"),
            Form.of(
                "--batch 2", 1e-5, "batch 2", "sample: float[2, 1, 8, 8]", "timestep: int64[2]"),
            Form.of("--size 8", 1e-5, "sample: float[batch, 1, 8, 8]"),
            Form.of("--external-data", 0, "external data"),
            Form.of(
                "--fp16 --fp16-io --opset 21 --batch 2 --size 8x8 --external-data",
                0.02,
                "opset ai.onnx 21",
                "sample: float16[2, 1, 8, 8]",
                "weights float16, inputs float16, batch 2, height 8, width 8",
                "external data"),
            Form.of("--int8 --opset 13 --batch 3", 0.2, "weights int8, batch 3", "ai.onnx 13")));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void aModelInAnyFormSamplesTheSame(Form form) throws IOException {
    Path file = dir.resolve("form.onnx");
    List<Object> command = new ArrayList<>(List.of("export", model(), "-o", file));
    command.addAll(form.options());
    CommandRun.of(command.toArray()).succeeds().prints(file + ": " + model(), "runs:");
    CommandRun.of("inspect", file).succeeds().prints(form.inspected().toArray());
    float[] expected = images(model());
    float[] found = images(file);
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i] - found[i]));
    }
    assertTrue(largest <= form.tolerance(), form + ": " + largest);
    CommandRun.of("diff", model(), file, "--atol", form.tolerance() + 1e-6, "--images", 3)
        .succeeds();
  }

  /** Three images, of two classes, guided away from a third: six go through the network. */
  private static float[] images(Path file) throws IOException {
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(file).sampler(Samplers.ddim()).steps(5).threads(1).build()) {
      return pipeline
          .generate(
              GenerationRequest.of(3, 7)
                  .withClassNames("Boot", "Bag")
                  .withGuidance(Guidance.ofScale(1.5).awayFrom("T-shirt")))
          .images()
          .values();
    }
  }

  @Test
  void openExtentsAreFixed() throws IOException {
    Path open = TestModels.unclear(dir.resolve("open.onnx"));
    Path file = dir.resolve("fixed.onnx");
    CommandRun.of("export", open, "-o", file, "--batch", 2, "--size", "8x6").succeeds();
    CommandRun.of("inspect", file)
        .succeeds()
        .prints("x: float[2, c, 8, 6]", "a: int64[2]", "batch 2, height 8, width 6");
    CommandRun.of("export", file, "-o", dir.resolve("again.onnx"), "--batch", 3)
        .isWrongUsage(file + ": x: expected 3 or an open extent at axis 0, found [2, c, 8, 6]");
  }

  @Test
  void dataBesideAModelGoWithIt() throws IOException {
    Path file = dir.resolve("model.onnx");
    CommandRun.of("export", model(), "-o", file, "--external-data")
        .succeeds()
        .prints("of data beside it");
    List<String> names = files();
    assertEquals(3, names.size(), names.toString());
    assertTrue(names.get(1).matches("model\\.onnx\\.[0-9a-f]{8}\\.data"), names.toString());
    CommandRun.of("export", file, "-o", file, "--fp16", "--external-data").succeeds();
    assertEquals(3, files().size(), "of the model that was replaced: " + files());
    CommandRun.of("export", file, "-o", file).succeeds();
    assertEquals(List.of("model.onnx", "small"), files());
  }

  @Test
  void formsThatCannotBeAreRefused() throws IOException {
    Path out = dir.resolve("out.onnx");
    Map<String, String> refused = new LinkedHashMap<>();
    refused.put("--fp16 --int8", "--int8: expected it without --fp16, found both");
    refused.put("--fp16-io", "--fp16-io: expected --fp16 beside it, found it alone");
    refused.put("--opset 12", "'--opset': expected 13 to 21, found '12'");
    refused.put("--opset 22", "'--opset': expected 13 to 21, found '22'");
    refused.put("--opset new", "'--opset': expected 13 to 21, found 'new'");
    refused.put("--batch 0", "'--batch'");
    refused.put("--size 8x", "'--size'");
    refused.put(
        "--size 9", "sample: expected 9 or an open extent at axis 2, found [batch, 1, 8, 8]");
    refused.put("--train-step x.onnx --opset 13", "--opset: expected it without --train-step");
    refused.put("--train-step x.onnx --int8", "--int8: expected it without --train-step");
    refused.put("--train-step x.onnx --ema 1", "--ema: expected it without --train-step");
    for (Map.Entry<String, String> each : refused.entrySet()) {
      List<Object> command = new ArrayList<>(List.of("export", model()));
      command.addAll(List.of(each.getKey().split(" ")));
      if (!each.getKey().contains("--train-step")) {
        command.addAll(List.of("-o", out));
      }
      CommandRun.of(command.toArray()).isWrongUsage(each.getValue());
    }
    Path light = TestModels.scaling(dir.resolve("light.onnx"), 0.5, 1);
    CommandRun.of("export", light, "-o", out, "--int8")
        .isWrongUsage(light + ": graph scaling: expected float32 weights of 1024 numbers or more");
    assertFalse(Files.exists(out));
  }

  @Test
  void anUpsettingModelDoesNotTakeItsPlace() throws IOException {
    Path file = Files.writeString(dir.resolve("out.onnx"), "the old one");
    Path endless = TestModels.scaling(dir.resolve("endless.onnx"), Double.NaN, 1);
    CommandRun.of("export", endless, "-o", file)
        .failsSaying(file + ": expected finite predictions, found NaN");
    assertEquals("the old one", Files.readString(file));
    assertEquals(List.of("endless.onnx", "out.onnx"), files());
  }

  @Test
  void everyOptionBelongsToAKind() throws IOException {
    String help = CommandRun.of("export", "--help").succeeds().out();
    List<String> shared = List.of("--help", "--debug");
    long known =
        Stream.of(new ModelExport(), new LoopExport(), new TrainStepExport(), new DiffusersExport())
            .flatMap(kind -> kind.options().stream())
            .distinct()
            .peek(option -> assertTrue(help.contains(option), option))
            .count();
    long shown = help.lines().filter(line -> line.matches("  +(-\\w, )?--[a-z].*")).count();
    assertEquals(shown, known + shared.size(), help);
  }
}
