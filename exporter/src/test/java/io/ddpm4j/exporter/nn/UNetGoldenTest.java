package io.ddpm4j.exporter.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.testing.GoldenUNets;
import io.ddpm4j.exporter.testing.GraphRunner;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Outputs, parameters and configs of every reference network that our U-Net covers. */
class UNetGoldenTest {

  static List<GoldenUNets.Case> cases() throws IOException {
    return GoldenUNets.withStored();
  }

  static List<GoldenUNets.Case> saved() throws IOException {
    return GoldenUNets.all();
  }

  @Test
  void coversAll() throws IOException {
    assertTrue(saved().size() >= 7, "found: " + saved());
    for (GoldenUNets.Case c : cases()) {
      assertEquals("", c.refusal(), c.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void outputAgreesWithDoublePrecisionWithinThreeTimesFloatRounding(GoldenUNets.Case c)
      throws IOException {
    UNetConfig config = c.config().orElseThrow();
    Map<String, TensorData> inputs = c.inputs();
    Set<String> names = UNet.parameters(config).specs().keySet();
    assertEquals(c.weights().keySet(), names, "parameter names");

    Graph portable = UNet.portable(config, c.weights());
    float[] actual = GraphRunner.run(portable, inputs).get("out_sample").floats();
    double[] expected = c.npy("output_f64").values();
    double rounding = c.json("info").get("f32_vs_f64_max_abs").getAsDouble();
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < actual.length; i++) {
      assertEquals(expected[i], actual[i], 3 * rounding, "element " + i);
    }
  }

  @Test
  void aModelFileNeedsTheImagesSize() {
    UNetConfig open = UNetConfig.builder().blockOutChannels(List.of(32, 32, 32, 32)).build();
    Exception e = assertThrows(IllegalArgumentException.class, () -> UNet.portable(open, Map.of()));
    assertEquals(
        "U-Net config: sample_size: expected the images' size for a model file, found none",
        e.getMessage());
  }

  @ParameterizedTest
  @MethodSource("saved")
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
