/**
 * Reverse processes: a {@link io.ddpm4j.runtime.sampling.Sampler} is immutable, a {@link
 * io.ddpm4j.runtime.sampling.SamplingRun} holds what one run needs. Knows networks only as {@link
 * io.ddpm4j.runtime.model.EpsilonModel}. Public for applications that bring their own model.
 */
package io.ddpm4j.runtime.sampling;
