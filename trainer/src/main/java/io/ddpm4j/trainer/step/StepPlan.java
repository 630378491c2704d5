package io.ddpm4j.trainer.step;

/** What a session computes, how, and in which shards. */
record StepPlan(TrainTask task, TrainSession.Options how, Shards shards) {

  static StepPlan of(TrainTask task, TrainSession.Options how) {
    int batch = task.batchSize();
    Shards shards =
        how.shard().isPresent()
            ? Shards.division(batch, how.threads(), Math.min(batch, how.shard().getAsInt()))
            : Shards.of(batch, how.threads(), task.elements());
    return new StepPlan(task, how, shards);
  }

  int threads() {
    return shards.threads();
  }
}
