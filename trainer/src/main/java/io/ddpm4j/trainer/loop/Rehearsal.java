package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.nn.UNetPart;
import io.ddpm4j.runtime.sampling.Cancellation;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * A new run that is tried out without writing anything. What it is to do is known at once; what it
 * takes, {@link #measure} finds out by a few of its steps.
 */
public final class Rehearsal {
  /** Rounds of what a checkpoint brings with it: memory still grows in the second. */
  private static final int ROUNDS = 2;

  private final RunPlan plan;

  private Rehearsal(RunPlan plan) {
    this.plan = plan;
  }

  /** Watches a measurement. Called on the thread that measures. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A part begins.
     *
     * @param done parts that are over
     * @param parts in all
     * @param what the part that begins
     */
    void onPart(int done, int parts, String what);
  }

  /**
   * Prepares it: what {@link Trainer#create} refuses is refused.
   *
   * @param path the run's folder, which need not be there
   * @param warnings as {@link Trainer#create}
   * @throws IOException as {@link Trainer#create}
   * @throws IllegalArgumentException as {@link Trainer#create}
   */
  public static Rehearsal of(Path path, TrainConfig config, Consumer<String> warnings)
      throws IOException {
    return new Rehearsal(RunPlan.ofNew(path, config, warnings));
  }

  /** Data, parameters and steps. */
  public RunSummary summary() {
    return plan.summary();
  }

  /** The network's parts. */
  public List<UNetPart> network() {
    return plan.network();
  }

  /**
   * Runs a few steps as {@link Trainer#run} runs them, with checkpoints and sample grids that go
   * nowhere.
   *
   * @throws CancellationException if it was cancelled
   * @throws IOException if the validation loss or a grid fails
   */
  public DryRun measure(Listener listener, Cancellation cancellation) throws IOException {
    Parts parts = new Parts(plan, listener, cancellation);
    parts.begin("the train graph");
    try (TrainingState state = TrainingState.open(plan);
        StepFeeder feeder = StepFeeder.of(plan, state)) {
      Steps steps = new Steps(plan, state, feeder);
      parts.begin("a step to warm up");
      steps.run();
      double[] seconds = new double[DryRun.STEPS];
      for (int i = 0; i < seconds.length; i++) {
        parts.begin("step " + (i + 1) + " of " + seconds.length);
        seconds[i] = steps.run();
      }
      Arrays.sort(seconds);
      double validation = 0;
      Optional<Validator> validator = plan.validator();
      if (validator.isPresent()) {
        parts.begin("the validation loss");
        long begin = System.nanoTime();
        validator.get().measure(state.averaged(), 0, cancellation);
        validation = secondsSince(begin);
      }
      double grid = 0;
      long checkpoint = 0;
      for (int round = 0; round < ROUNDS; round++) {
        parts.begin("a checkpoint" + (grids(plan) ? " and a sample grid" : ""));
        CountingStream nowhere = new CountingStream();
        new Safetensors(state.tensors(), Map.of()).write(nowhere);
        checkpoint = nowhere.count;
        if (grids(plan)) {
          grid = plan.pictures().rehearse(state.averaged(), cancellation);
        }
        steps.run();
      }
      return new DryRun(
          plan.config().run().threadCount(),
          plan.config().optimizer().stepImages(),
          seconds[DryRun.STEPS / 2],
          grid,
          validation,
          checkpoint,
          PeakMemory.bytes());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    }
  }

  private static boolean grids(RunPlan plan) {
    return plan.config().run().sampleEvery() > 0;
  }

  private static double secondsSince(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }

  /** The run's first steps, one after the other. */
  private static final class Steps {
    private final RunPlan plan;
    private final TrainingState state;
    private final StepFeeder feeder;
    private long done;

    Steps(RunPlan plan, TrainingState state, StepFeeder feeder) {
      this.plan = plan;
      this.state = state;
      this.feeder = feeder;
    }

    /** The seconds that a step takes, waiting for its inputs included. */
    double run() throws InterruptedException {
      long begin = System.nanoTime();
      done++;
      double rate = plan.config().optimizer().rate(plan.config().run().steps()).at(done);
      state.session().step(feeder.next().inputs(), done, rate);
      return secondsSince(begin);
    }
  }

  /** Tells what is measured, until that is cancelled. */
  private static final class Parts {
    private final Listener listener;
    private final Cancellation cancellation;
    private final int count;
    private int begun;

    Parts(RunPlan plan, Listener listener, Cancellation cancellation) {
      this.listener = listener;
      this.cancellation = cancellation;
      this.count = 2 + DryRun.STEPS + (plan.data().heldOut().isPresent() ? 1 : 0) + ROUNDS;
    }

    void begin(String what) {
      cancellation.throwIfCancelled();
      listener.onPart(begun++, count, what);
    }
  }

  /** Counts what is written, and forgets it. */
  private static final class CountingStream extends OutputStream {
    private long count;

    @Override
    public void write(int value) {
      count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      count += length;
    }
  }
}
