/**
 * Optimisers as nodes of a graph: each adds what one step needs. Depends on {@code exporter.graph}.
 */
package io.ddpm4j.trainer.optim;
