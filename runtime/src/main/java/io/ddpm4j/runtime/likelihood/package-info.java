/**
 * How likely a model finds given images, in bits per dimension: the variational bound term by term
 * ({@link io.ddpm4j.runtime.likelihood.VariationalBound}) and the likelihood of the probability
 * flow ({@link io.ddpm4j.runtime.likelihood.ProbabilityFlow}). For applications that score images;
 * memory is that of a batch, however many images there are.
 */
package io.ddpm4j.runtime.likelihood;
