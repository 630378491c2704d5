package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.TimestepGrid;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * Pseudo numerical methods (Liu et al. 2022): the step of DDIM between two timesteps (eq. 11) with
 * ε from a classical solver. The first three steps take four calls of the model each (pseudo
 * Runge-Kutta, eq. 13), the others one and the three before (pseudo linear multistep, eq. 12).
 *
 * <p>Without the Runge-Kutta steps the second timestep is visited twice, to repair the first step,
 * and the multistep formula grows from order 1 to 4: n + 1 calls. So does a run that starts from an
 * image with fewer than 4 of the steps left. Nothing is clipped.
 *
 * @param predictionType what the network predicts: ε or v
 * @param skipPrkSteps whether to do without the Runge-Kutta steps; with them n is at least 4
 * @param setAlphaToOne whether the last step ends at ᾱ = 1, the image; otherwise it ends at ᾱ_0
 * @param timesteps n timesteps, from which the calls follow
 */
public record PndmSampler(
    PredictionType predictionType,
    boolean skipPrkSteps,
    boolean setAlphaToOne,
    TimestepGrid.Spaced timesteps)
    implements Sampler {
  static final String NAME = "pndm";
  private static final int PRK_STEPS = 3;
  private static final int STAGES = 4; // calls of the model in a Runge-Kutta step
  private static final int MULTISTEP = 4; // the highest order, and outputs kept
  private static final int BASE = MULTISTEP; // buffers, after the outputs
  private static final int SUM = MULTISTEP + 1;

  /** Refuses what eq. 11 does not know. */
  public PndmSampler {
    if (predictionType != PredictionType.EPSILON && predictionType != PredictionType.V_PREDICTION) {
      throw new IllegalArgumentException(
          "prediction_type: expected epsilon or v_prediction, found " + predictionType.label());
    }
    if (!skipPrkSteps && timesteps.steps() > 0 && timesteps.steps() <= PRK_STEPS) {
      throw new IllegalArgumentException(
          "steps: expected at least 4, or skip_prk_steps, found " + timesteps.steps());
    }
  }

  /** What a configuration says, over every timestep. */
  public static PndmSampler of(SchedulerConfig config) {
    if (!(TimestepGrid.of(config) instanceof TimestepGrid.Spaced spaced)) {
      throw new IllegalArgumentException(
          "timesteps: expected none, since the solver needs even steps, found custom ones");
    }
    return new PndmSampler(
        config.predictionType(),
        config.flag("skip_prk_steps", false),
        config.flag("set_alpha_to_one", false),
        spaced);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public PndmSampler withSteps(int steps) {
    return new PndmSampler(predictionType, skipPrkSteps, setAlphaToOne, timesteps.withSteps(steps));
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    int[] plan = timesteps.timesteps(schedule.trainTimesteps());
    return SamplingGrid.ofTimesteps(calls(plan, schedule.trainTimesteps() / plan.length));
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    return levels(schedule, timesteps.timesteps(schedule.trainTimesteps()));
  }

  private NoiseLevels levels(NoiseSchedule schedule, int[] plan) {
    IntUnaryOperator calls =
        step ->
            skipPrkSteps
                ? plan.length == 1 || step == 0 ? step : step + 1
                : STAGES * Math.min(step, PRK_STEPS) + Math.max(step - PRK_STEPS, 0);
    return NoiseLevels.ofTimesteps(schedule, plan)
        .withCalls(IntStream.rangeClosed(0, plan.length).map(calls).toArray());
  }

  /** What the model is told at each call; {@code plan} falls. */
  private int[] calls(int[] plan, int stride) {
    if (skipPrkSteps && plan.length == 1) {
      return plan;
    }
    if (skipPrkSteps) { // the second timestep twice
      return IntStream.concat(Arrays.stream(plan, 0, 2), Arrays.stream(plan, 1, plan.length))
          .toArray();
    }
    if (plan.length <= PRK_STEPS) { // every timestep of a very short schedule
      throw new IllegalArgumentException(
          "steps: expected at least 4, or skip_prk_steps, found " + plan.length);
    }
    int half = stride / 2;
    IntStream prk =
        IntStream.range(0, PRK_STEPS)
            .flatMap(
                i -> IntStream.of(plan[i], plan[i + 1] + half, plan[i + 1] + half, plan[i + 1]));
    return IntStream.concat(prk, Arrays.stream(plan, PRK_STEPS, plan.length)).toArray();
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    int[] whole = timesteps.timesteps(schedule.trainTimesteps());
    int stride = schedule.trainTimesteps() / whole.length;
    // Whatever it begins with, the first steps of a run are those without a history.
    int[] plan = Arrays.copyOfRange(whole, run.firstStep(whole.length), whole.length);
    boolean tooFew = plan.length <= PRK_STEPS && plan.length < whole.length;
    PndmSampler way = tooFew ? withoutPrkSteps() : this;
    way.sample(model, schedule, run, plan, stride);
  }

  private PndmSampler withoutPrkSteps() {
    return new PndmSampler(predictionType, true, setAlphaToOne, timesteps);
  }

  /** Over the steps of {@code plan}, whatever the timesteps of the method are. */
  private void sample(
      EpsilonModel model, NoiseSchedule schedule, SamplingRun run, int[] plan, int stride) {
    int[] told = calls(plan, stride);
    int prkCalls = prkCalls();
    Parameterization[] weights = Parameterization.at(predictionType, schedule, told);
    Transfer[] transfers = transfers(told, stride, schedule);
    Clipping none = new Clipping.None();
    int kept = 0; // outputs that the multistep formula may use, the last in buffer (kept-1) % 4
    run.startAt(levels(schedule, plan), 0, 1);
    for (int step = 0; step < told.length; step++) {
      int t = told[step];
      float[] output = run.predict(model, t);
      weights[step].predictX0(run, none, output);
      output = run.withoutVariance(output);
      boolean repair = prkCalls == 0 && step == 1;
      if (step < prkCalls ? step % STAGES == 0 : !repair) {
        System.arraycopy(output, 0, run.buffer(kept++ % MULTISTEP), 0, run.x().length);
      }
      Transfer transfer = transfers[step];
      if (step < prkCalls) {
        rungeKutta(step % STAGES, transfer, output, run);
      } else if (repair) {
        double half = transfer.output() / 2;
        float[] first = run.buffer(0);
        Vectors.combine(
            run.x(), transfer.x(), run.buffer(BASE), half, output, half, first); // trapezoidal rule
      } else {
        if (step == 0) {
          System.arraycopy(run.x(), 0, run.buffer(BASE), 0, run.x().length);
        }
        multistep(kept, transfer, run);
      }
      run.stepDone(step, told.length, t);
    }
  }

  private int prkCalls() {
    return skipPrkSteps ? 0 : PRK_STEPS * STAGES;
  }

  /** From where to where each call leads, by eq. 11. */
  private Transfer[] transfers(int[] told, int stride, NoiseSchedule schedule) {
    int end = setAlphaToOne ? -1 : 0; // below 0 is ᾱ = 1, or ᾱ_0
    Transfer[] transfers = new Transfer[told.length];
    for (int step = 0; step < told.length; step++) {
      int from = told[step];
      int to = Math.max(from - stride, end);
      if (step < prkCalls()) {
        to = step % 2 == 0 ? from - stride / 2 : from;
        from = told[step - step % STAGES];
      } else if (skipPrkSteps && step == 1) { // the first step once more
        to = from;
        from += stride;
      }
      transfers[step] = Transfer.of(this, schedule, from, to);
    }
    return transfers;
  }

  /** Eq. 13: every stage starts from x of the first; the last takes the weighted mean of all. */
  private static void rungeKutta(int stage, Transfer transfer, float[] output, SamplingRun run) {
    float[] x = run.x();
    float[] base = run.buffer(BASE);
    float[] sum = run.buffer(SUM);
    double b = transfer.output();
    switch (stage) {
      case 0 -> {
        System.arraycopy(x, 0, base, 0, x.length);
        Vectors.combine(sum, 1.0 / 6, output);
      }
      case 1, 2 -> Vectors.combine(sum, 1, sum, 1.0 / 3, output);
      default -> {
        Vectors.combine(x, transfer.x(), base, b, sum, b / 6, output);
        return;
      }
    }
    Vectors.combine(x, transfer.x(), base, b, output);
  }

  /** Eq. 12: the Adams-Bashforth formula of the outputs so far, the last four at most. */
  private static void multistep(int kept, Transfer transfer, SamplingRun run) {
    float[] x = run.x();
    double a = transfer.x();
    double b = transfer.output();
    float[] e1 = run.buffer((kept - 1) % MULTISTEP);
    float[] e2 = run.buffer((kept + 2) % MULTISTEP);
    float[] e3 = run.buffer((kept + 1) % MULTISTEP);
    float[] e4 = run.buffer(kept % MULTISTEP);
    switch (Math.min(kept, MULTISTEP)) {
      case 1 -> Vectors.combine(x, a, x, b, e1);
      case 2 -> Vectors.combine(x, a, x, b * 3 / 2, e1, -b / 2, e2);
      case 3 -> Vectors.combine(x, a, x, b * 23 / 12, e1, -b * 16 / 12, e2, b * 5 / 12, e3);
      default ->
          Vectors.combine(
              x, a, x, b * 55 / 24, e1, -b * 59 / 24, e2, b * 37 / 24, e3, -b * 9 / 24, e4);
    }
  }

  /** Eq. 11 from one timestep to another: x' = x·(weight) + output·(weight). */
  private record Transfer(double x, double output) {
    static Transfer of(PndmSampler sampler, NoiseSchedule schedule, int from, int to) {
      double alpha = schedule.alphaCumprod(from);
      double target = schedule.alphaCumprod(to);
      double epsilon =
          -(target - alpha)
              / (alpha * Math.sqrt(1 - target) + Math.sqrt(alpha * (1 - alpha) * target));
      Parameterization weights = Parameterization.of(sampler.predictionType, alpha);
      return new Transfer(
          Math.sqrt(target / alpha) + epsilon * weights.epsilonFromX(),
          epsilon * weights.epsilonFromOutput());
    }
  }
}
