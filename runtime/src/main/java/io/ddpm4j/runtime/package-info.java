/**
 * Loads epsilon-predictors and samples from them. The entry point of a JVM application; depends on
 * no other module.
 */
package io.ddpm4j.runtime;
