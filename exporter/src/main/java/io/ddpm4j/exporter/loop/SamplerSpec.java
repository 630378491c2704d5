package io.ddpm4j.exporter.loop;

import java.util.OptionalLong;

/**
 * What a loop is made of beside the network.
 *
 * @param table the method
 * @param roles of the network's inputs and output
 * @param noClass the label that stands for no class, with which images are guided; empty for a loop
 *     without guidance
 * @param images how images leave
 * @param seeded whether the graph makes its noise of a seed; else noise is an input
 */
public record SamplerSpec(
    SamplerTable table,
    NetworkRoles roles,
    OptionalLong noClass,
    LoopImages images,
    boolean seeded) {

  /** Refuses guidance without classes. */
  public SamplerSpec {
    if (noClass.isPresent() && roles.classLabels().isEmpty()) {
      throw new IllegalArgumentException(
          "guidance: expected a network with class labels, found one without");
    }
  }
}
