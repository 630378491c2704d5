/**
 * Samples beside the training images that are nearest to them, to be looked at: {@link
 * io.ddpm4j.trainer.evaluate.neighbours.TrainingNeighbours}. May use features, data sets and {@code
 * runtime.image}.
 */
package io.ddpm4j.trainer.evaluate.neighbours;
