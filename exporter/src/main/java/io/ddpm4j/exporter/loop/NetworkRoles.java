package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Value;
import java.util.Optional;

/**
 * Which input and output of a network is which, by name.
 *
 * @param sample x_t, of a floating type, (N, C, H, W)
 * @param timestep t, whole or of a floating type, of rank 0, 1 or 2
 * @param classLabels whole numbers of rank 0, 1 or 2; empty for an unconditional network
 * @param output of a floating type, (N, C, H, W), or (N, 2C, H, W) where the variance is learned
 */
public record NetworkRoles(
    String sample, String timestep, Optional<String> classLabels, String output) {

  /** Those of a model that ddpm4j writes. */
  public static NetworkRoles standard(boolean conditional) {
    return new NetworkRoles(
        "sample",
        "timestep",
        conditional ? Optional.of("class_labels") : Optional.empty(),
        "out_sample");
  }

  /** The input of that name. */
  static Value input(Graph network, String name) {
    return network.inputs().stream()
        .filter(input -> input.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "network: expected an input " + name + ", found " + network.inputs()));
  }
}
