package io.ddpm4j.trainer.objective;

import io.ddpm4j.exporter.graph.TensorData;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Map;

/** Every timestep as often as any other. */
final class UniformTimesteps implements TimestepSampler {
  private final int trainTimesteps;

  UniformTimesteps(int trainTimesteps) {
    this.trainTimesteps = trainTimesteps;
  }

  @Override
  public int timestep(long word) {
    return (int) (word * trainTimesteps >>> 32);
  }

  @Override
  public double weight(int timestep) {
    return 1;
  }

  @Override
  public void observe(LongBuffer timesteps, FloatBuffer losses) {}

  @Override
  public Map<String, TensorData> state() {
    return Map.of();
  }

  @Override
  public void restore(Map<String, TensorData> state) {}
}
