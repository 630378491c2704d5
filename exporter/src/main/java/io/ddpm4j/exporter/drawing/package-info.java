/**
 * Draws networks: {@link io.ddpm4j.exporter.drawing.GraphDrawing} turns the outline of an ONNX file
 * into an SVG picture. Nodes become the blocks that their names tell of ({@code Blocks}), blocks
 * get places ({@code Layout}).
 */
package io.ddpm4j.exporter.drawing;
