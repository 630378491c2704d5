package io.ddpm4j.exporter.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import io.ddpm4j.exporter.testing.GraphRunner;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TimestepEmbeddingTest {

  /** Widths of both parities, both orders, shifts, whole and fractional timesteps. */
  @Test
  void everyStoredEmbeddingIsMet() throws IOException {
    JsonArray rows =
        JsonParser.parseString(
                Files.readString(SharedData.path("golden/math/timestep_embedding.json")))
            .getAsJsonObject()
            .getAsJsonArray("rows");
    Set<String> covered = new HashSet<>();
    for (JsonElement element : rows) {
      JsonObject row = element.getAsJsonObject();
      boolean diffusers = row.get("impl").getAsString().equals("diffusers");
      int dim = row.get("dim").getAsInt();
      boolean flip = !diffusers || row.get("flip_sin_to_cos").getAsBoolean();
      double shift = diffusers ? row.get("freq_shift").getAsDouble() : 0;
      covered.add(dim % 2 == 0 ? "even" : "odd");
      covered.add(flip ? "cos first" : "sin first");
      covered.add(shift == 0 ? "no shift" : "shift");
      covered.add(diffusers ? "diffusers" : "guided-diffusion");

      float[] timesteps = floats(row.getAsJsonArray("t"));
      Graph graph = new Graph("embedding", OpSet.standard());
      Value t = graph.input("t", DataType.FLOAT, Shape.named("batch"));
      Value out = TimestepEmbedding.sinusoidal(new Ops(graph), t, dim, flip, shift);
      assertEquals(Shape.named("batch", dim), out.shape());
      graph.output("out", out);
      float[] found =
          GraphRunner.run(graph, Map.of("t", TensorData.ofFloats(timesteps, timesteps.length)))
              .get("out")
              .floats();
      for (int n = 0; n < timesteps.length; n++) {
        float[] expected = floats(row.getAsJsonArray("embedding").get(n).getAsJsonArray());
        assertEquals(dim, expected.length);
        // An angle of up to t has the last bit of a float: 6e-8 t. Sine and cosine add theirs.
        double tolerance = 2e-7 + 1.2e-7 * timesteps[n];
        for (int k = 0; k < dim; k++) {
          assertEquals(
              expected[k],
              found[n * dim + k],
              tolerance,
              "dim " + dim + ", flip " + flip + ", shift " + shift + ", t " + timesteps[n]);
        }
      }
    }
    assertTrue(rows.size() >= 10, rows.size() + " rows");
    assertEquals(
        Set.of(
            "even",
            "odd",
            "cos first",
            "sin first",
            "no shift",
            "shift",
            "diffusers",
            "guided-diffusion"),
        covered);
  }

  private static float[] floats(JsonArray array) {
    float[] values = new float[array.size()];
    for (int k = 0; k < values.length; k++) {
      values[k] = array.get(k).getAsFloat();
    }
    return values;
  }
}
