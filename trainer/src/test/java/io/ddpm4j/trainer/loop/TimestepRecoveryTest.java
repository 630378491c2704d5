package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.checkpoint.Recovery;
import io.ddpm4j.trainer.data.DataPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Runs that break down once, by one step with a learning rate beyond all measure, and choose their
 * timesteps by the losses of the steps before: what was seen in steps that are left out must be
 * forgotten, or the run would draw other timesteps than one that never took them.
 */
class TimestepRecoveryTest {
  private static final int BATCH = 4;
  private static final int IMAGES = 6000;
  private static final int KEPT = 10; // losses of a timestep; from so many on it is chosen by them
  private static final double RATE = 1e-3;

  @TempDir Path folder;
  private final List<Rollback> rollbacks = new ArrayList<>();

  /** A checkpoint every so many steps; with four timesteps, the losses soon decide. */
  private static TrainConfig config(long steps, int trainTimesteps, long checkpointEvery) {
    TrainConfig config = TrainerTest.config(steps, checkpointEvery, RATE, true);
    ObjectiveConfig byLosses = new ObjectiveConfig(null, null, 0, "loss-second-moment", 0);
    return new TrainConfig(
        config.data(),
        config.network(),
        new DiffusionConfig(trainTimesteps, "linear", 1e-3, 0.5, "epsilon").withObjective(byLosses),
        config.optimizer(),
        config.run());
  }

  /** The rate of every step but of one, the first time that it comes. */
  private static LongToDoubleFunction once(long step, double rate) {
    boolean[] came = new boolean[1];
    return number -> {
      if (number == step && !came[0]) {
        came[0] = true;
        return rate;
      }
      return RATE;
    };
  }

  private void run(Trainer trainer, long stopAfter) throws IOException {
    Cancellation cancellation = new Cancellation();
    trainer.run(
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            if (step.step() == stopAfter && !rollbacks.isEmpty()) {
              cancellation.cancel();
            }
          }

          @Override
          public void onRollback(Rollback rollback) {
            rollbacks.add(rollback);
          }
        },
        cancellation);
  }

  private Trainer create(String name, TrainConfig config) throws IOException {
    return Trainer.create(folder.resolve(name), config, w -> {});
  }

  private CheckpointStore checkpoints(String name) {
    return new RunFolder(folder.resolve(name)).checkpoints();
  }

  private Checkpoint last(String name) throws IOException {
    return checkpoints(name).read(checkpoints(name).latest().orElseThrow());
  }

  private static long[] counts(Checkpoint checkpoint) {
    return checkpoint.state(Checkpoint.TIMESTEPS).get("counts").longs();
  }

  /** The rows of metrics.csv without the last column, which is a speed. */
  private List<String> metrics(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name).resolve("metrics.csv")).stream()
        .map(line -> line.substring(0, line.lastIndexOf(',')))
        .toList();
  }

  /** Against a run that is told in a checkpoint what the first one found out. */
  @ParameterizedTest
  @CsvSource({"30, 1e30, 40", "69, 3, 85"}) // losses that are no numbers, or only large
  void whatWasSeenInStepsThatAreLeftOutIsForgotten(long step, double rate, long steps)
      throws IOException {
    TrainConfig config = config(steps, 4, 10);
    run(create("run", config).withRates(once(step, rate)), 0);
    assertEquals(1, rollbacks.size(), rollbacks.toString());
    long good = rollbacks.get(0).step();
    long failed = rollbacks.get(0).failedStep();
    assertTrue(good > 0 && good < step, rollbacks.toString());

    run(create("told", config(good, 4, 10)).withRates(s -> RATE), 0);
    Checkpoint then = last("told");
    assertTrue(Arrays.stream(counts(then)).allMatch(n -> n == KEPT), "the losses decide already");
    checkpoints("told")
        .write(
            new Checkpoint(
                good,
                then.images(),
                then.seed(),
                DataPosition.START.plus(failed * BATCH, IMAGES),
                then.smoothedLoss(),
                then.seconds(),
                new Recovery(1, RATE, 0.5, failed - good, then.recovery().recentLosses()),
                then.unet(),
                then.tensors()));
    run(
        Trainer.resume(folder.resolve("told"), Optional.of(steps), w -> {}).withRates(s -> RATE),
        0);
    assertFalse(last("run").state(Checkpoint.TIMESTEPS).isEmpty());
    assertEquals(last("told").tensors(), last("run").tensors(), "losses too, bit for bit");
    assertEquals(metrics("told"), metrics("run"));
  }

  @Test
  void theSameRunRecoversInTheSameWayInOneGoOrTwo() throws IOException {
    for (String name : List.of("one", "other")) {
      rollbacks.clear();
      run(create(name, config(40, 4, 10)).withRates(once(30, 1e30)), 0);
      assertEquals(1, rollbacks.size());
    }
    rollbacks.clear();
    run(create("parts", config(40, 4, 10)).withRates(once(30, 1e30)), 33);
    assertEquals(33, last("parts").step());
    run(Trainer.resume(folder.resolve("parts"), Optional.empty(), w -> {}), 0);
    for (String name : List.of("other", "parts")) {
      assertEquals(last("one").tensors(), last(name).tensors(), name);
      assertEquals(metrics("one"), metrics(name), name);
    }
  }

  /** With so many timesteps none has all its losses yet, so that each that was seen is counted. */
  @Test
  void backAtTheBeginningNothingWasSeen() throws IOException {
    run(create("run", config(9, 200, 0)).withRates(once(4, 1e30)), 0);
    assertEquals(List.of(0L), rollbacks.stream().map(Rollback::step).toList());
    long[] counts = counts(last("run"));
    assertTrue(Arrays.stream(counts).allMatch(n -> n < KEPT));
    assertEquals(9 * BATCH, Arrays.stream(counts).sum(), "the losses of nine steps, not of more");
  }
}
