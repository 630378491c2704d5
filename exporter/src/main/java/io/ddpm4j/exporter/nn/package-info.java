/**
 * The U-Net, once: {@link io.ddpm4j.exporter.nn.UNet} builds it into a graph from a {@link
 * io.ddpm4j.exporter.nn.UNetConfig}, and trainer and converter share it. Depends on {@code graph}
 * only.
 */
package io.ddpm4j.exporter.nn;
