package io.ddpm4j.trainer.loop;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.data.DataPosition;
import io.ddpm4j.trainer.evaluate.QuarterLosses;
import io.ddpm4j.trainer.step.TrainSession;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.LongToDoubleFunction;

/** The steps of one call of {@link Trainer#run}, one after the other. */
final class Loop {
  private final TrainConfig config;
  private final TrainingState state;
  private final StepFeeder feeder;
  private final Reporter reporter;
  private final Optional<Validator> validator;
  private final Checkpointer checkpointer;
  private final Pictures pictures;
  private final Recoverer recoverer;
  private final Progress progress;
  private final TrainListener listener;
  private final Cancellation cancellation;
  private final LongToDoubleFunction rate;
  private final Pace pace;
  private boolean pruned = true;

  /** What a run works with; closed by whoever made it. */
  record Parts(
      TrainingState state,
      StepFeeder feeder,
      Reporter reporter,
      Optional<Validator> validator,
      Checkpointer checkpointer,
      Pictures pictures,
      Recoverer recoverer,
      LongToDoubleFunction rate) {}

  Loop(
      TrainConfig config,
      Parts parts,
      Progress progress,
      TrainListener listener,
      Cancellation cancellation) {
    this.config = config;
    this.state = parts.state();
    this.feeder = parts.feeder();
    this.reporter = parts.reporter();
    this.validator = parts.validator();
    this.checkpointer = parts.checkpointer();
    this.pictures = parts.pictures();
    this.recoverer = parts.recoverer();
    this.progress = progress;
    this.listener = listener;
    this.cancellation = cancellation;
    this.rate = parts.rate();
    this.pace = new Pace(config.optimizer().stepImages());
  }

  TrainResult run() throws IOException {
    try {
      boolean interrupted = steps();
      if (!checkpointer.has(progress)) {
        checkpoint();
      }
      prune();
      reporter.report(progress); // the last samples are newer than the last checkpoint
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    } catch (DivergedException e) { // what it was like until then is worth seeing
      reporter.drawLoss();
      reporter.report(progress);
      throw e;
    } catch (CheckpointException e) { // there is nothing to write, or no room
      throw e;
    } catch (IOException | RuntimeException | Error e) {
      keep(e);
      throw e;
    }
    boolean finished = progress.step() >= config.run().steps();
    return new TrainResult(
        progress.step(), finished, progress.smoothedLoss(), checkpointer.newest());
  }

  /** Runs the steps that are left; true if the thread was interrupted, as if cancelled. */
  private boolean steps() throws IOException {
    RunConfig run = config.run();
    while (progress.step() < run.steps() && !cancellation.isCancelled()) {
      long begin = System.nanoTime();
      StepFeeder.Prepared prepared;
      try {
        prepared = feeder.next();
      } catch (InterruptedException e) {
        return true;
      }
      if (!step(prepared, begin)) {
        continue; // an earlier step is the last one
      }
      boolean last = progress.step() == run.steps();
      if ((isDue(run.checkpointEvery()) || last) && !checkpoint()) {
        continue;
      }
      if (isDue(run.sampleEvery()) || run.sampleEvery() > 0 && last) {
        sample();
      }
    }
    return false;
  }

  private boolean isDue(long every) {
    return every > 0 && progress.step() % every == 0;
  }

  /** False if training broke down and was taken back to an earlier step. */
  private boolean step(StepFeeder.Prepared prepared, long begin) throws IOException {
    long number = progress.step() + 1;
    double learningRate = rate.applyAsDouble(number) * progress.rateFactor();
    TrainSession.Result result = state.session().step(prepared.inputs(), number, learningRate);
    if (!result.isFinite()) {
      rollBack(
          "the loss of step %d is not finite (loss %s, gradient norm %s)"
              .formatted(number, result.loss(), result.gradientNorm()),
          number,
          1,
          prepared.next());
      return false;
    }
    state.timesteps().observe(prepared.inputs().timesteps(), state.session().sampleLoss());
    double took = (System.nanoTime() - begin) / 1e9;
    progress.add(result.loss(), prepared.next(), took);
    Optional<LossWatch.Spike> spike = progress.spike();
    if (spike.isPresent()) {
      rollBack(
          String.format(
              Locale.ROOT,
              "the loss of step %d is %.3g times what it was %d steps before",
              number,
              spike.get().ratio(),
              spike.get().steps()),
          number,
          spike.get().steps(),
          prepared.next());
      return false;
    }
    prune();
    pace.add(took);
    TrainStep report =
        new TrainStep(
            number,
            config.run().steps(),
            result.loss(),
            progress.smoothedLoss(),
            result.gradientNorm(),
            learningRate,
            pace.imagesPerSecond(),
            pace.secondsFor(config.run().steps() - number));
    Optional<QuarterLosses> validation = validate();
    reporter.step(report, prepared.next(), validation);
    listener.onStep(report);
    validation.ifPresent(losses -> listener.onValidation(losses, number));
    return true;
  }

  /** Measures the averaged weights; empty where that is not due, or fails. */
  private Optional<QuarterLosses> validate() {
    long step = progress.step();
    if (validator.isEmpty() || !validator.get().isDue(step)) {
      return Optional.empty();
    }
    try {
      return Optional.of(validator.get().measure(state.averaged(), step, cancellation));
    } catch (CancellationException e) {
      return Optional.empty(); // the loop sees it and ends
    } catch (IOException | RuntimeException e) {
      listener.onWarning(Reporter.sentence("no validation of step " + step, e));
      return Optional.empty();
    }
  }

  private void rollBack(String reason, long step, int doubtful, DataPosition next)
      throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      Breakdown breakdown = new Breakdown(reason, step, doubtful, next);
      listener.onRollback(recoverer.recover(breakdown, progress));
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * False if there is nothing to keep, and training was taken back to an earlier step. An interrupt
   * is put off: it would close the files that are being written.
   */
  private boolean checkpoint() throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      if (!checkpointer.write(state, progress)) {
        long step = progress.step();
        rollBack("the weights of step " + step + " are not finite", step, 0, progress.position());
        return false;
      }
      pruned = false;
      reporter.drawLoss(); // after the checkpoint: pictures must not cost the weights
      reporter.report(progress);
      listener.onCheckpoint(checkpointer.newest(), progress.step());
      return true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** After a step has shown that the newest checkpoint may be good, or at the end. */
  private void prune() {
    if (pruned) {
      return;
    }
    pruned = true;
    try {
      checkpointer.prune(progress);
    } catch (IOException e) {
      listener.onWarning("cannot delete an old checkpoint: " + e.getMessage());
    }
  }

  private void sample() {
    Path file;
    try {
      file = pictures.sample(state.averaged(), progress.step(), cancellation);
    } catch (CancellationException e) {
      return; // the loop sees it and ends; a grid is not worth waiting for
    } catch (IOException | RuntimeException e) {
      listener.onWarning(Reporter.sentence("no samples of step " + progress.step(), e));
      return;
    }
    reporter.samples(file, progress.step());
    listener.onSamples(file, progress.step());
  }

  /** Training ends by a failure: what was learnt is kept if that is possible. */
  private void keep(Throwable failure) {
    boolean interrupted = Thread.interrupted();
    try {
      if (!checkpointer.has(progress)) {
        checkpointer.write(state, progress);
      }
    } catch (IOException | RuntimeException e) {
      failure.addSuppressed(e); // the first failure is the one to tell
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
