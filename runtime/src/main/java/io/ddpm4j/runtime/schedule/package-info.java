/**
 * The forward process: betas and everything that follows from them, in double, and the timesteps
 * that a sampler visits. Depends on no other package of the project; trainers use it too.
 */
package io.ddpm4j.runtime.schedule;
