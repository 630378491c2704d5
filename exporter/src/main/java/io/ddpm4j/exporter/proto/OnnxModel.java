package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.Graph;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A graph and what its file says about it.
 *
 * @param metadata {@code metadata_props}, in this order
 * @param producerName the program that made the model
 * @param producerVersion its version; may be empty
 * @param docString free text for people; may be empty
 */
public record OnnxModel(
    Graph graph,
    Map<String, String> metadata,
    String producerName,
    String producerVersion,
    String docString) {

  /** Copies the metadata. */
  public OnnxModel {
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  /** A model that ddpm4j made, without metadata. */
  public static OnnxModel of(Graph graph) {
    String version = OnnxModel.class.getPackage().getImplementationVersion();
    return new OnnxModel(graph, Map.of(), "ddpm4j", version == null ? "" : version, "");
  }

  /** The same with this metadata. */
  public OnnxModel withMetadata(Map<String, String> changed) {
    return new OnnxModel(graph, changed, producerName, producerVersion, docString);
  }

  /** The same with another graph. */
  public OnnxModel withGraph(Graph changed) {
    return new OnnxModel(changed, metadata, producerName, producerVersion, docString);
  }

  /** The same with another producer. */
  public OnnxModel withProducer(String name, String version) {
    return new OnnxModel(graph, metadata, name, version, docString);
  }

  /** The same with another description. */
  public OnnxModel withDocString(String changed) {
    return new OnnxModel(graph, metadata, producerName, producerVersion, changed);
  }
}
