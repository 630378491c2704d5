package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureOptions;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.ResizeFilter;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command line says of a network of features that leaves choices. */
class FeatureNetworkOptionsTest {
  private static final int IMAGES = 16;

  @TempDir Path dir;

  private Path model() throws IOException {
    Path file = dir.resolve("model.onnx");
    return Files.exists(file) ? file : TestModels.unet(file, 3, List.of());
  }

  /** As Inception: of a size of its own, its features (N, D, 1, 1) beside logits (N, classes). */
  private Path inception() throws IOException {
    Graph graph = new Graph("inception", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Ops ops = new Ops(graph);
    Value images = graph.input("images", DataType.FLOAT, Shape.named("batch", 3, 5, 5));
    graph.output("pool3", ops.reduceMean(ops.mul(images, images), true, 2, 3));
    graph.output("logits", ops.slice(ops.reshape(images, 0, -1), 1, 0, 4));
    Path file = dir.resolve("inception.onnx");
    OnnxWriter.write(
        OnnxModel.of(graph).withMetadata(Map.of("ddpm4j.image", "{\"value_range\": [0, 1]}")),
        file);
    return file;
  }

  private CommandRun evaluate(Path out, Path features, Object... more) throws IOException {
    List<Object> args =
        new ArrayList<>(List.of("evaluate", model(), "--data", "shapes", "--sample-quality"));
    args.addAll(List.of("--threads", 1, "--out", out, "-n", IMAGES, "--seed", 4));
    args.addAll(List.of("--sampler", "ddim", "--steps", 1, "--neighbours", 0));
    args.addAll(List.of("--reference-images", 60, "--features", features));
    args.addAll(Arrays.asList(more));
    return CommandRun.of(args.toArray());
  }

  /** Whether a file of features in the folder is that of the samples by this filter. */
  private boolean hasSamplesBy(ResizeFilter filter, Path out, Path features) throws IOException {
    ImageBatch samples;
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(model()).sampler(Samplers.ddim()).steps(1).threads(1).build()) {
      samples = pipeline.generate(IMAGES, 4);
    }
    Features expected;
    FeatureOptions options = FeatureOptions.defaults().withFilter(filter);
    SessionSettings one = new SessionSettings(Device.cpu(), 1);
    try (FeatureNetwork network = FeatureNetwork.open(features, options, one)) {
      expected = network.extract(samples, Work.quiet()).features();
    }
    List<Path> files;
    try (Stream<Path> all = Files.list(out.resolve("features"))) {
      files = all.filter(file -> file.toString().endsWith("-features.npy")).toList();
    }
    boolean found = false;
    for (Path file : files) {
      Features there = Features.load(file);
      boolean same = there.count() == IMAGES;
      for (int i = 0; same && i < IMAGES; i++) {
        same = Arrays.equals(expected.row(i), there.row(i));
      }
      found |= same;
    }
    return found;
  }

  @Test
  void imagesAreResizedByTheFilterThatIsAskedFor() throws IOException {
    Path features = inception();
    Path usual = dir.resolve("usual");
    evaluate(usual, features).succeeds();
    assertTrue(hasSamplesBy(ResizeFilter.BICUBIC, usual, features));
    assertFalse(hasSamplesBy(ResizeFilter.BILINEAR, usual, features));
    Path other = dir.resolve("other");
    evaluate(other, features, "--feature-filter", "bilinear").succeeds();
    assertTrue(hasSamplesBy(ResizeFilter.BILINEAR, other, features));
    String said =
        JsonParser.parseString(Files.readString(other.resolve("quality.json")))
            .getAsJsonObject()
            .get("features")
            .getAsString();
    assertTrue(said.contains(" filter=BILINEAR "), said);
    byte[] state = Files.readAllBytes(usual.resolve("quality.state.json"));
    evaluate(usual, features, "--feature-filter", "bicubic").succeeds().prints("going on after 1");
    evaluate(usual, features, "--feature-filter", "bilinear").failsSaying("BILINEAR", "--out");
    assertArrayEquals(state, Files.readAllBytes(usual.resolve("quality.state.json")));
  }

  @Test
  void theOutputIsSaidWhereItHasAnotherName() throws IOException {
    Path network = inception();
    evaluate(dir.resolve("pool"), network)
        .succeeds()
        .prints(", features of inception (pool3)" + System.lineSeparator());
    evaluate(dir.resolve("logits"), network, "--feature-output", "logits")
        .succeeds()
        .prints(", features of inception (logits)" + System.lineSeparator());
    Path usual = TestModels.features(dir.resolve("usual.onnx"), 3, List.of("a", "b", "c"));
    CommandRun run = evaluate(dir.resolve("usual"), usual);
    run.prints(", features of usual" + System.lineSeparator());
  }

  @Test
  void aFilterOfAnotherNameIsWrongUsage() throws IOException {
    Path out = dir.resolve("out");
    evaluate(out, inception(), "--feature-filter", "lanczos")
        .isWrongUsage("--feature-filter", "expected bilinear, bicubic, found 'lanczos'");
    CommandRun.of(
            "evaluate",
            model(),
            "--data",
            "shapes",
            "--bits-per-dim",
            "--feature-filter",
            "bicubic")
        .isWrongUsage("--feature-filter", "--bits-per-dim");
    assertFalse(Files.exists(out));
  }
}
