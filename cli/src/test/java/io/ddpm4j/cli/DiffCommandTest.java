package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.random.ImageNoise;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  void whatIsNoPredictorIsComparedByItsTensors() throws IOException {
    Path a = TestModels.noPredictor(dir.resolve("a.onnx"));
    Path unet = TestModels.unet(dir.resolve("unet.onnx"), 1, List.of());
    CommandRun.of("diff", a, a).succeeds().prints("predictions are not compared");
    CommandRun.of("diff", a, unet).failsSaying("expected equal tensors");
    CommandRun.of("diff", a).isWrongUsage("B");
    CommandRun.of("diff", a, dir.resolve("none.onnx")).failsSaying("none.onnx", "no such file");
    CommandRun.of("diff", a, a, "--timesteps", "x").isWrongUsage("--timesteps");
  }
}
