package io.ddpm4j.trainer.autodiff;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.DropoutMasks;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.trainer.lowering.TrainLowering;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A whole network with given masks against PyTorch, see {@code dropout_reference.py}. */
class DropoutGradientsTest {
  private static final UNetConfig CONFIG =
      UNetConfig.builder()
          .sampleSize(8)
          .blockOutChannels(List.of(16, 32))
          .downBlockTypes(List.of(BlockType.PLAIN, BlockType.ATTENTION))
          .upBlockTypes(List.of(BlockType.ATTENTION, BlockType.PLAIN))
          .layersPerBlock(1)
          .normNumGroups(4)
          .attentionHeadDim(4)
          .dropout(0.3)
          .build();

  @Test
  void lossAndGradientsAgreeWithPyTorch() throws IOException {
    check(TrainLowering::standard);
  }

  @Test
  void lossAndGradientsAgreeWithPyTorchAsTrained() throws IOException {
    check(TrainLowering::pixelMajor);
  }

  private static void check(UnaryOperator<Graph> lowering) throws IOException {
    Map<String, TensorData> feeds = new LinkedHashMap<>();
    Graph graph = new Graph("dropout", OpSet.standard().with(GradientFunctions.TABLE));
    Ops o = new Ops(graph);
    Shape images = Shape.of(2, 3, 8, 8);
    int elements = (int) images.elements();
    float[] sample = new float[elements];
    float[] target = new float[elements];
    for (int k = 0; k < elements; k++) {
      sample[k] = (float) Math.sin(1.3 * k * k);
      target[k] = (float) Math.sin(0.01 * k);
    }
    feeds.put("sample", TensorData.ofFloats(sample, images.sizes()));
    feeds.put("timestep", TensorData.longs(17, 503));
    DropoutMasks masks =
        (name, shape) -> {
          feeds.put(name, mask(name, shape));
          return graph.input(name, DataType.UINT8, shape);
        };
    Parameters parameters = Parameters.asInputs(graph);
    UNet.Inputs inputs =
        new UNet.Inputs(
            graph.input("sample", DataType.FLOAT, images),
            graph.input("timestep", DataType.INT64, Shape.of(2)),
            null,
            masks);
    Value out = UNet.build(o, CONFIG, parameters, inputs);
    Value error = o.sub(out, o.constant(TensorData.ofFloats(target, images.sizes())));
    Value loss = o.reduceMean(o.mul(error, error), false);
    graph.output("loss", loss);
    Autodiff.gradients(o, loss, parameters.values().values())
        .forEach((weight, gradient) -> graph.output("d:" + weight.name(), gradient));
    int places = feeds.size() - 2;
    parameters.specs().values().forEach(spec -> feeds.put(spec.name(), weight(spec)));

    Map<String, TensorData> found = GraphRunner.run(lowering.apply(graph), feeds);

    JsonObject expected;
    try (InputStream in = DropoutGradientsTest.class.getResourceAsStream("dropout.json")) {
      String json = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      expected = JsonParser.parseString(json).getAsJsonObject();
    }
    assertEquals(expected.get("masks").getAsInt(), places);
    double expectedLoss = expected.get("loss").getAsDouble();
    assertEquals(expectedLoss, found.get("loss").floats()[0], 1e-5 * expectedLoss);
    JsonObject gradients = expected.getAsJsonObject("gradients");
    assertEquals(gradients.keySet(), parameters.specs().keySet());
    for (Map.Entry<String, JsonElement> entry : gradients.entrySet()) {
      compare(
          entry.getKey(),
          entry.getValue().getAsJsonObject(),
          found.get("d:" + entry.getKey()).floats());
    }
  }

  private static int offset(String name) {
    return name.chars().sum() % 97;
  }

  private static TensorData mask(String name, Shape shape) {
    byte[] kept = new byte[(int) shape.elements()];
    for (int k = 0; k < kept.length; k++) {
      kept[k] = (byte) ((7 * k + offset(name)) % 10 >= 3 ? 1 : 0);
    }
    return TensorData.ofBytes(DataType.UINT8, shape, kept);
  }

  private static TensorData weight(Parameters.Spec spec) {
    String name = spec.name();
    boolean scale = name.contains("norm") && name.endsWith("weight");
    float[] values = new float[(int) spec.shape().elements()];
    for (int k = 0; k < values.length; k++) {
      double wave = Math.sin(0.7 * k + offset(name));
      values[k] = (float) (scale ? 1 + 0.1 * wave : 0.15 * wave);
    }
    return TensorData.ofFloats(values, spec.shape().sizes());
  }

  private static void compare(String name, JsonObject expected, float[] found) {
    double sum = 0;
    for (float g : found) {
      sum += Math.abs(g);
    }
    double expectedSum = expected.get("sum_abs").getAsDouble();
    assertEquals(expectedSum, sum, 1e-4 * expectedSum + 1e-7 * found.length, name);
    JsonArray first = expected.getAsJsonArray("first");
    for (int i = 0; i < first.size(); i++) {
      double e = first.get(i).getAsDouble();
      assertEquals(e, found[i], 1e-4 * Math.abs(e) + 1e-6, name + " " + i);
    }
  }
}
