/**
 * The forms in which a model leaves: the same network in another operator set, in half precision,
 * with 8-bit weights, for one fixed size. Each is a function from a graph to a graph.
 */
package io.ddpm4j.exporter.transform;
