/**
 * The entry point of a JVM application: {@link io.ddpm4j.runtime.DiffusionPipeline} opens a model
 * file and generates images. Everyone may use this package; nothing below it depends on it.
 */
package io.ddpm4j.runtime;
