package io.ddpm4j.exporter.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GoldenUNets;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.exporter.testing.HashedWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Networks of kinds that the reference data do not have, against PyTorch's double precision: a
 * program of a few functions that gives the reference networks' outputs, too. Their weights are
 * {@link HashedWeights}, so that no file holds them.
 */
class UNetReferenceTest {
  /** Outputs are of the size of 1; smaller errors than this are chance. */
  private static final double FLOAT_ROUNDING = 7e-7;

  static List<GoldenUNets.Case> cases() throws IOException {
    return GoldenUNets.in(Path.of("src/test/resources/unets"));
  }

  @Test
  void everyKindOfBlockIsThere() throws IOException {
    for (UNetConfig.BlockType type : UNetConfig.BlockType.values()) {
      assertTrue(
          cases().stream().anyMatch(c -> network(c).downBlockTypes().contains(type))
              && cases().stream().anyMatch(c -> network(c).upBlockTypes().contains(type)),
          type.toString());
    }
    for (Activation activation : Activation.values()) {
      assertTrue(
          cases().stream().anyMatch(c -> network(c).activation() == activation),
          activation.toString());
    }
  }

  private static UNetConfig network(GoldenUNets.Case c) {
    return c.config().orElseThrow(() -> new AssertionError(c + ": " + c.refusal()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void computesWhatPyTorchDoes(GoldenUNets.Case c) throws IOException {
    UNetConfig config = network(c);
    Parameters parameters = UNet.parameters(config);
    assertEquals(c.json("info").get("parameters").getAsLong(), parameters.count());
    Graph portable = UNet.portable(config, HashedWeights.of(parameters));
    Map<String, TensorData> inputs = c.inputs();
    assertEquals(inputs.keySet(), UNet.inputs(config).keySet());
    for (Value input : portable.inputs()) {
      TensorType type = UNet.inputs(config).get(input.name());
      assertEquals(type, input.type());
      assertEquals(type.dataType(), inputs.get(input.name()).dataType(), input.name());
    }
    float[] found = GraphRunner.run(portable, inputs).get("out_sample").floats();
    double[] expected = c.npy("output_f64").values();
    double rounding = c.json("info").get("f32_vs_f64_max_abs").getAsDouble();
    assertEquals(expected.length, found.length);
    for (int i = 0; i < found.length; i++) {
      assertEquals(expected[i], found[i], 3 * Math.max(FLOAT_ROUNDING, rounding), "element " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theConfigSurvivesItsJson(GoldenUNets.Case c) {
    assertEquals(network(c), UNetConfig.fromJson(network(c).toJson()));
    assertEquals(network(c).toJson(), network(c).toDiffusersJson());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyParameterIsInOnePart(GoldenUNets.Case c) {
    List<UNetPart> parts = UNetPart.of(network(c));
    assertEquals(
        UNet.parameters(network(c)).count(), parts.stream().mapToLong(UNetPart::parameters).sum());
    UNetPart last = parts.get(parts.size() - 1);
    assertEquals(network(c).sampleHeight(), last.height());
    assertEquals(network(c).sampleWidth(), last.width());
  }
}
