package io.ddpm4j.exporter.loop;

/**
 * The weights of a sum of what a step has at hand.
 *
 * @param x of x, as the network saw it but for noise that was added since
 * @param predictedX0 of the predicted x_0, bounded
 * @param output of the network's output, without the learned variance
 */
public record StepMix(double x, double predictedX0, double output) {}
