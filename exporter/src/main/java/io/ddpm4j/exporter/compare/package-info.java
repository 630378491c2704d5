/**
 * Compares models by their tensors: {@link io.ddpm4j.exporter.compare.WeightComparison}. Runs
 * nothing.
 */
package io.ddpm4j.exporter.compare;
