package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.random.ImageNoise;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ddpm diff}. */
class DiffCommandTest {
  @TempDir Path dir;

  @Test
  void aModelIsTheSameAsItself() throws IOException {
    Path model = TestModels.unet(dir.resolve("a.onnx"), 1, TestModels.CLASSES);
    Path foreign = TestModels.write(dir.resolve("b.onnx"), 1, TestModels.CLASSES, Map.of());
    CommandRun.of("diff", model, model)
        .succeeds()
        .prints("0 with other numbers", "t = 0:", "t = 19:", "both predict the same");
    CommandRun.of("diff", model, foreign)
        .succeeds()
        .prints("metadata that differ: ddpm4j.format, ddpm4j.scheduler", "both predict the same");
  }

  /** Closed form: the difference of k·x + t and m·x + t is (k - m)·x. */
  @Test
  void saysHowFarPredictionsAreApart() throws IOException {
    Path a = TestModels.scaling(dir.resolve("a.onnx"), 1, 3);
    Path b = TestModels.scaling(dir.resolve("b.onnx"), 0.75, 3);
    float[] noise = new float[3 * 3 * 64];
    new ImageNoise(9).fill(noise, 0, 3, 3 * 64, 0);
    double largest = 0;
    double sum = 0;
    double squares = 0;
    for (float x : noise) {
      largest = Math.max(largest, 0.25 * Math.abs(x));
      sum += 0.25 * Math.abs(x);
      squares += (double) x * x;
    }
    CommandRun run =
        CommandRun.of("diff", a, b, "-n", 3, "--seed", 9, "--timesteps", "0")
            .failsSaying(a, b, "expected predictions within 1.0E-4");
    Matcher row =
        Pattern.compile(
                "t = 0: largest difference (\\S+), mean (\\S+), of predictions of size (.+)")
            .matcher(run.out());
    assertTrue(row.find(), run.out());
    assertEquals(largest, Double.parseDouble(row.group(1)), 0.01 * largest);
    assertEquals(sum / noise.length, Double.parseDouble(row.group(2)), 0.01);
    assertEquals(Math.sqrt(squares / noise.length), Double.parseDouble(row.group(3)), 0.01);
    CommandRun.of("diff", a, b, "-n", 3, "--seed", 9, "--atol", largest * 1.001).succeeds();
    CommandRun.of("diff", a, b, "--rtol", 0.26, "--timesteps", "0").succeeds();
  }

  @Test
  void listsTensorsThatDifferTheWorstFirst() throws IOException {
    UNetConfig config = TestModels.config(1, 0);
    Map<String, TensorData> weights = new LinkedHashMap<>(UNet.parameters(config).initialize(1));
    Path a = write("a.onnx", config, weights);
    change(weights, "conv_in.bias", 0.5f);
    change(weights, "mid_block.resnets.0.conv1.bias", 1e-6f);
    Path b = write("b.onnx", config, weights);
    String out =
        CommandRun.of("diff", a, b).failsSaying("found differences").prints("2 with other").out();
    int worst = out.indexOf("  conv_in.bias float[8]: largest difference 0.500 at [0]");
    assertTrue(worst > 0 && worst < out.indexOf("  mid_block.resnets.0.conv1.bias"), out);
    String one = CommandRun.of("diff", a, b, "--top", 1, "--atol", 1000).succeeds().out();
    assertFalse(one.contains("mid_block"), one);
    assertTrue(one.contains("... and 1 more"), one);
  }

  private Path write(String name, UNetConfig config, Map<String, TensorData> weights)
      throws IOException {
    Path file = dir.resolve(name);
    OnnxWriter.write(OnnxModel.of(UNet.portable(config, weights)), file);
    return file;
  }

