package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;

/** Where the dropout of one graph takes its masks from while the network is trained. */
@FunctionalInterface
public interface DropoutMasks {
  /**
   * The mask of one place.
   *
   * @param name as diffusers names the layer: {@code down_blocks.0.resnets.0.dropout}
   * @param shape of what is masked, (N, C, H, W)
   * @return uint8 of that shape, 1 where an element is kept and 0 where it is dropped
   */
  Value of(String name, Shape shape);
}
