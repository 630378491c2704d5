/**
 * A whole sampling loop as one graph: the network is the body of ONNX's {@code Loop}, what the
 * method does beside calling it is a table of numbers. Whoever makes the table knows the method;
 * nothing here does.
 */
package io.ddpm4j.exporter.loop;
