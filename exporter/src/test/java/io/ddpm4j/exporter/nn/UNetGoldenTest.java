package io.ddpm4j.exporter.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GoldenUNets;
import io.ddpm4j.exporter.testing.GraphRunner;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Outputs, parameters and configs of every reference network that our U-Net covers. */
class UNetGoldenTest {

  static List<GoldenUNets.Case> cases() throws IOException {
    return GoldenUNets.all().stream().filter(c -> c.config().isPresent()).toList();
  }

  @Test
  void coversAllButTheScoreNetwork() throws IOException {
    List<String> refused =
        GoldenUNets.all().stream()
            .filter(c -> c.config().isEmpty())
            .map(c -> c + ": " + c.refusal())
            .toList();
    assertTrue(cases().size() >= 6, "covered: " + cases());
    for (String refusal : refused) {
      assertTrue(refusal.contains("expected") && refusal.contains("found"), refusal);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void outputAgreesWithDoublePrecisionWithinFloatRounding(GoldenUNets.Case c) throws IOException {
    UNetConfig config = c.config().orElseThrow();
    Graph graph = new Graph("unet", OpSet.standard());
    Map<String, TensorData> inputs = c.inputs();
    long[] sizes = inputs.get("sample").shape().sizes();
    Value sample =
        graph.input("sample", DataType.FLOAT, Shape.named("batch", sizes[1], sizes[2], sizes[3]));
    Value timestep = graph.input("timestep", DataType.INT64, Shape.named("batch"));
    Value labels =
        config.numClassEmbeds() > 0
            ? graph.input("class_labels", DataType.INT64, Shape.named("batch"))
            : null;
    Parameters parameters = Parameters.asConstants(graph, c.weights());
    Value out = UNet.build(new Ops(graph), config, parameters, sample, timestep, labels);
    graph.output("out_sample", out);
    assertEquals(c.weights().keySet(), parameters.specs().keySet(), "parameter names");

    Graph portable = Lowering.portable().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
    float[] actual = GraphRunner.run(portable, inputs).get("out_sample").floats();
    double[] expected = c.npy("output_f64").values();
    double rounding = c.json("info").get("f32_vs_f64_max_abs").getAsDouble();
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < actual.length; i++) {
      assertEquals(expected[i], actual[i], Math.max(2e-6, 4 * rounding), "element " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void configSurvivesItsJson(GoldenUNets.Case c) {
    UNetConfig config = c.config().orElseThrow();
    assertEquals(config, UNetConfig.fromJson(config.toJson()));
    JsonObject before = JsonParser.parseString(c.json()).getAsJsonObject();
    JsonObject after = JsonParser.parseString(config.toJson()).getAsJsonObject();
    for (String key : after.keySet()) {
      JsonElement a = before.get(key);
      JsonElement b = after.get(key);
      if (a.isJsonPrimitive() && a.getAsJsonPrimitive().isNumber()) {
        assertEquals(a.getAsDouble(), b.getAsDouble(), key);
      } else {
        assertEquals(a, b, key);
      }
    }
  }
}