  private static void change(Map<String, TensorData> weights, String name, float by) {
    TensorData old = weights.get(name);
    ByteBuffer bytes = ByteBuffer.allocate(old.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(old.bytes()).flip();
    bytes.putFloat(0, bytes.getFloat(0) + by);
    weights.put(name, TensorData.wrap(DataType.FLOAT, old.shape(), bytes));
  }

  @Test
  void networksOfOtherImagesOrClassesAreNotCompared() throws IOException {
    Path grey = TestModels.unet(dir.resolve("grey.onnx"), 1, List.of());
    Path colour = TestModels.unet(dir.resolve("colour.onnx"), 3, List.of());
    Path classes = TestModels.unet(dir.resolve("classes.onnx"), 1, TestModels.CLASSES);
    CommandRun.of("diff", grey, colour).failsSaying("expected");
    CommandRun.of("diff", grey, classes).failsSaying("class labels", grey, classes);
  }

  @Test
  void whatIsNoPredictorIsComparedByItsTensorsAndOperators() throws IOException {
    Path a = TestModels.noPredictor(dir.resolve("a.onnx"));
    Path unet = TestModels.unet(dir.resolve("unet.onnx"), 1, List.of());
    CommandRun.of("diff", a, a)
        .succeeds()
        .prints("predictions are not compared", "both have the same tensors and operators");
    CommandRun.of("diff", a, unet).failsSaying("expected equal tensors and operators");
    Path twice = doubling(dir.resolve("b.onnx"), "Mul"); // the same tensors: none
    CommandRun.of("diff", a, twice)
        .failsSaying("expected equal tensors and operators")
        .prints("A: Add(%0, %0)", "B: Mul(%0, %0)");
    CommandRun.of("diff", a, doubling(dir.resolve("c.onnx"), "Add"))
        .succeeds()
        .prints("both have the same tensors and operators");
    CommandRun.of("diff", a).isWrongUsage("B");
    CommandRun.of("diff", a, dir.resolve("none.onnx")).failsSaying("none.onnx", "no such file");
    CommandRun.of("diff", a, a, "--timesteps", "x").isWrongUsage("--timesteps");
  }

  /** As {@link TestModels#noPredictor}, with other names of values inside. */
  private static Path doubling(Path file, String op) throws IOException {
    Graph graph = new Graph("other", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2, 3));
    Value y = graph.inScope("layer", () -> graph.add(op, List.of(x, x), Map.of()).out());
    graph.output("y", y);
    OnnxWriter.write(OnnxModel.of(graph), file);
    return file;
  }

  @Test
  void loopsAreComparedByTheirWeightsAndImages() throws IOException {
    Path network = TestModels.unet(dir.resolve("network.onnx"), 1, TestModels.CLASSES);
    Path a = loop(network, "a.onnx", "ddim:4");
    CommandRun.of("diff", a, a)
        .succeeds()
        .prints("0 only in A", "images: largest difference 0.00", "both make the same images");
    UNetConfig config = TestModels.config(1, TestModels.CLASSES.size());
    Map<String, TensorData> weights = new LinkedHashMap<>(UNet.parameters(config).initialize(5));
    change(weights, "conv_out.bias", 0.5f);
    Path changed = dir.resolve("changed.onnx");
    OnnxWriter.write(
        OnnxModel.of(UNet.portable(config, weights))
            .withMetadata(TestModels.metadata(1, TestModels.CLASSES)),
        changed);
    Path b = loop(changed, "b.onnx", "ddim:4");
    CommandRun.of("diff", a, b)
        .failsSaying(a, b, "expected images within")
        .prints("1 with other numbers", "step/conv_out.bias float[1]: largest difference 0.500");
    CommandRun.of("diff", a, b, "--atol", 255).succeeds();
    Path c = loop(network, "c.onnx", "ddim:3"); // other tables, the same weights
    CommandRun.of("diff", a, c).failsSaying(a, c, "expected images within");
    CommandRun.of("diff", a, network).failsSaying(a, "expected two models of one kind");
  }

  /** docs/random.md: who draws the noise of a seed outside draws what the graph makes of it. */
  @Tag("slow")
  @Test
  void loopsOfNoiseAndOfASeedAreAskedForTheSame() throws IOException {
    Path network = TestModels.unet(dir.resolve("network.onnx"), 1, List.of());
    Path given = loop(network, "given.onnx", "ddpm:4", "--pixels", "float");
    Path seeded = loop(network, "seeded.onnx", "ddpm:4", "--pixels", "float", "--noise", "seed");
    CommandRun.of("diff", given, seeded, "--seed", -7)
        .succeeds()
        .prints("both make the same images of seed -7");
    Path fixed = loop(network, "fixed.onnx", "ddpm:4", "--pixels", "float", "--batch", "3");
    CommandRun.of("diff", seeded, fixed).succeeds();
    Path small = loop(network, "small.onnx", "ddpm:4", "--variance", "fixed_small");
    CommandRun.of("diff", loop(network, "large.onnx", "ddpm:4"), small)
        .failsSaying("expected images within");
    CommandRun.of("diff", given, small).failsSaying("cannot be compared", "one type");
    Path four = loop(network, "four.onnx", "ddpm:4", "--batch", "4", "--pixels", "float");
    CommandRun.of("diff", fixed, four).failsSaying("cannot be compared");
    Path classes = TestModels.unet(dir.resolve("classes.onnx"), 1, TestModels.CLASSES);
    CommandRun.of("diff", small, loop(classes, "labels.onnx", "ddpm:4"))
        .failsSaying("cannot be compared", "class labels");
  }

  private Path loop(Path network, String name, String sampler, String... options)
      throws IOException {
    Path file = dir.resolve(name);
    List<Object> arguments =
        new ArrayList<>(List.of("export", network, "--sampler", sampler, "-o", file));
    arguments.addAll(List.of(options));
    CommandRun.of(arguments.toArray()).succeeds();
    return file;
  }
}
