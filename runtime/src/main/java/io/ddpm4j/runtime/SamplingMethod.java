package io.ddpm4j.runtime;

import io.ddpm4j.runtime.sampling.Sampler;

/**
 * A sampler and what makes it again.
 *
 * @param settings its scheduler configuration, JSON; of a sampler that was given as it is, its text
 */
record SamplingMethod(Sampler sampler, String settings) {}
