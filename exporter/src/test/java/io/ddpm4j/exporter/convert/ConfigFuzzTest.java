package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.testing.FuzzBudget;
import io.ddpm4j.exporter.testing.GoldenUNets;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever a {@code config.json} says, it is the network's or is refused in one sentence. */
class ConfigFuzzTest {
  private static final long SEED = 20261128;

  /** Few words ask for a large network, which is described before it is held against tensors. */
  private static final int LARGE = 1 << 20;

  /** Parts of one config, put in place of another's. */
  private static final String[] VALUES = {
    "null", "true", "[]", "{}", "[1, 2, 3, 4]", "\"mish\"", "\"fourier\"", "\"resnet\"", "64", "-0"
  };

  @Test
  void damageIsRefusedOrHarmless() throws IOException {
    fuzz(400);
  }

  private static void fuzz(int mutants) throws IOException {
    List<GoldenUNets.Case> cases = GoldenUNets.withStored();
    List<TensorSource> tensors = new ArrayList<>();
    for (GoldenUNets.Case c : cases) {
      tensors.add(TensorSource.of(new LinkedHashMap<>(c.weights())));
    }
    Random random = new Random(SEED);
    int refused = 0;
    for (int k = 0; k < mutants; k++) {
      int which = random.nextInt(cases.size());
      String json = damaged(cases.get(which).json(), random);
      TensorSource source = tensors.get(which);
      String what = "mutant " + k + " of seed " + SEED + ", " + cases.get(which) + ": " + json;
      if (FuzzBudget.refuses(what, LARGE, List.of(": expected "), () -> read(source, json))) {
        refused++;
      }
    }
    assertTrue(refused > mutants / 3 && refused < mutants, refused + " of " + mutants);
  }

  private static String damaged(String json, Random random) {
    if (random.nextBoolean()) {
      return Mutations.ofJson(json, random);
    }
    List<String> lines = new ArrayList<>(json.lines().toList());
    int line = random.nextInt(lines.size());
    String value = VALUES[random.nextInt(VALUES.length)];
    lines.set(line, lines.get(line).replaceFirst(": [^,\\[]+", ": " + value));
    return String.join("\n", lines);
  }

  /** As far as to the shapes of all parameters, which must be the tensors' then. */
  private static void read(TensorSource tensors, String json) throws IOException {
    UNetCheckpoint checkpoint = UNetCheckpoint.of(tensors);
    Map<String, Parameters.Spec> specs = UNet.parameters(checkpoint.network(json)).specs();
    for (Parameters.Spec spec : specs.values()) {
      Shape found =
          tensors.names().contains(spec.name()) ? tensors.type(spec.name()).shape() : null;
      if (!spec.shape().equals(found)) {
        throw new ConversionException(
            spec.name() + ": expected " + spec.shape() + ", found " + found);
      }
    }
  }
}
