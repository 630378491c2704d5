/**
 * The networks, each once: {@link io.ddpm4j.exporter.nn.UNet} builds the U-Net into a graph from a
 * {@link io.ddpm4j.exporter.nn.UNetConfig}, and trainer and converter share it; {@link
 * io.ddpm4j.exporter.nn.Classifier} builds a classifier. Depends on {@code graph} only.
 */
package io.ddpm4j.exporter.nn;
