package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.RunSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;

/** What of a training run is exported. */
final class RunOptions {
  static final String EMA = "--ema";
  static final String FROM_STATE = "--from-state";

  @Option(
      names = EMA,
      paramLabel = "X",
      converter = Numbers.Real.class,
      description =
          "Of a run, the decay of the averaged weights that are exported, one of those of its"
              + " --ema-decay (default: the first).")
  private Double ema;

  @Option(
      names = FROM_STATE,
      paramLabel = "FILE",
      description =
          "Of a run, state that a training step elsewhere has left (default: the run's newest"
              + " checkpoint).")
  private Path fromState;

  /** Refuses what was given, for a source that is a model. */
  void refuseFor(Path model) {
    if (ema != null || fromState != null) {
      throw new UsageException(
          "%s: expected it with a training run, found the model %s"
              .formatted(ema != null ? EMA : FROM_STATE, model));
    }
  }

  /** Decay of the average that is meant; empty for the run's first. */
  OptionalDouble ema() {
    return ema == null ? OptionalDouble.empty() : OptionalDouble.of(ema);
  }

  /** The run at the step that is meant. */
  RunSnapshot snapshot(Path run) throws IOException {
    RunSnapshot newest = RunSnapshot.newest(run);
    return fromState == null ? newest : newest.withState(fromState);
  }
}
