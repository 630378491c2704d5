/**
 * What training makes small: the losses of diffusion as nodes of a graph, their weights, and which
 * timesteps are drawn how often. Knows neither networks nor sessions.
 */
package io.ddpm4j.trainer.objective;
