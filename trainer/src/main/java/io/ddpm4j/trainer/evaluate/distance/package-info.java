/**
 * How far generated images are from real ones, by their features: Fréchet and kernel distance,
 * precision, recall, density and coverage, the accuracy of classes. {@link
 * io.ddpm4j.trainer.evaluate.distance.QualityReference} measures all of them. The only package that
 * uses EJML.
 */
package io.ddpm4j.trainer.evaluate.distance;
