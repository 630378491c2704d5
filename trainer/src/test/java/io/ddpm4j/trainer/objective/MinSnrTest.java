package io.ddpm4j.trainer.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.testing.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The weights by timestep, γ = 5 in the reference. */
class MinSnrTest {
  private static final Map<String, PredictionType> NAMES =
      Map.of(
          "pred_noise", PredictionType.EPSILON,
          "pred_x0", PredictionType.SAMPLE,
          "pred_v", PredictionType.V_PREDICTION);

  @Test
  void everyWeightedRowIsReproduced() {
    JsonObject info = Json.shared("golden/unets/lucidrains/info.json");
    JsonObject losses = info.getAsJsonObject("p_losses");
    int[] timesteps = Json.ints(losses.get("t"));
    List<JsonObject> rows =
        Json.objects(losses, "rows").stream()
            .filter(row -> row.get("min_snr_loss_weight").getAsBoolean())
            .toList();
    assertTrue(rows.size() >= 9, "rows: " + rows.size());
    for (JsonObject row : rows) {
      String name = row.get("beta_schedule").getAsString();
      NoiseSchedule schedule =
          NoiseSchedule.ofBetas(Json.doubles(info.getAsJsonObject("schedules_T100").get(name)));
      double[] weights = Json.doubles(row.get("loss_weight_at_t"));
      PredictionType type = NAMES.get(row.get("objective").getAsString());
      for (int i = 0; i < weights.length; i++) {
        double found = new MinSnr(5).weight(schedule, type, timesteps[i]);
        assertEquals(weights[i], found, 2e-5 * weights[i], row.toString());
      }
    }
  }

  /** Whatever is predicted, an error of x_0 weighs the same. */
  @ParameterizedTest
  @EnumSource(
      value = PredictionType.class,
      names = {"EPSILON", "SAMPLE", "V_PREDICTION"})
  void anErrorOfTheImageWeighsTheSame(PredictionType type) {
    NoiseSchedule s = NoiseSchedule.linear();
    for (int t = 0; t < s.trainTimesteps(); t++) {
      double errorPerX0 =
          switch (type) {
            case EPSILON -> Math.sqrt(s.snr(t));
            case SAMPLE -> 1;
            default -> 1 / s.sqrtOneMinusAlphaCumprod(t);
          };
      double weight = new MinSnr(2).weight(s, type, t) * errorPerX0 * errorPerX0;
      assertEquals(Math.min(s.snr(t), 2), weight, 1e-12 * weight, "t = " + t);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void gammaIsAboveZero(double gamma) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> new MinSnr(gamma));
    assertEquals("--min-snr: expected a number above 0, found " + gamma, e.getMessage());
  }
}
