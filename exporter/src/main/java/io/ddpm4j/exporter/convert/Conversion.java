package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A converted checkpoint.
 *
 * @param family whose network it was
 * @param graph the network in standard operators, with its weights as constants
 * @param weights the type of the checkpoint's weights, the least exact one of several; the graph's
 *     are float32
 * @param metadata for the model file; without {@code ddpm4j.scheduler} where nothing says with
 *     which noise schedule the network was trained
 * @param notes what a user should know: what was assumed, what was left out and why; a sentence
 *     each
 */
public record Conversion(
    Family family,
    Graph graph,
    DataType weights,
    Map<String, String> metadata,
    List<String> notes) {
  /** Copies map and list. */
  public Conversion {
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    notes = List.copyOf(notes);
  }
}
