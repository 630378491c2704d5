package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

/**
 * Length, seed, and what is kept on the way.
 *
 * @param checkpointEvery steps; 0 for a last checkpoint only
 * @param keepCheckpoints older ones are deleted
 * @param sampleEvery steps; 0 for no sample grids
 * @param sampleSteps sampling steps of a grid
 * @param threads of ONNX Runtime; 0 for one a processor
 */
public record RunConfig(
    long steps,
    long seed,
    long checkpointEvery,
    int keepCheckpoints,
    long sampleEvery,
    int sampleImages,
    int sampleSteps,
    int threads) {

  /** Refuses numbers outside their range. */
  public RunConfig {
    require(steps > 0, "--steps", "at least 1", steps);
    require(checkpointEvery >= 0, "--checkpoint-every", "0 or more", checkpointEvery);
    require(keepCheckpoints > 0, "--keep-checkpoints", "at least 1", keepCheckpoints);
    require(sampleEvery >= 0, "--sample-every", "0 or more", sampleEvery);
    require(sampleImages > 0, "--sample-images", "at least 1", sampleImages);
    require(sampleSteps > 0, "--sample-steps", "at least 1", sampleSteps);
    require(threads >= 0, "--threads", "0 or more", threads);
  }

  /** The same run up to another step. */
  public RunConfig withSteps(long count) {
    return new RunConfig(
        count,
        seed,
        checkpointEvery,
        keepCheckpoints,
        sampleEvery,
        sampleImages,
        sampleSteps,
        threads);
  }

  int threadCount() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }
}
