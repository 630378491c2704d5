/**
 * A training run from the first step to the last: {@link io.ddpm4j.trainer.loop.Trainer} ties data,
 * step, checkpoints and pictures together; {@link io.ddpm4j.trainer.loop.RunExporter} turns a run
 * into a model file. Applications that train use this package.
 */
package io.ddpm4j.trainer.loop;
