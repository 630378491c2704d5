package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.testing.ForeignNetworks;
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.testing.NpyFile;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks of other code bases compute what they did there. */
class CheckpointConverterTest {

  static List<ForeignNetworks.Case> cases() throws IOException {
    List<ForeignNetworks.Case> cases =
        new ArrayList<>(ForeignNetworks.in(Path.of("src/test/resources/families")));
    if (SharedData.exists("golden/unets")) {
      cases.addAll(ForeignNetworks.in(SharedData.path("golden/unets")));
    }
    return cases;
  }

  @Test
  void thereAreCases() throws IOException {
    assertTrue(cases().size() >= 7, cases().toString());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void convertedNetworksComputeTheSame(ForeignNetworks.Case c) throws IOException {
    Conversion conversion = convert(c, c.arguments().toString());
    TensorData out = GraphRunner.run(conversion.graph(), c.inputs()).get("out_sample");
    double[] expected = c.output();
    float[] actual = out.floats();
    assertEquals(expected.length, actual.length);
    double worst = 0;
    for (int i = 0; i < actual.length; i++) {
      worst = Math.max(worst, Math.abs(expected[i] - actual[i]));
    }
    assertTrue(worst <= 3 * c.rounding(), worst + " beyond 3 times " + c.rounding());
  }

  static Conversion convert(ForeignNetworks.Case c, String arguments) throws IOException {
    NpyFile sample = c.npy("sample");
    ImageSize size = new ImageSize(sample.shape()[2], sample.shape()[3]);
    return CheckpointConverter.convert(
        CheckpointConverter.Request.of(c.tensors()).withConfig(arguments).withSize(size));
  }
}
