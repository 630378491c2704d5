package io.ddpm4j.trainer.loop;

/**
 * How a run stands after a step.
 *
 * @param step steps done, from 1
 * @param steps steps in all
 * @param loss of this batch
 * @param smoothedLoss mean over about the last hundred steps
 * @param gradientNorm before clipping
 * @param learningRate of this step
 * @param imagesPerSecond over about the last twenty steps, waiting for data included, sampling and
 *     checkpoints left out
 * @param secondsLeft at that rate
 */
public record TrainStep(
    long step,
    long steps,
    double loss,
    double smoothedLoss,
    double gradientNorm,
    double learningRate,
    double imagesPerSecond,
    double secondsLeft) {}
