package io.ddpm4j.trainer.loop;

import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.Recovery;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Takes a run that has broken down back to its last good state. From there it would meet the same
 * batches and break down again, so it goes on with those after them, and with half the learning
 * rate. All of it is a function of the configuration, as the steps are.
 */
final class Recoverer {
  private final Checkpointer checkpointer;
  private final Reporter reporter;
  private final TrainingState training;
  private final boolean fromTheBeginning;

  /**
   * @param fromTheBeginning whether the run's first state is one to go back to: not in a run that
   *     was resumed
   */
  Recoverer(
      Checkpointer checkpointer,
      Reporter reporter,
      TrainingState training,
      boolean fromTheBeginning) {
    this.checkpointer = checkpointer;
    this.reporter = reporter;
    this.training = training;
    this.fromTheBeginning = fromTheBeginning;
  }

  /**
   * Goes back.
   *
   * @throws DivergedException if that was done often enough, or there is no state to go back to
   */
  Rollback recover(Breakdown breakdown, Progress progress) throws IOException {
    Optional<Path> good = checkpointer.lastGood(breakdown);
    boolean possible = good.isPresent() || fromTheBeginning;
    if (!possible || progress.recovery().count() >= Recovery.MOST) {
      throw checkpointer.diverged(breakdown, progress);
    }
    Checkpoint state = good.isPresent() ? checkpointer.read(good.get()) : null;
    training.restore(state);
    checkpointer.setAsideAfter(state == null ? 0 : state.step());
    progress.rollBack(state, breakdown);
    reporter.backTo(progress.step());
    return new Rollback(
        breakdown.reason(),
        breakdown.step(),
        progress.step(),
        progress.recovery().count(),
        progress.recovery().learningRate() * progress.recovery().rateFactor());
  }
}
