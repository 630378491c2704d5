/**
 * Typed, shaped, append-only graphs of ONNX operators. {@link io.ddpm4j.exporter.graph.Graph#add}
 * is the only door through which nodes enter; {@link io.ddpm4j.exporter.graph.Ops} is the typed
 * façade that all code of the project builds graphs with. Knows neither Protobuf nor ONNX Runtime.
 */
package io.ddpm4j.exporter.graph;
