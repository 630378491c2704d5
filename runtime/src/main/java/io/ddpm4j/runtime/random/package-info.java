/**
 * Gaussian noise with a specification: the numbers of image k of seed s are the same bits on every
 * machine, whatever the batch size or the number of threads; or those of PyTorch's generator
 * ({@code docs/random.md}). Depends on no other package of the project; trainers use it too.
 */
package io.ddpm4j.runtime.random;
