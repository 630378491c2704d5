package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.objective.TimestepSampler;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.UpdateGraph;
import java.util.Map;

/**
 * What a step changes: the session's weights, moments and averages, and the losses that timesteps
 * were seen to have. Owns the session.
 */
final class TrainingState implements AutoCloseable {
  private final RunPlan plan;
  private final TrainSession session;
  private final TimestepSampler timesteps;

  private TrainingState(RunPlan plan, TrainSession session) {
    this.plan = plan;
    this.session = session;
    this.timesteps = sampler(plan.config().diffusion());
  }

  private static TimestepSampler sampler(DiffusionConfig diffusion) {
    return diffusion.objective().sampling().sampler(diffusion.trainTimesteps());
  }

  /**
   * That which the run starts with.
   *
   * @throws CheckpointException if its checkpoint is of another network or run
   */
  static TrainingState open(RunPlan plan) throws CheckpointException {
    TrainConfig config = plan.config();
    TrainSession session =
        new TrainSession(
            config.step(plan.unet()), TrainSession.Options.ofThreads(config.run().threadCount()));
    try {
      TrainingState state = new TrainingState(plan, session);
      state.restore(plan.start().checkpoint());
      return state;
    } catch (CheckpointException | RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  /**
   * Goes back, or on, to what a checkpoint holds.
   *
   * @param from null for the first state of a new run
   * @throws CheckpointException if it is of another network or run
   */
  void restore(Checkpoint from) throws CheckpointException {
    if (from == null) {
      session.initialize(session.layout().join(firstWeights()));
    } else {
      SessionTensors.restore(session, from, plan.folder().path());
    }
    try {
      timesteps.restore(
          from == null
              ? sampler(plan.config().diffusion()).state()
              : from.state(Checkpoint.TIMESTEPS));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(
          plan.folder().path() + ": the checkpoint is of another run: " + e.getMessage(), e);
    }
  }

  private Map<String, TensorData> firstWeights() {
    Map<String, TensorData> given = plan.start().weights();
    return given == null
        ? UNet.parameters(plan.unet()).initialize(plan.config().run().seed())
        : given;
  }

  /** All of it, under the names of {@link Checkpoint#tensors}. */
  Map<String, TensorData> tensors() {
    Map<String, TensorData> tensors = SessionTensors.of(session);
    timesteps
        .state()
        .forEach((name, t) -> tensors.put(Checkpoint.tensorName(Checkpoint.TIMESTEPS, name), t));
    return tensors;
  }

  /** Whether every number of the weights, moments and averages is finite. */
  boolean isFinite() {
    return session.stateIsFinite();
  }

  /** The averaged weights, by parameter. */
  Map<String, TensorData> averaged() {
    return session.layout().split(session.state(UpdateGraph.EMA));
  }

  TrainSession session() {
    return session;
  }

  TimestepSampler timesteps() {
    return timesteps;
  }

  @Override
  public void close() {
    session.close();
  }
}
