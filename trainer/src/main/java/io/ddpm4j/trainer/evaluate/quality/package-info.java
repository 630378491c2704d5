/**
 * How good a model's samples are, over samplers and their steps: the figures of each set of samples
 * against real images, beside those of real images against real images, as a table and as charts.
 */
package io.ddpm4j.trainer.evaluate.quality;
