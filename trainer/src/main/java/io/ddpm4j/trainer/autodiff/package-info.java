/**
 * Reverse-mode differentiation of a graph: {@link io.ddpm4j.trainer.autodiff.GradientRules} is the
 * table of vector-Jacobian products, {@link io.ddpm4j.trainer.autodiff.Autodiff} walks the graph.
 * Depends on {@code exporter.graph} only.
 */
package io.ddpm4j.trainer.autodiff;
