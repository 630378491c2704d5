package io.ddpm4j.trainer.loop;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.checkpoint.Recovery;
import io.ddpm4j.trainer.data.ImageDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.LongToDoubleFunction;

/**
 * One training run in one folder. The weights after k steps are a function of the configuration
 * alone: a run that was stopped and resumed equals, bit for bit, one that was not (on the same
 * machine with the same number of threads).
 */
public final class Trainer {
  private final RunPlan plan;
  private CheckpointStore store;
  private LongToDoubleFunction rate; // of each step

  Trainer(RunPlan plan) {
    this.plan = plan;
    this.store = plan.folder().checkpoints();
    this.rate = plan.config().optimizer().rate(plan.config().run().steps())::at;
  }

  /** The same run with its checkpoints elsewhere: in a test, on a disk that is full. */
  Trainer withStore(CheckpointStore other) {
    this.store = other;
    return this;
  }

  /** The same run with other learning rates: in a test, with some that it breaks down by. */
  Trainer withRates(LongToDoubleFunction rates) {
    this.rate = rates;
    return this;
  }

  /**
   * Prepares a new run. What it would be {@link Rehearsal} shows beforehand.
   *
   * @param path the run's folder; made if it is not there
   * @param warnings told, a sentence each, what could be gone around: images that were skipped
   * @throws IOException if the data cannot be read, or the folder holds a run or other files
   * @throws IllegalArgumentException if network and images do not fit each other, or the model that
   *     the first weights come from does not fit them
   */
  public static Trainer create(Path path, TrainConfig config, Consumer<String> warnings)
      throws IOException {
    RunPlan plan = RunPlan.ofNew(path, config, warnings);
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new IOException("cannot make the folder " + path + ": " + reason(e), e);
    }
    plan.write(warnings);
    return new Trainer(plan);
  }

  /**
   * Prepares to go on with a run from its newest checkpoint, as it began.
   *
   * @param steps up to which step; empty for the run's own number
   * @throws IOException as {@link #resume(Path, Optional, OptionalDouble, Consumer)}
   * @throws IllegalArgumentException if the run is further already than {@code steps}
   */
  public static Trainer resume(Path path, Optional<Long> steps, Consumer<String> warnings)
      throws IOException {
    return resume(path, steps, OptionalDouble.empty(), warnings);
  }

  /**
   * Prepares to go on with a run from its newest checkpoint. What changes is written into its
   * {@code run.json}.
   *
   * @param steps up to which step; empty for the run's own number
   * @param learningRate from now on; empty for the run's own
   * @throws IOException if there is no run or no checkpoint, the checkpoint is damaged or of
   *     another network, or the data cannot be read or are others
   * @throws IllegalArgumentException if the run is further already than {@code steps}, or the
   *     learning rate is not positive
   */
  public static Trainer resume(
      Path path, Optional<Long> steps, OptionalDouble learningRate, Consumer<String> warnings)
      throws IOException {
    RunPlan plan = RunPlan.ofResumed(path, steps, learningRate, warnings);
    plan.write(warnings); // only now is it sure that the run goes on
    return new Trainer(plan);
  }

  private static String reason(IOException e) {
    return switch (e.getClass().getSimpleName()) { // of these the message is a bare path
      case "FileAlreadyExistsException" -> "there is a file of that name";
      case "AccessDeniedException" -> "permission denied";
      case "NoSuchFileException" -> "there is no such folder";
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  /** The run's configuration, with the steps and the learning rate that were asked for. */
  public TrainConfig config() {
    return plan.config();
  }

  /**
   * Trains until the last step, or until it is cancelled; either way the last step is checkpointed.
   * Whatever else ends it, what was learnt until then is checkpointed if that is possible. When
   * training breaks down, it goes on from its last good state with half the learning rate, {@value
   * Recovery#MOST} times at most.
   *
   * @throws DivergedException if the loss is no longer a number, or far above what it was, for good
   * @throws IOException if a checkpoint or the metrics cannot be written, or another training is at
   *     work in the folder; a picture that cannot be written is a warning
   */
  public TrainResult run(TrainListener listener, Cancellation cancellation) throws IOException {
    FolderLock lock =
        FolderLock.acquire(plan.folder().path(), FolderLock.TRAINING, listener::onWarning);
    try {
      return train(listener, cancellation);
    } finally {
      lock.close();
    }
  }

  private TrainResult train(TrainListener listener, Cancellation cancellation) throws IOException {
    Progress progress = plan.start().progress();
    try (TrainingState state = TrainingState.open(plan);
        Reporter reporter =
            Reporter.open(plan.folder(), facts(), progress.step(), listener::onWarning);
        StepFeeder feeder = StepFeeder.of(plan, state)) {
      listener.onStart(plan.summary());
      Checkpointer checkpointer =
          new Checkpointer(store, plan.config(), plan.unet().toJson(), progress.step());
      Loop.Parts parts =
          new Loop.Parts(
              state,
              feeder,
              reporter,
              plan.validator(),
              checkpointer,
              plan.pictures(),
              new Recoverer(checkpointer, reporter, state, plan.start().isNew()),
              rate);
      return new Loop(plan.config(), parts, progress, listener, cancellation).run();
    }
  }

  private ReportFacts facts() {
    return new ReportFacts(
        plan.folder().name(),
        plan.config(),
        plan.card(),
        plan.summary().parameters(),
        plan.data().heldOut().map(ImageDataset::description));
  }
}
