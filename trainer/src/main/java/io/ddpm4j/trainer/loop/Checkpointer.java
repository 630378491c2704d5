package io.ddpm4j.trainer.loop;

import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Writes the checkpoints of one run and knows the newest. */
final class Checkpointer {
  /** Steps after which a checkpoint has shown that it is good. */
  private static final int SETTLED = 20;

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
   * Writes a checkpoint. Whether its weights are any good only the loss of later steps shows: until
   * then the older checkpoints should stay.
   *
   * @return false if the state is not finite: then nothing is written
   */
  boolean write(TrainingState state, Progress progress) throws IOException {
    if (!state.isFinite()) { // the loss only shows the weights of the step before
      return false;
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
                progress.recovery(),
                unet,
                state.tensors()));
    step = progress.step();
    return true;
  }

  /**
   * Deletes the checkpoints that are not to be kept. Until the run has all its steps, one that it
   * can go back to is among those that are.
   */
  void prune(Progress progress) throws IOException {
    long settled = progress.step() - SETTLED;
    long oldest = spacing() == 0 || settled < 0 ? 0 : settled / spacing() * spacing();
    boolean running = progress.step() < config.run().steps();
    store.prune(
        config.run().keepCheckpoints(), step -> running && step >= oldest && isRegular(step));
  }

  /**
   * Whether a checkpoint of that step is there however often the run was interrupted. Of a run that
   * writes one every few steps not all are, for they would have to be kept.
   */
  private boolean isRegular(long step) {
    return spacing() > 0 && step % spacing() == 0;
  }

  /** Steps between regular checkpoints: at least those in which one settles; 0 for none. */
  private long spacing() {
    long every = config.run().checkpointEvery();
    return every == 0 ? 0 : (SETTLED + every - 1) / every * every;
  }

  /**
   * The checkpoint to go back to: the newest regular one that training went on from for so long
   * that it is good; without one, the newest of those that are not known to be bad.
   */
  Optional<Path> lastGood(Breakdown breakdown) throws IOException {
    List<Path> newestFirst = new ArrayList<>(store.all());
    Collections.reverse(newestFirst);
    return newestFirst.stream()
        .filter(p -> CheckpointStore.step(p) <= breakdown.step() - SETTLED)
        .filter(p -> isRegular(CheckpointStore.step(p)))
        .findFirst()
        .or(() -> newestFirst.stream().filter(p -> !isBad(p, breakdown)).findFirst());
  }

  private static boolean isBad(Path checkpoint, Breakdown breakdown) {
    return CheckpointStore.step(checkpoint) >= breakdown.step() - breakdown.doubtful();
  }

  /** Reads one of the run's checkpoints. */
  Checkpoint read(Path checkpoint) throws IOException {
    return store.read(checkpoint);
  }

  /** Sets aside the checkpoints of the steps after one: they are trained anew. */
  void setAsideAfter(long good) throws IOException {
    for (Path checkpoint : store.all()) {
      if (CheckpointStore.step(checkpoint) > good) {
        store.setAside(checkpoint);
      }
    }
    newest = store.latest().orElse(null);
    step = good;
  }

  /**
   * Says which state is left after training has broken down for good: the one that it would go back
   * to. Checkpoints of later ones are none to go on from, and are set aside.
   */
  DivergedException diverged(Breakdown breakdown, Progress progress) {
    int times = progress.recovery().count();
    String what =
        breakdown.reason() + (times == 0 ? "" : ", after going back " + times + " times already");
    try {
      setAsideAfter(lastGood(breakdown).map(CheckpointStore::step).orElse(0L));
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
