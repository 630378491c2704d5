package io.ddpm4j.runtime.sampling;

import io.ddpm4j.runtime.model.EpsilonModel;
import io.ddpm4j.runtime.schedule.NoiseLevels;
import io.ddpm4j.runtime.schedule.NoiseSchedule;

/** A run that follows a {@link StepTable}. For one run; allocates nothing after its start. */
final class LinearRun {
  /** 1/k, but for the first. */
  private static final double[] INVERSE = new double[13];

  static {
    for (int k = 1; k < INVERSE.length; k++) {
      INVERSE[k] = 1.0 / k;
    }
  }

  private final SamplingRun run;
  private final Clipping clipping;
  private final History kept; // null: nothing is kept
  private final WeightedSum sum;

  private LinearRun(StepTable table, SamplingRun run) {
    this.run = run;
    this.clipping = table.clipping();
    int depth = table.historyDepth();
    this.kept = depth == 0 ? null : new History(run, 0, depth);
    this.sum = new WeightedSum(depth + 4);
  }

  /** Runs the whole process. */
  static void sample(
      LinearSampler sampler, EpsilonModel model, NoiseSchedule schedule, SamplingRun run) {
    NoiseLevels levels = sampler.levels(schedule);
    int first = sampler.isInverse() ? 0 : run.firstStep(levels.steps());
    StepTable table = sampler.table(schedule, first);
    LinearRun state = new LinearRun(table, run);
    if (sampler.isInverse()) {
      run.startFromImage(table.initNoiseSigma());
    } else {
      run.start(levels, table.initNoiseSigma());
    }
    int end = first + table.steps().size();
    for (int step = first; step < end; step++) {
      LinearStep row = table.steps().get(step - first);
      float[] output = run.predict(model, row.timestep(), row.inputScale());
      state.follow(row, output);
      run.stepDone(step, end, row.timestep());
    }
  }

  private void follow(LinearStep step, float[] output) {
    float[] x = run.x();
    StepNoise noise = step.noise();
    if (noise.kind() == StepNoise.Kind.BEFORE) {
      Vectors.combine(x, 1, x, noise.scale(), run.nextNoise());
    }
    run.predictX0(clipping, step.x0().x(), step.x0().output(), output);
    boolean draws = noise.isDrawn() && noise.kind() != StepNoise.Kind.BEFORE;
    float[] z = draws ? noise(noise, output) : null; // which may read the learned variance
    boolean readsOutput = step.kept().output() != 0 || step.next().output() != 0;
    float[] plain = readsOutput ? run.withoutVariance(output) : output;
    if (kept != null) {
      keep(step.kept(), plain, kept.push());
    }
    StepWeights next = step.next();
    sum.add(next.x(), x).add(next.predictedX0(), run.predictedX0()).add(next.output(), plain);
    for (int back = 0; back < step.depth(); back++) {
      sum.add(step.historyWeight(back), kept.get(back));
    }
    if (z != null) {
      sum.add(noise.kind().isLearned() ? 1 : noise.scale(), z);
    }
    sum.into(x);
  }

  private void keep(StepWeights weights, float[] output, float[] into) {
    float[] x = run.x();
    if (weights.predictedX0() == 0) { // where the weights of x and output may be large
      int elements = run.elements();
      Vectors.combineStrided(into, weights.x(), x, weights.output(), output, elements, elements);
      return;
    }
    sum.add(weights.x(), x)
        .add(weights.predictedX0(), run.predictedX0())
        .add(weights.output(), output)
        .into(into);
  }

  /** The next draw; where the deviation is learned, times it. */
  private float[] noise(StepNoise noise, float[] output) {
    float[] z = run.nextNoise();
    if (!noise.kind().isLearned()) {
      return z;
    }
    int elements = run.elements();
    boolean itself = noise.kind() == StepNoise.Kind.LEARNED;
    for (int from = 0, v = elements; from < z.length; from += elements, v += run.stride()) {
      for (int i = 0; i < elements; i++) {
        double deviation =
            itself
                ? Math.sqrt(Math.max(output[v + i], StepNoise.MIN_VARIANCE))
                : exp((output[v + i] + 1.0) / 2 * noise.logRange()); // Nichol, eq. 15
        z[from + i] = (float) (noise.scale() * deviation * z[from + i]);
      }
    }
    return z;
  }

  /** e^y to 2e-10: between the two variances y is small, and its series faster than Math.exp. */
  private static double exp(double y) {
    if (Math.abs(y) > 1) {
      return Math.exp(y);
    }
    double sum = 1;
    for (int k = 12; k > 0; k--) {
      sum = 1 + y * sum * INVERSE[k];
    }
    return sum;
  }
}
