package io.ddpm4j.runtime;

import io.ddpm4j.runtime.image.ImageBatch;

/**
 * What a generation made, and its time.
 *
 * @param images with the parameters in their text
 * @param batches how many batches there were
 * @param steps per batch, as they were counted for a listener ({@link
 *     io.ddpm4j.runtime.sampling.StepListener.Step#count}): as many as the steps that were asked
 *     for only where a method calls the network once a step
 * @param wallNanos from the first buffer to the last pixel
 * @param sessionNanos of that, inside the ONNX Runtime session
 */
public record GenerationResult(
    ImageBatch images, int batches, int steps, long wallNanos, long sessionNanos) {}
