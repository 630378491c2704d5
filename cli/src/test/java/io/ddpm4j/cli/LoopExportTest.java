package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.ModelSummary;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.image.NumpyType;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.sampling.LinearSampler;
import io.ddpm4j.runtime.sampling.Sampler;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ddpm export --sampler}: one graph gives what the Java loop gives. */
class LoopExportTest {
  /** Of the largest number that a run holds: rounding of float32 in networks and sums. */
  private static final double ROUNDING = 3e-5;

  private static final int STEPS = 6;

  @TempDir Path dir;

  /** A small network with this scheduler configuration. */
  private Path model(Map<String, String> scheduler, boolean classes) throws IOException {
    List<String> names = classes ? TestModels.CLASSES : List.of();
    Map<String, String> metadata = TestModels.metadata(1, names);
    SchedulerConfig config = SchedulerConfig.parse(metadata.get("ddpm4j.scheduler"));
    for (Map.Entry<String, String> field : scheduler.entrySet()) {
      config = config.withJson(field.getKey(), field.getValue());
    }
    metadata.put("ddpm4j.scheduler", config.toJson());
    Path file = dir.resolve("network.onnx");
    if (!classes) {
      return TestModels.write(file, 1, names, metadata);
    }
    metadata.put("ddpm4j.null_class", Integer.toString(names.size()));
    List<String> withNone = new ArrayList<>(names);
    withNone.add("none");
    return TestModels.write(file, 1, withNone, metadata);
  }

  /** Every method whose steps are a table and which makes images, for a configuration. */
  private static List<String> linear(SchedulerConfig config) {
    List<String> names = new ArrayList<>();
    for (String name : Samplers.names()) {
      try {
        Sampler sampler = Samplers.named(name).create(config);
        if (sampler instanceof LinearSampler && !sampler.isInverse() && sampler.tellsTimesteps()) {
          names.add(name);
        }
      } catch (IllegalArgumentException e) {
        // Not of such a network.
      }
    }
    return names;
  }

