package io.ddpm4j.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.random.NoiseSource;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whoever follows a table as {@link LinearStep} says takes the steps that the sampler takes. */
class StepTableTest {
  private static final int IMAGES = 2;
  private static final int ELEMENTS = 12;

  /** What a test runs: fields that a class does not have are passed over. */
  private static final List<String> FIELDS =
      List.of(
          "",
          "'prediction_type':'v_prediction','rescale_betas_zero_snr':true",
          "'prediction_type':'sample','clip_sample':false",
          "'clip_sample':false,'timestep_spacing':'trailing','variance_type':'fixed_large'",
          "'variance_type':'learned'",
          "'variance_type':'learned_range','thresholding':true",
          "'eta':0.6,'use_clipped_model_output':true",
          "'s_churn':4,'use_karras_sigmas':true",
          "'algorithm_type':'sde-dpmsolver++','solver_order':3",
          "'algorithm_type':'dpmsolver','final_sigmas_type':'sigma_min','thresholding':true",
          "'solver_type':'heun','lower_order_final':false,'lms_order':6");

  record Case(String className, String fields, int first) {
    Sampler sampler() {
      String json =
          "{'_class_name':'%s'%s}".formatted(className, fields.isEmpty() ? "" : "," + fields);
      return Samplers.of(SchedulerConfig.parse(json.replace('\'', '"'))).withSteps(9);
    }

    NoiseSchedule schedule() {
      return SchedulerConfig.parse(
              "{'_class_name':'DDPMScheduler','rescale_betas_zero_snr':%s}"
                  .formatted(fields.contains("zero_snr"))
                  .replace('\'', '"'))
          .noiseSchedule();
    }
  }

  static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (String name : Samplers.classNames()) {
      for (String fields : FIELDS) {
        for (int first : new int[] {0, 3}) {
          Case each = new Case(name, fields, first);
          if (isLinear(each)) {
            cases.add(each);
          }
        }
      }
    }
    assertTrue(cases.size() > 100, "cases: " + cases.size());
    return cases.stream();
  }

  private static boolean isLinear(Case c) {
    try {
      return c.sampler() instanceof LinearSampler linear
          && (c.first == 0 || !linear.isInverse())
          && linear.table(c.schedule(), c.first) != null;
    } catch (IllegalArgumentException e) {
      return false; // a field that the method refuses
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theTableGivesWhatTheSamplerGives(Case c) {
    LinearSampler sampler = (LinearSampler) c.sampler();
    NoiseSchedule schedule = c.schedule();
    RunStart start =
        c.first == 0
            ? RunStart.noise()
            : RunStart.image(new float[ELEMENTS], 6.5 / sampler.levels(schedule).steps());
    List<double[]> inputs = new ArrayList<>();
    SamplingRun run =
        SamplingRun.builder(IMAGES, 3, 2, 2)
            .seed(5)
            .start(start)
            .learnsVariance(sampler.learnsVariance())
            .build();
    float[][] begun = new float[1][];
    EpsilonModel model =
        (x, images, t, output) -> {
          if (begun[0] == null) {
            begun[0] = run.x().clone();
          }
          double[] input = new double[IMAGES * ELEMENTS];
          for (int i = 0; i < input.length; i++) {
            input[i] = x.get(i);
          }
          inputs.add(input);
          double[] values = output(input, t, run.stride());
          for (int i = 0; i < values.length; i++) {
            output.put(i, (float) values[i]);
          }
        };
    sampler.sample(model, schedule, run);

    double[] x = new double[IMAGES * ELEMENTS];
    for (int i = 0; i < x.length; i++) {
      x[i] = begun[0][i];
    }
    StepTable table = sampler.table(schedule, c.first);
    assertEquals(table.steps().size(), inputs.size(), "calls");
    follow(table, x, run.stride());
    for (int i = 0; i < x.length; i++) {
      assertEquals(x[i], run.x()[i], 2e-5 * Math.max(1, Math.abs(x[i])), "element " + i);
    }
  }

  /** The network: smooth, of any stride. */
  private static double[] output(double[] input, double t, int stride) {
    double[] output = new double[IMAGES * stride];
    for (int image = 0; image < IMAGES; image++) {
      for (int e = 0; e < stride; e++) {
        double x = input[image * ELEMENTS + e % ELEMENTS];
        output[image * stride + e] =
            e < ELEMENTS ? 0.6 * x + 0.1 * Math.sin(e + t) : 0.5 + 0.4 * Math.sin(e + x);
      }
    }
    return output;
  }

  /** The table in plain arithmetic, with the draws after that of the start. */
  private static void follow(StepTable table, double[] x, int stride) {
    Deque<double[]> kept = new ArrayDeque<>(); // newest first
    int draw = 1;
    for (LinearStep step : table.steps()) {
      double[] input = x.clone();
      for (int i = 0; i < x.length; i++) {
        input[i] *= step.inputScale();
      }
      double[] output = output(input, step.timestep(), stride);
      float[] z = new float[x.length];
      if (step.noise().isDrawn()) {
        NoiseSource.ofSeed(5).fill(z, 0, IMAGES, ELEMENTS, draw++);
      }
      float[] x0 = new float[x.length];
      double[] own = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        own[i] = output[i / ELEMENTS * stride + i % ELEMENTS];
        x[i] += step.noise().kind() == StepNoise.Kind.BEFORE ? step.noise().scale() * z[i] : 0;
        x0[i] = (float) (step.x0().x() * x[i] + step.x0().output() * own[i]);
      }
      table.clipping().apply(x0, ELEMENTS, new float[ELEMENTS]);
      double[] keeps = new double[x.length];
      for (int i = 0; i < x.length; i++) {
        keeps[i] = sum(step.kept(), x[i], x0[i], own[i]);
      }
      kept.addFirst(keeps);
      for (int i = 0; i < x.length; i++) {
        double next = sum(step.next(), x[i], x0[i], own[i]);
        int back = 0;
        for (double[] old : kept) {
          next += back < step.history().length ? step.history()[back++] * old[i] : 0;
        }
        int variance = i / ELEMENTS * stride + ELEMENTS + i % ELEMENTS;
        double v = variance < output.length ? output[variance] : Double.NaN;
        x[i] = next + deviation(step.noise(), v) * z[i];
      }
    }
  }

  private static double deviation(StepNoise noise, double v) {
    return switch (noise.kind()) {
      case NONE, BEFORE -> 0;
      case AFTER -> noise.scale();
      case LEARNED -> noise.scale() * Math.sqrt(Math.max(v, 1e-20));
      case LEARNED_RANGE -> noise.scale() * Math.exp((v + 1) / 2 * noise.logRange());
    };
  }

  private static double sum(StepWeights weights, double x, double x0, double output) {
    return weights.x() * x + weights.predictedX0() * x0 + weights.output() * output;
  }

  @Test
  void aTableHasStepsAndNoiseOfOneKind() {
    StepWeights zero = new StepWeights(0, 0, 0);
    LinearStep after = LinearStep.of(1, zero, zero, StepNoise.after(1));
    LinearStep before = LinearStep.of(0, zero, zero, StepNoise.before(1));
    Clipping none = new Clipping.None();
    for (List<LinearStep> steps : List.of(List.<LinearStep>of(), List.of(after, before))) {
      Exception e =
          assertThrows(IllegalArgumentException.class, () -> new StepTable(1, none, steps));
      assertTrue(e.getMessage().startsWith("steps: expected"), e.getMessage());
    }
    assertEquals(1, new StepTable(1, none, List.of(after)).draws());
  }
}
