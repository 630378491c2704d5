package io.ddpm4j.runtime.likelihood;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SpacedSchedule;
import io.ddpm4j.testing.Json;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every row of the reference's {@code calc_bpd_loop}, and of the bounds among its training losses.
 */
class BoundGoldenTest {
  private static final int ELEMENTS = 192; // [1, 3, 8, 8]
  private static final double RELATIVE = 1e-6;

  @TestFactory
  Stream<DynamicTest> everyRowIsReproduced() {
    List<JsonObject> rows = Json.objects(Json.shared("golden/math/bpd.json"), "rows");
    assertTrue(rows.size() >= 29, "rows: " + rows.size());
    return rows.stream().map(row -> DynamicTest.dynamicTest(title(row), () -> check(row)));
  }

  @TestFactory
  Stream<DynamicTest> everyTrainingLossOfTheBoundIsReproduced() {
    List<JsonObject> rows = Json.objects(Json.shared("golden/math/training_losses.json"), "rows");
    assertTrue(rows.size() >= 24, "rows: " + rows.size());
    return rows.stream()
        .filter(row -> row.get("loss_type").getAsString().endsWith("KL") || row.has("vb"))
        .map(row -> DynamicTest.dynamicTest(title(row), () -> checkTrainingLoss(row)));
  }

  private static String title(JsonObject row) {
    return Stream.of("schedule", "var_type", "mean_type", "clip_denoised", "loss_type")
        .filter(row::has)
        .map(field -> row.get(field).getAsString())
        .toList()
        .toString();
  }

  private static double[] betas(JsonObject row) {
    String[] name = row.get("schedule").getAsString().split(":");
    if (name[0].equals("custom20")) {
      return IntStream.range(0, 20).mapToDouble(t -> 0.001 + 0.021 * t).toArray();
    }
    int count = Integer.parseInt(name[1]);
    if (name[0].equals("cosine")) {
      return NoiseSchedule.of(BetaSchedule.SQUAREDCOS_CAP_V2, count, 1e-4, 0.02).betas();
    }
    assertEquals("linear", name[0]);
    double first = 0.1 / count;
    double last = 20.0 / count;
    return IntStream.range(0, count)
        .mapToDouble(t -> first + (last - first) * t / (count - 1))
        .toArray();
  }

  private static MeanType meanType(JsonObject row) {
    return switch (row.get("mean_type").getAsString()) {
      case "EPSILON" -> MeanType.EPSILON;
      case "START_X" -> MeanType.X_0;
      case "PREVIOUS_X" -> MeanType.PREVIOUS_X;
      default -> throw new AssertionError("not understood: " + row.get("mean_type"));
    };
  }

  private static BoundVariance variance(JsonObject row) {
    String type = row.get("var_type").getAsString();
    return type.equals("LEARNED") ? BoundVariance.LEARNED_LOG : BoundVariance.valueOf(type);
  }

  private static VariationalBound.Settings settings(JsonObject row, boolean clip) {
    return new VariationalBound.Settings(
        meanType(row),
        variance(row),
        clip ? 1 : Double.POSITIVE_INFINITY,
        Decoder.discretised(ValueRange.SIGNED));
  }

  /** The reference's network: half of x_t, and a wave for the variance. */
  private static EpsilonModel model(BoundVariance variance) {
    return (x, images, t, output) -> {
      int stride = output.capacity() / images;
      for (int image = 0; image < images; image++) {
        for (int i = 0; i < ELEMENTS; i++) {
          output.put(image * stride + i, 0.5f * x.get(image * ELEMENTS + i));
        }
        for (int i = 0; i < stride - ELEMENTS; i++) {
          double wave = Math.sin(0.3 * i + 0.01 * t);
          double half = variance == BoundVariance.LEARNED_LOG ? -3 + 0.5 * wave : 0.9 * wave;
          output.put(image * stride + ELEMENTS + i, (float) half);
        }
      }
    };
  }

