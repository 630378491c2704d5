/**
 * Trains a small classifier of labelled images, whose features and answers judge samples. Uses the
 * steps, checkpoints and data of the trainer; only the command line uses it.
 */
package io.ddpm4j.trainer.classifier;
