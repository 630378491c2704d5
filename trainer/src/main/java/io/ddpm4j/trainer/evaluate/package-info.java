/**
 * How good a network is on images that it was not trained on: {@link
 * io.ddpm4j.trainer.evaluate.Validation} measures the loss of an exported model with fixed images,
 * timesteps and noise. Runs networks through {@code runtime}; knows nothing of training.
 */
package io.ddpm4j.trainer.evaluate;
