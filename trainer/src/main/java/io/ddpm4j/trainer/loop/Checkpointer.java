package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.step.TrainSession;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes the checkpoints of one run and knows the newest. */
final class Checkpointer {
  private final CheckpointStore store;
  private final TrainConfig config;
  private final String unet;
  private Path newest; // null if there is none
  private long step; // of the newest; 0 if there is none

  /**
   * @param unet the network's {@code config.json}
   * @param step of the newest checkpoint in the store; 0 if there is none
   */
  Checkpointer(CheckpointStore store, TrainConfig config, String unet, long step)
      throws IOException {
    this.store = store;
    this.config = config;
    this.unet = unet;
    this.newest = store.latest().orElse(null);
    this.step = step;
  }

  /** The folder of the newest checkpoint; null if there is none. */
  Path newest() {
    return newest;
  }

  /** Whether the newest checkpoint holds that state. */
  boolean has(Progress progress) {
    return progress.step() == step;
  }

  /**
   * Writes a checkpoint. Whether its weights are any good only the loss of the next step shows:
   * until then the older checkpoints should stay.
   *
   * @throws DivergedException if the state is not finite: the older checkpoints stay
   */
  void write(TrainSession session, Progress progress) throws IOException {
    if (!session.stateIsFinite()) { // the loss only shows the weights of the step before
      throw diverged("the weights of step " + progress.step() + " are not finite", progress);
    }
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (String vector : session.stateNames()) {
      session
          .layout()
          .split(session.state(vector))
          .forEach((name, tensor) -> tensors.put(Checkpoint.tensorName(vector, name), tensor));
    }
    newest =
        store.write(
            new Checkpoint(
                progress.step(),
                progress.step() * config.optimizer().stepImages(),
                config.run().seed(),
                progress.position(),
                progress.smoothedLoss(),
                progress.seconds(),
                unet,
                tensors));
    step = progress.step();
  }

  /** Deletes the checkpoints that are not to be kept. */
  void prune() throws IOException {
    store.prune(config.run().keepCheckpoints());
  }

  /**
   * Says which state is left after training has broken down. The one that it has broken down in is
   * none to go on from, for its next step would be the same: a checkpoint of it is set aside.
   */
  DivergedException diverged(String what, Progress progress) {
    try {
      if (newest != null && has(progress)) {
        store.setAside(newest);
        newest = store.latest().orElse(null);
      }
    } catch (IOException e) {
      return new DivergedException(
          what + ": training stopped; its checkpoint cannot be set aside: " + e.getMessage(),
          false);
    }
    return newest == null
        ? new DivergedException(
            what
                + ": training stopped, and there is no older checkpoint; a lower learning rate may"
                + " help",
            false)
        : new DivergedException(
            what
                + ": training stopped; the last good checkpoint is "
                + newest
                + ", from which a lower learning rate may go on",
            true);
  }
}
