/**
 * Reads and writes ONNX files by Protobuf: {@link io.ddpm4j.exporter.proto.OnnxWriter} and {@link
 * io.ddpm4j.exporter.proto.OnnxReader}. The only package that sees the classes generated from
 * {@code onnx.proto}; everything else of the project holds a {@link
 * io.ddpm4j.exporter.graph.Graph}.
 */
package io.ddpm4j.exporter.proto;