  private void assertSame(Path network, String method, LoopRun run, String... options)
      throws IOException {
    Path file = dir.resolve("loop.onnx");
    List<Object> args =
        new ArrayList<>(List.of("export", network, "--sampler", method + ":" + STEPS));
    args.addAll(List.of("--pixels", "float", "-o", file));
    args.addAll(List.of(options));
    CommandRun.of(args.toArray()).succeeds();
    List<String> set = new ArrayList<>();
    for (int k = 0; k < options.length; k++) {
      if (options[k].equals("--set")) {
        set.add(options[k + 1]);
      }
    }
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(network)
            .sampler(Samplers.changed(model -> configuration(method, model, set)))
            .steps(STEPS)
            .threads(1)
            .build()) {
      float[] largest = {1};
      float[] expected = run.java(pipeline, largest);
      NumpyArray found = run.loop(file, pipeline);
      double difference = LoopRun.difference(expected, found);
      assertTrue(
          difference <= ROUNDING * largest[0],
          "%s %s: differs by %s of %s".formatted(method, set, difference, largest[0]));
    }
  }

  private static SchedulerConfig configuration(
      String method, SchedulerConfig model, List<String> set) {
    SchedulerConfig config = Samplers.configuration(method, model);
    for (String field : set) {
      String[] parts = field.split("=", 2);
      config = config.withJson(parts[0], parts[1]);
    }
    return config;
  }

  @ParameterizedTest
  @ValueSource(strings = {"epsilon", "sample", "v_prediction"})
  void everyMethodOfATableIsTheJavaLoop(String prediction) throws IOException {
    Path network = model(Map.of("prediction_type", '"' + prediction + '"'), false);
    SchedulerConfig config =
        SchedulerConfig.parse(OnnxReader.read(network).metadata().get("ddpm4j.scheduler"));
    List<String> methods = linear(config);
    assertTrue(
        methods.containsAll(Set.of("ddim", "ddpm", "dpmpp_2m", "dpmpp_2m_sde")), "" + methods);
    for (String method : methods) {
      assertSame(network, method, LoopRun.plain(2));
    }
  }

  @Test
  void settingsMeanTheSame() throws IOException {
    Path network = model(Map.of(), false);
    LoopRun two = LoopRun.plain(2);
    assertSame(network, "ddim", two, "--set", "eta=0.7");
    assertSame(network, "ddim", two, "--set", "clip_sample=false");
    assertSame(network, "ddim", two, "--set", "timestep_spacing=trailing");
    assertSame(network, "ddim", two, "--set", "thresholding=true", "--set", "sample_max_value=2");
    assertSame(network, "ddpm", two, "--set", "variance_type=fixed_small");
    assertSame(network, "dpmpp_2m", two, "--set", "solver_order=3");
    assertSame(network, "dpmpp_2m", two, "--set", "use_karras_sigmas=true");
    assertSame(network, "dpmpp_2m", two, "--set", "thresholding=true");
  }

  @Test
  void classesGuide() throws IOException {
    Path network = model(Map.of(), true);
    for (double scale : new double[] {1, 3.5, 0}) {
      LoopRun run = LoopRun.ofClasses(TestModels.CLASSES, 3, scale);
      assertSame(network, "ddim", run);
      assertSame(network, "ddpm", run);
      assertSame(network, "dpmpp_2m", run, "--batch", "3");
    }
  }

  @Test
  void aSeedMakesTheNoiseOfTheJavaLoop() throws IOException {
    String[] seeded = {"--noise", "seed"};
    Path network = model(Map.of(), false);
    assertSame(network, "ddim", LoopRun.plain(3), seeded);
    assertSame(network, "ddpm", LoopRun.plain(3), seeded);
    assertSame(network, "ddpm", LoopRun.plain(2), "--noise", "seed", "--batch", "2");
    LoopRun classes = LoopRun.ofClasses(TestModels.CLASSES, 3, 2);
    assertSame(model(Map.of(), true), "ddim", classes, "--noise", "seed", "--opset", "13");
    Path file = dir.resolve("loop.onnx");
    CommandRun.of("inspect", file).succeeds().prints("seed", "class_labels");
    assertFalse(CommandRun.of("inspect", file).out().contains("step_noise"));
  }

  @Test
  void formsOfTheNetworkAreFormsOfTheLoop() throws IOException {
    Path network = model(Map.of(), true);
    LoopRun run = LoopRun.ofClasses(TestModels.CLASSES, 2, 2);
    for (String opset : List.of("13", "18", "21")) {
      assertSame(network, "ddim", run, "--opset", opset);
    }
    assertSame(network, "ddim", run, "--batch", "2");
    // Of images from -1 to 1, where 0.007 and 0.025 are seen.
    assertNear(network, run, "--fp16", 1e-4, 0.012);
    assertNear(network, run, "--int8", 1e-3, 0.04);
    assertNear(network, run, "--external-data", 0, 0);
  }

  /** The loop in another form makes the images of the plain one, but for what the form costs. */
  private void assertNear(Path network, LoopRun run, String form, double least, double most)
      throws IOException {
    Path plain = dir.resolve("plain.onnx");
    Path formed = dir.resolve("formed.onnx");
    Object[] export = {"export", network, "--sampler", "ddim:6", "--pixels", "float", "-o", plain};
    CommandRun.of(export).succeeds();
    Object[] other = Arrays.copyOf(export, export.length + 1);
    other[export.length - 1] = formed;
    other[export.length] = form;
    CommandRun written = CommandRun.of(other).succeeds();
    assertEquals(form.equals("--external-data"), written.out().contains("of data beside it"));
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(network).sampler(Samplers.ddim()).steps(6).build()) {
      float[] expected = run.loop(plain, pipeline).toFloats();
      double difference = LoopRun.difference(expected, run.loop(formed, pipeline));
      assertTrue(difference >= least && difference <= most, form + ": differs by " + difference);
    }
  }

  /** Names of extents are the network's, and no file holds one that depends on a count. */
  @Tag("slow")
  @Test
  void theNumberOfImagesHasOneName() throws IOException {
    Path file = dir.resolve("loop.onnx");
    for (boolean classes : new boolean[] {false, true}) {
      Path network = model(Map.of(), classes);
      for (String method : List.of("ddim:2", "ddpm:2", "dpmpp_2m:3")) {
        for (String noise : List.of("input", "seed")) {
          CommandRun.of("export", network, "--sampler", method, "--noise", noise, "-o", file)
              .succeeds();
          List<ModelSummary.Port> outputs = OnnxReader.read(file).summary().outputs();
          String text = Files.readString(file, StandardCharsets.ISO_8859_1);
          assertEquals("[images: uint8[batch, 8, 8, 1]]", outputs.toString(), method + noise);
          assertFalse(text.contains("unknown_"), method + noise);
        }
      }
    }
  }

  @Test
  void imagesAreBytesThatLookTheSame() throws IOException {
    Path network = model(Map.of(), false);
    Path file = dir.resolve("loop.onnx");
    CommandRun.of("export", network, "--sampler", "ddim:" + STEPS, "-o", file)
        .succeeds()
        .prints("the whole sampling loop, ddim in 6 steps, images as uint8");
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(network).sampler(Samplers.ddim()).steps(STEPS).build()) {
      LoopRun run = LoopRun.plain(3);
      float[] values = run.java(pipeline, new float[1]);
      NumpyArray found = run.loop(file, pipeline);
      assertEquals(NumpyType.UINT8, found.type());
      assertArrayEquals(new long[] {3, 8, 8, 1}, found.shape());
      ImageBatch batch = ImageBatch.of(values, ValueRange.SIGNED, 3, 1, 8, 8);
      for (int image = 0; image < 3; image++) {
        byte[] levels = batch.bytes(image);
        for (int k = 0; k < levels.length; k++) {
          long level = found.longAt(image * levels.length + k);
          assertEquals(levels[k] & 0xFF, level, 1); // where rounding decides
        }
      }
    }
  }

  @Test
  void theFileSaysWhatItIs() throws IOException {
    Path network = model(Map.of(), true);
    Path file = dir.resolve("loop.onnx");
    CommandRun.of("export", network, "--sampler", "ddpm", "-o", file)
        .succeeds()
        .prints("ddpm in 20 steps with guidance");
    assertTrue(Files.size(file) < Files.size(network) + 30_000, "weights are there once");
    CommandRun.of("inspect", file)
        .succeeds()
        .prints("ddpm, 20 steps", "step_noise", "guidance", "uint8", "classes", "Boot")
        .prints(
            "takes         guidance: ", "gives         images: uint8", "images        1 channel")
        .prints("ddpm run " + file + " --input noise=noise.npy", "schedule      linear, 20");
    CommandRun.of("sample", file)
        .failsSaying(file, "expected a network", "whole sampling loop", "ddpm run", "step_noise");
    CommandRun.of("export", file, "--sampler", "ddim", "-o", dir.resolve("again.onnx"))
        .isWrongUsage(
            file + ": expected a network, found a whole sampling loop; export its network");
  }

  @Test
  void aLoopIsCopiedAndTakesNoOtherForm() throws IOException {
    Path network = model(Map.of(), true);
    Path file = dir.resolve("loop.onnx");
    Path out = dir.resolve("out.onnx");
    CommandRun.of("export", network, "--sampler", "ddpm", "-o", file).succeeds();
    String found =
        "ddpm: " + file + ": expected a network, found a whole sampling loop; export its";
    CommandRun.of("export", file, "--int8", "-o", out)
        .isWrongUsage(found + " network with --sampler and --int8 instead\n");
    CommandRun.of("export", file, "--fp16", "--opset", 18, "--size", 8, "-o", out)
        .isWrongUsage(" with --sampler and --opset and --fp16 and --size instead\n");
    CommandRun.of("export", file, "--diffusers", dir.resolve("folder"))
        .isWrongUsage(found + " network with --diffusers instead\n");
    CommandRun.of("export", file, "-o", out).succeeds().prints("loads: [images uint8[?,8,8,1]]");
    assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(out));
  }

  /** A thousand images of noise and a thousand calls would take minutes, and 12 GB. */
  @Test
  void aLongLoopOfLargeImagesIsTriedOutInTwoSteps() throws IOException {
    Path network = dir.resolve("network.onnx");
    Graph graph = new Graph("scaling", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Value x = graph.input("x", DataType.FLOAT, Shape.named("n", 3, 1024, 1024));
    Value t = graph.input("t", DataType.FLOAT, Shape.of(1));
    Ops ops = new Ops(graph);
    graph.output("y", ops.add(ops.mul(x, 0.5), ops.mul(t, 0)));
    OnnxWriter.write(OnnxModel.of(graph), network);
    Path scheduler = dir.resolve("scheduler_config.json");
    Files.writeString(scheduler, "{\"_class_name\": \"DDPMScheduler\"}");
    Path file = dir.resolve("loop.onnx");
    CommandRun.of("export", network, "--sampler", "ddpm", "--scheduler", scheduler, "-o", file)
        .succeeds()
        .prints("ddpm in 1000 steps", ", the first 2 of 1000 steps")
        .prints("note: step_noise takes 12582.9 MB for each image", "--noise seed");
    CommandRun.of("inspect", file)
        .succeeds()
        .prints("ddpm, 1000 steps", "[1000, n, 3, 1024, 1024]");
    assertEquals(Set.of("loop.onnx", "network.onnx", "scheduler_config.json"), names());
  }

  /** The trial has to find what is wrong with the loop itself, and say so of the loop. */
  @Test
  void aLoopWhoseNetworkFailsIsNotWritten() throws IOException {
    Path network = dir.resolve("network.onnx");
    Graph graph = new Graph("odd", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Value x = graph.input("x", DataType.FLOAT, Shape.named("n", 1, 8, 8));
    Value t = graph.input("t", DataType.INT64, Shape.of(1));
    Ops ops = new Ops(graph);
    Value table = ops.constant(TensorData.ofFloats(new float[5], 5)); // of 5 timesteps
    graph.output("y", ops.add(x, ops.gather(table, t, 0)));
    OnnxWriter.write(OnnxModel.of(graph), network);
    Path scheduler = dir.resolve("scheduler_config.json");
    Files.writeString(scheduler, "{\"_class_name\": \"DDIMScheduler\"}");
    Path file = dir.resolve("loop.onnx");
    CommandRun.of("export", network, "--sampler", "ddim:50", "--scheduler", scheduler, "-o", file)
        .failsSaying("Gather");
    assertEquals(Set.of("network.onnx", "scheduler_config.json"), names());
  }

  private Set<String> names() throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      return files.map(path -> path.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  /** With what stands in one frame, the network's modules and weights are those of the network. */
  @Test
  void theNetworkInTheLoopIsDrawn() throws IOException {
    Path network = model(Map.of(), true);
    Path file = dir.resolve("loop.onnx");
    Path drawing = dir.resolve("loop.svg");
    Path plain = dir.resolve("network.svg");
    CommandRun.of("inspect", network, "--graph", plain).succeeds();
    for (String options : List.of("ddim:4", "ddpm:4 --noise seed", "ddim:4 --external-data")) {
      List<Object> export = new ArrayList<>(List.of("export", network, "-o", file, "--sampler"));
      export.addAll(List.of(options.split(" ")));
      CommandRun.of(export.toArray()).succeeds();
      CommandRun.of("inspect", file, "--graph", drawing).succeeds();
      String svg = Files.readString(drawing);
      assertTrue(svg.contains("repeated for each of 4 steps"), svg);
      for (String module : weights(Files.readString(plain))) {
        assertTrue(svg.contains(module), module + " in " + svg);
      }
    }
  }

  /** Modules with the number of their weights, as their descriptions in a drawing have them. */
  private static Set<String> weights(String svg) {
    Set<String> modules = new TreeSet<>();
    Matcher block =
        Pattern.compile("<title>(down_\\S+|mid_\\S+|up_\\S+)[^<]*?(\\S+ weights)").matcher(svg);
    while (block.find()) {
      modules.add(block.group(2));
    }
    assertTrue(modules.size() > 4, svg);
    return modules;
  }

  @Test
  void aLoopWithAScheduleOfAnotherFileShowsIt() throws IOException {
    Path scheduler = dir.resolve("scheduler_config.json");
    Files.writeString(
        scheduler, "{\"_class_name\": \"DDIMScheduler\", \"num_train_timesteps\": 77}");
    Path network = TestModels.scaling(dir.resolve("scaling.onnx"), 0.5, 2);
    Path file = dir.resolve("loop.onnx");
    CommandRun.of("export", network, "--sampler", "ddim:3", "--scheduler", scheduler, "-o", file)
        .succeeds();
    String said = CommandRun.of("inspect", file).succeeds().prints("linear, 77 timesteps").out();
    assertFalse(said.contains("none in the file"), said);
  }

  @Test
  void whatIsNoLoopIsRefused() throws IOException {
    Path network = model(Map.of(), false);
    Path out = dir.resolve("loop.onnx");
    for (String method : List.of("heun", "pndm", "unipc", "ddim_inverse")) {
      CommandRun.of("export", network, "--sampler", method, "-o", out)
          .isWrongUsage("--sampler: expected a method", "ddim, ddpm", "found " + method);
    }
    CommandRun.of("export", network, "--sampler", "ddim:0", "-o", out).isWrongUsage("at least 1");
    CommandRun.of("export", network, "--sampler", "dim", "-o", out).isWrongUsage("ddim, ");
    CommandRun.of("export", network, "--sampler", "ddim:21", "-o", out).isWrongUsage("21");
    CommandRun.of("export", network, "--sampler", "ddim").isWrongUsage("-o: expected a file");
    for (List<String> option :
        List.of(
            List.of("--pixels", "float"),
            List.of("--noise", "seed"),
            List.of("--set", "eta=0.5"),
            List.of("--variance", "fixed_small"))) {
      String name = option.get(0);
      CommandRun.of("export", network, name, option.get(1), "-o", out)
          .isWrongUsage("ddpm: " + name + ": expected it with --sampler, found it alone\n");
      CommandRun.of("export", network, name, option.get(1), "--diffusers", dir.resolve("folder"))
          .isWrongUsage("ddpm: " + name + ": expected it with --sampler, found --diffusers\n");
    }
    CommandRun.of("export", network, "--scheduler", "x.json", "-o", out)
        .isWrongUsage(
            "ddpm: --scheduler: expected it with --sampler or --diffusers, found none of them\n");
    CommandRun.of("export", network, "--sampler", "ddim", "--diffusers", dir.resolve("folder"))
        .isWrongUsage("ddpm: --diffusers: expected it without --sampler, found both\n");
    CommandRun.of("export", network, "--diffusers", dir.resolve("folder"), "--int8")
        .isWrongUsage("ddpm: --int8: expected it without --diffusers, found both\n");
    CommandRun.of("export", network, "--sampler", "ddim", "--set", "eta=2", "-o", out)
        .isWrongUsage("eta: expected 0 to 1");
    CommandRun.of("export", network, "--sampler", "ddim", "--fp16", "--fp16-io", "-o", out)
        .isWrongUsage("--fp16-io");
    assertFalse(Files.exists(out));
  }

  @Test
  void whatTheNetworkLeavesOpenIsGivenAsOptions() throws IOException {
    Path network = dir.resolve("open.onnx");
    Graph graph = new Graph("open", OpSet.onnx(OpSet.DEFAULT_VERSION));
    List<Dim> dims = List.of(new Dim.Named("n"), Dim.of(1), new Dim.Named("h"), new Dim.Named("w"));
    Value x = graph.input("x", DataType.FLOAT, new Shape(dims));
    Value t = graph.input("t", DataType.FLOAT, Shape.of(1));
    Ops ops = new Ops(graph);
    graph.output("y", ops.add(x, ops.mul(t, 0)));
    Map<String, String> metadata = TestModels.metadata(1, List.of());
    metadata.remove("ddpm4j.image");
    metadata.remove("ddpm4j.unet");
    OnnxWriter.write(OnnxModel.of(graph).withMetadata(metadata), network);
    Path out = dir.resolve("loop.onnx");
    CommandRun.of("export", network, "--sampler", "ddim:3", "-o", out)
        .failsSaying(
            network + ": expected the images' height and width in the file or as --size, found");
    CommandRun.of("export", network, "--sampler", "ddim:3", "--size", "4x6", "-o", out)
        .succeeds()
        .prints("runs: uint8[1,4,6,1]");
  }

  @Test
  void aForeignNetworkNeedsASchedule() throws IOException {
    Path network = TestModels.scaling(dir.resolve("scaling.onnx"), 0.5, 2);
    Path out = dir.resolve("loop.onnx");
    CommandRun.of("export", network, "--sampler", "ddim:3", "-o", out)
        .failsSaying(network, "noise schedule", "--scheduler");
    Path scheduler = dir.resolve("scheduler_config.json");
    Files.writeString(scheduler, "{\"_class_name\": \"DDIMScheduler\"}");
    CommandRun.of("export", network, "--sampler", "ddim:3", "--scheduler", scheduler, "-o", out)
        .succeeds();
    assertEquals(
        new TreeSet<>(Set.of("ddpm4j.loop")),
        new TreeSet<>(OnnxReader.read(out).metadata().keySet()));
  }
}