  private static double x0(int i) {
    return i * 37 % 101 / 50.5 - 1;
  }

  /** The reference's k-th draw. */
  private static float noise(int i, int k) {
    return (float) (Math.sqrt(2) * Math.sin(1.7 * i + 0.9 * k + 0.3));
  }

  private static void check(JsonObject row) {
    double[] betas = betas(row);
    // A last beta of 1 leaves NaN in the reference and is refused here; the others are compared.
    boolean ends = betas[betas.length - 1] >= 1;
    if (ends) {
      assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.ofBetas(betas));
    }
    int skipped = ends ? 1 : 0;
    NoiseSchedule schedule = NoiseSchedule.ofBetas(Arrays.copyOf(betas, betas.length - skipped));
    VariationalBound bound =
        new VariationalBound(
            SpacedSchedule.all(schedule), settings(row, row.get("clip_denoised").getAsBoolean()));
    float[] x0 = new float[ELEMENTS];
    for (int i = 0; i < ELEMENTS; i++) {
      x0[i] = (float) x0(i);
    }
    BoundVariance variance = variance(row);
    BoundTerms terms =
        bound.evaluate(
            BatchNetwork.of(model(variance), 1, ELEMENTS, variance.isLearned()),
            (z, firstImage, images, elements, draw) -> {
              for (int i = 0; i < elements; i++) {
                z[i] = noise(i, draw + skipped);
              }
            },
            ImageRun.of(x0, 1, 0));
    double[] vb = Json.doubles(row.get("vb"));
    double[] x0Errors = Json.doubles(row.get("xstart_mse"));
    double[] epsilonErrors = Json.doubles(row.get("mse"));
    int steps = terms.steps();
    assertEquals(vb.length - skipped, steps);
    for (int index = 0; index < steps; index++) {
      int loop = vb.length - 1 - index;
      near(vb[loop], terms.term(0, index), "vb of t = " + index);
      near(x0Errors[loop], terms.x0Error(0, index), "xstart_mse of t = " + index);
      near(epsilonErrors[loop], terms.epsilonError(0, index), "mse of t = " + index);
    }
    if (!ends) {
      near(row.get("prior_bpd").getAsDouble(), terms.prior(0), "prior_bpd");
      near(row.get("total_bpd").getAsDouble(), terms.total(0), "total_bpd");
    }
  }

  /** A batch of four images, each at its own timestep: the bound of one, at that timestep. */
  private static void checkTrainingLoss(JsonObject row) {
    NoiseSchedule schedule = NoiseSchedule.ofBetas(betas(row));
    int[] timesteps = Json.ints(row.get("t"));
    BoundVariance variance = variance(row);
    boolean scaled = row.get("loss_type").getAsString().equals("RESCALED_KL");
    double[] expected = Json.doubles(row.get(row.has("vb") ? "vb" : "loss"));
    double scale = scaled ? schedule.trainTimesteps() : 1;
    VariationalBound bound =
        new VariationalBound(SpacedSchedule.all(schedule), settings(row, false));
    NoiseSource noise =
        (z, firstImage, images, elements, draw) -> {
          for (int i = 0; i < images * elements; i++) {
            z[i] = noise(i, 0); // over the whole batch
          }
        };
    int images = timesteps.length;
    float[] x0 = new float[images * ELEMENTS];
    for (int i = 0; i < x0.length; i++) {
      x0[i] = (float) x0(i);
    }
    BoundTerms terms =
        bound.evaluate(
            BatchNetwork.of(model(variance), images, ELEMENTS, variance.isLearned()),
            noise,
            ImageRun.of(x0, images, 0));
    for (int image = 0; image < images; image++) {
      near(
          expected[image],
          terms.term(image, timesteps[image]) * scale,
          "vb of t = " + timesteps[image]);
    }
  }

  private static void near(double expected, double found, String what) {
    assertEquals(expected, found, RELATIVE * Math.abs(expected), what);
  }
}
