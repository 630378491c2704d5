package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.nn.UNetConfig;

/** What a session computes, how, and in which shards. */
record StepPlan(TrainStepConfig config, TrainSession.Options how, Shards shards) {

  static StepPlan of(TrainStepConfig config, TrainSession.Options how) {
    int batch = config.batchSize();
    UNetConfig unet = config.unet();
    long elements = (long) unet.blockOutChannels().get(0) * unet.sampleSize() * unet.sampleSize();
    Shards shards =
        how.shard().isPresent()
            ? Shards.division(batch, how.threads(), Math.min(batch, how.shard().getAsInt()))
            : Shards.of(batch, how.threads(), elements);
    return new StepPlan(config, how, shards);
  }

  int threads() {
    return shards.threads();
  }
}
