package io.ddpm4j.trainer.loop;

import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.data.DataPosition;

/** How far a run has come: what a checkpoint holds beside the state vectors. Mutable. */
final class Progress {
  private final SmoothedLoss smoothed;
  private long step;
  private DataPosition position;
  private double seconds;

  private Progress(long step, DataPosition position, double smoothedLoss, double seconds) {
    this.step = step;
    this.position = position;
    this.smoothed = new SmoothedLoss(smoothedLoss, step);
    this.seconds = seconds;
  }

  /** From a checkpoint; from the beginning if it is null. */
  static Progress from(Checkpoint start) {
    return start == null
        ? new Progress(0, DataPosition.START, 0, 0)
        : new Progress(start.step(), start.position(), start.smoothedLoss(), start.seconds());
  }

  /** One step more is done. */
  void add(double loss, DataPosition next, double took) {
    step++;
    position = next;
    smoothed.add(loss);
    seconds += took;
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

  /** Training time, waiting for data included. */
  double seconds() {
    return seconds;
  }
}
