package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SamplingGrid;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Inpainting with a model that was not trained for it (Lugmayr et al. 2022, algorithm 1): every
 * step takes the known pixels from the image, with noise of that timestep (eq. 8a), and the others
 * from a step of DDIM with its η (eq. 8b). To bring the two into harmony the run jumps back: from
 * time to time the last steps are undone by adding their noise again (line 10), and repeated.
 *
 * <p>A run needs a {@link KnownImage}. Its grid also holds the timesteps to which the run goes
 * back; there the model is not called. One noise is drawn at every step, ⌊T/n⌋ at each that is
 * undone.
 *
 * @param clipping what is done to x̂_0
 * @param eta η, 0 to 1: from no noise to that of ancestral sampling
 * @param jumpLength j, how many steps are undone at a time
 * @param jumpSamples r, how often each such stretch is sampled; 1 for no jumps
 * @param steps n; 0 for every timestep of the schedule, as are more than it has
 */
public record RepaintSampler(
    Clipping clipping, double eta, int jumpLength, int jumpSamples, int steps) implements Sampler {
  static final String NAME = "repaint";

  /** Refuses numbers out of range. */
  public RepaintSampler {
    if (!(eta >= 0 && eta <= 1)) {
      throw new IllegalArgumentException("eta: expected 0 to 1, found " + eta);
    }
    atLeastOne("jump_length", jumpLength);
    atLeastOne("jump_n_sample", jumpSamples);
    if (steps != 0) {
      atLeastOne("steps", steps);
    }
  }

  private static void atLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": expected at least 1, found " + value);
    }
  }

  /** What a configuration says, over every timestep. */
  public static RepaintSampler of(SchedulerConfig config) {
    if (config.numbers("timesteps").isPresent()) {
      throw new IllegalArgumentException(
          "timesteps: expected none, since the jumps make them, found custom ones");
    }
    return new RepaintSampler(
        Clipping.of(config),
        config.number("eta", 0),
        config.integer("jump_length", 10),
        config.integer("jump_n_sample", 10),
        0);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public RepaintSampler withSteps(int count) {
    return new RepaintSampler(clipping, eta, jumpLength, jumpSamples, count);
  }

  private int steps(int trainTimesteps) {
    return steps == 0 ? trainTimesteps : Math.min(steps, trainTimesteps);
  }

  @Override
  public SamplingGrid grid(NoiseSchedule schedule) {
    int count = steps(schedule.trainTimesteps());
    int stride = schedule.trainTimesteps() / count;
    int[] left = new int[count]; // jumps that still start at each step
    for (int i = 0; i < count - jumpLength; i += jumpLength) {
      left[i] = jumpSamples - 1;
    }
    List<Integer> timesteps = new ArrayList<>();
    for (int i = count - 1; i >= 0; i--) {
      timesteps.add(i * stride);
      if (left[i] > 0) {
        left[i]--;
        for (int back = 0; back < jumpLength; back++) {
          timesteps.add(++i * stride);
        }
      }
    }
    return SamplingGrid.ofTimesteps(timesteps.stream().mapToInt(Integer::intValue).toArray());
  }

  @Override
  public NoiseLevels levels(NoiseSchedule schedule) {
    int count = steps(schedule.trainTimesteps());
    int stride = schedule.trainTimesteps() / count;
    return NoiseLevels.ofTimesteps(
        schedule, IntStream.range(0, count).map(i -> (count - 1 - i) * stride).toArray());
  }

  @Override
  public boolean startsFromImages() {
    return false;
  }

  @Override
  public void sample(EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    if (run.knownImage() == null) {
      throw new IllegalArgumentException(
          "known image: expected an image and a mask of what to keep, found none");
    }
    double[] timesteps = grid(schedule).timesteps();
    int stride = schedule.trainTimesteps() / steps(schedule.trainTimesteps());
    Parameterization[] weights =
        Parameterization.at(
            PredictionType.EPSILON,
            schedule,
            Arrays.stream(timesteps).mapToInt(t -> (int) t).toArray());
    int last = Integer.MAX_VALUE;
    run.startFromNoise(1);
    for (int step = 0; step < timesteps.length; step++) {
      int t = (int) timesteps[step];
      if (t < last) {
        float[] epsilon = run.predict(model, t);
        weights[step].predictX0(run, clipping, epsilon);
        stepFrom(t, Math.max(t - stride, -1), schedule, run.withoutVariance(epsilon), run);
      } else {
        undo(last, stride, schedule, run);
      }
      last = t;
      run.stepDone(step, timesteps.length, t);
    }
  }

  private void stepFrom(
      int t, int previous, NoiseSchedule schedule, float[] epsilon, SamplingRun run) {
    double target = schedule.alphaCumprod(previous);
    double sigma = eta * Math.sqrt(schedule.posteriorVariance(t, previous));
    double direction = Math.sqrt(Math.max(1 - target - sigma * sigma, 0));
    float signal = (float) Math.sqrt(target);
    float noise = (float) Math.sqrt(1 - target);
    float towards = (float) direction;
    float added = (float) sigma;
    float[] x = run.x();
    float[] x0 = run.predictedX0();
    float[] known = run.knownImage();
    float[] mask = run.knownMask();
    float[] z = run.nextNoise();
    for (int i = 0; i < x.length; i++) {
      float kept = signal * known[i] + noise * z[i]; // eq. 8a
      float made = signal * x0[i] + towards * epsilon[i] + added * z[i]; // eq. 8b
      x[i] = mask[i] * kept + (1 - mask[i]) * made; // eq. 8c
    }
  }

  /** Adds the noise of {@code stride} timesteps from t on, one after the other (line 10). */
  private static void undo(int t, int stride, NoiseSchedule schedule, SamplingRun run) {
    float[] x = run.x();
    for (int i = t; i < t + stride; i++) {
      double beta = schedule.beta(i);
      Vectors.combine(x, Math.sqrt(1 - beta), x, Math.sqrt(beta), run.nextNoise());
    }
  }
}
