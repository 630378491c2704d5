package io.ddpm4j.trainer.loop;

import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.Recovery;
import io.ddpm4j.trainer.data.DataPosition;
import java.util.List;
import java.util.Optional;

/** How far a run has come: what a checkpoint holds beside the state vectors. Mutable. */
final class Progress {
  private SmoothedLoss smoothed;
  private LossWatch losses;
  private Recovery recovery; // its losses are in the watch
  private long step;
  private DataPosition position;
  private double seconds;

  private Progress(Checkpoint state, Recovery recovery, DataPosition position, double seconds) {
    this.recovery = recovery;
    this.position = position;
    this.seconds = seconds;
    take(state);
  }

  /**
   * From a checkpoint; from the beginning if it is null.
   *
   * @param recovery how the run stands with breakdowns
   */
  static Progress from(Checkpoint start, Recovery recovery) {
    return start == null
        ? new Progress(null, recovery, DataPosition.START, 0)
        : new Progress(start, recovery, start.position(), start.seconds());
  }

  private void take(Checkpoint state) {
    step = state == null ? 0 : state.step();
    smoothed = new SmoothedLoss(state == null ? 0 : state.smoothedLoss(), step);
    losses = new LossWatch(state == null ? List.of() : state.recovery().recentLosses());
  }

  /** One step more is done. */
  void add(float loss, DataPosition next, double took) {
    step++;
    position = next;
    smoothed.add(loss);
    losses.add(loss);
    seconds += took;
  }

  /** Back to an earlier state, null for the first one; but never back to the same data. */
  void rollBack(Checkpoint state, Breakdown breakdown) {
    take(state);
    position = breakdown.next();
    recovery = recovery.rolledBack(breakdown.step() - step, losses.losses());
  }

  /** Steps done. */
  long step() {
    return step;
  }

  /** Where in the data the next step begins. */
  DataPosition position() {
    return position;
  }

  double smoothedLoss() {
    return smoothed.value();
  }

  /** Whether the loss of the newest steps has risen far above what it was. */
  Optional<LossWatch.Spike> spike() {
    return losses.spike();
  }

  /** How the run stands with breakdowns. */
  Recovery recovery() {
    return recovery.withLosses(losses.losses());
  }

  /** What the learning rate is multiplied by. */
  double rateFactor() {
    return recovery.rateFactor();
  }

  /** Training time, waiting for data included. */
  double seconds() {
    return seconds;
  }
}
