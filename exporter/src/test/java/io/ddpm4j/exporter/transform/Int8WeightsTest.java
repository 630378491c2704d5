package io.ddpm4j.exporter.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.exporter.testing.Numbers;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Networks with 8-bit weights, run in ONNX Runtime. */
class Int8WeightsTest {

  @Test
  void networksComputeAlmostTheSame() throws Exception {
    assertAlmostTheSame(TransformNetworks.all(), 5e-3);
  }

  @Test
  void storedNetworksComputeAlmostTheSame() throws Exception {
    assertAlmostTheSame(TransformNetworks.stored(), 2e-2);
  }

  private static void assertAlmostTheSame(
      List<TransformNetworks.Network> networks, double tolerance) {
    for (TransformNetworks.Network network : networks) {
      Graph graph = Int8Weights.of(network.graph());
      TensorData found = GraphRunner.run(graph, network.inputs()).get(network.output());
      double[] expected = Numbers.of(network.expected());
      double[] numbers = Numbers.of(found);
      double sum = 0;
      for (int k = 0; k < expected.length; k++) {
        sum += Math.abs(expected[k] - numbers[k]);
      }
      double mean = sum / expected.length;
      assertTrue(mean > 0 && mean < tolerance, network + ": mean difference " + mean);
    }
  }

  @Test
  void shippedModelsTakeAThird() throws Exception {
    for (TransformNetworks.Network network : TransformNetworks.shipped()) {
      int before = OnnxWriter.toBytes(network.model()).length;
      Graph graph = Int8Weights.of(network.graph());
      int after = OnnxWriter.toBytes(OnnxModel.of(graph)).length;
      assertTrue(after < 0.35 * before, network + ": " + before + " to " + after);
    }
  }

  /** Each number is off by half a step of its channel at most, and none of the others changes. */
  @Test
  void weightsAreRoundedByChannel() throws Exception {
    for (TransformNetworks.Network network : TransformNetworks.all()) {
      Graph graph = Int8Weights.of(network.graph());
      int rounded = 0;
      for (Value weight : network.graph().constants()) {
        Value integers = graph.value(weight.name() + ".int8").orElse(null);
        TensorData data = weight.data().orElseThrow();
        if (integers == null) {
          if (weight.name().endsWith(".weight")) {
            assertEquals(data, graph.value(weight.name()).orElseThrow().data().orElseThrow());
          }
          continue;
        }
        rounded++;
        double[] original = Numbers.of(data);
        double[] q = Numbers.of(integers.data().orElseThrow());
        TensorData scales = graph.value(weight.name() + ".scale").orElseThrow().data().get();
        assertEquals(data.shape().size(0), scales.shape().size(0), "Conv, Linear: rows");
        double[] scale = Numbers.of(scales);
        int inner = original.length / scale.length;
        for (int k = 0; k < q.length; k++) {
          double step = scale[k / inner];
          assertEquals(original[k], q[k] * step, 0.5001 * step, weight.name());
          assertTrue(Math.abs(q[k]) <= 127);
        }
      }
      assertTrue(rounded >= 8, network + ": " + rounded);
    }
  }

  @Test
  void firstAndLastLayersAndTheEmbeddingStayFloat() throws Exception {
    List<String> sensitive =
        List.of("conv_in", "conv_out", "time_embedding.linear_1", "time_embedding.linear_2");
    for (TransformNetworks.Network network : TransformNetworks.all()) {
      Graph graph = Int8Weights.of(network.graph());
      for (String layer : sensitive) {
        Value weight = graph.value(layer + ".weight").orElseThrow();
        assertEquals(DataType.FLOAT, weight.dataType(), network + ": " + layer);
      }
      assertTrue(graph.value("down_blocks.0.resnets.0.conv1.weight.int8").isPresent());
    }
  }

  @Test
  void weightsThatAreNotFiniteAreRefusedByName() {
    Graph graph = new Graph("g", OpSet.onnx(17));
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(1, 1, 2, 64));
    float[] numbers = new float[64 * 64];
    numbers[70] = Float.NaN;
    Value plain = graph.constant("first", TensorData.ofFloats(new float[64 * 64], 64, 64));
    Value bad = graph.constant("second", TensorData.ofFloats(numbers, 64, 64));
    graph.output("y", ops.matMul(ops.matMul(ops.matMul(x, plain), bad), plain));
    assertEquals(
        "second: expected finite numbers, found NaN at element 70",
        assertThrows(TransformException.class, () -> Int8Weights.of(graph)).getMessage());
  }

  @Test
  void networksWithoutSuchWeightsAreRefused() {
    Graph graph = new Graph("g", OpSet.onnx(17));
    Value x = graph.input("x", DataType.FLOAT, Shape.of(1, 1, 2, 2));
    graph.output("y", new Ops(graph).relu(x));
    String message =
        assertThrows(TransformException.class, () -> Int8Weights.of(graph)).getMessage();
    assertEquals(
        "graph g: expected float32 weights of 1024 numbers or more between its first and last"
            + " layer, found none",
        message);
  }

  @Test
  void formsAreStatedAndKept() throws Exception {
    TransformNetworks.Network network = TransformNetworks.shipped().get(0);
    OnnxModel model = ModelForm.UNCHANGED.withInt8().withOpset(13).apply(network.model());
    assertEquals("{\"weights\":\"int8\"}", model.metadata().get("ddpm4j.form"));
    assertEquals(13, model.graph().opSet().version());
    OnnxModel fixed = ModelForm.UNCHANGED.withBatch(2).apply(model);
    assertEquals("{\"weights\":\"int8\",\"batch\":2}", fixed.metadata().get("ddpm4j.form"));
    network
        .model()
        .metadata()
        .forEach((key, value) -> assertEquals(value, fixed.metadata().get(key), key));
    assertTrue(ModelForm.UNCHANGED.isUnchanged());
    assertEquals(network.model().metadata(), ModelForm.UNCHANGED.apply(network.model()).metadata());
    Map<String, TensorData> half =
        GraphRunner.run(
            ModelForm.UNCHANGED
                .withHalf(false)
                .withBatch(2)
                .withOpset(21)
                .apply(network.model())
                .graph(),
            network.inputs());
    Numbers.assertClose(
        network.expected(), half.get(network.output()), 0.05, 0.02, "three at once");
  }
}
