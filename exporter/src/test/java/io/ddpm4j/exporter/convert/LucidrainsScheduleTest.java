package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.ddpm4j.exporter.testing.ForeignNetworks;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Noise schedules of denoising-diffusion-pytorch. */
class LucidrainsScheduleTest {

  @Test
  void agreeWithTheStoredTables() throws IOException {
    int compared = 0;
    for (ForeignNetworks.Case c : ForeignNetworks.in(SharedData.path("golden/unets"))) {
      for (String key : c.info().keySet()) {
        if (key.startsWith("schedules_T")) {
          JsonObject tables = c.info().getAsJsonObject(key);
          for (Map.Entry<String, JsonElement> entry : tables.entrySet()) {
            JsonArray expected = entry.getValue().getAsJsonArray();
            double[] betas = LucidrainsSchedule.of(entry.getKey()).betas(expected.size());
            for (int t = 0; t < betas.length; t++) {
              assertEquals(expected.get(t).getAsDouble(), betas[t], 1e-6, entry.getKey() + t);
            }
            compared++;
          }
        }
      }
    }
    assertTrue(compared >= 1, "tables: " + compared);
  }

  @Test
  void everyScheduleLeavesNextToNothing() {
    for (String name : LucidrainsSchedule.names()) {
      double product = 1;
      for (double beta : LucidrainsSchedule.of(name).betas(1000)) {
        assertTrue(beta > 0 && beta <= 0.999, name + ": " + beta);
        product *= 1 - beta;
      }
      assertTrue(product < 1e-4, name + ": " + product);
    }
  }
}
