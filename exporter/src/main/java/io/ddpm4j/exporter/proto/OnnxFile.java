package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.StringStringEntryProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An ONNX file as it was read: any operators and types, fields of later versions of the format
 * among them, so that it can be written back unchanged in meaning. Elements of external tensors
 * stay in their files until they are asked for. Immutable.
 */
public final class OnnxFile {
  private final ModelProto proto;
  private final String source;
  private final Path path;
  private final long fileBytes;
  private final ByteBuffer mapped; // null: all of the file is in the message

  /**
   * @param source the file's name, for messages
   * @param path the file; null for a model from memory
   * @param mapped the file, of which large tensors are not in the message ({@link MappedModel});
   *     null where all of them are
   */
  OnnxFile(ModelProto proto, String source, Path path, long fileBytes, ByteBuffer mapped) {
    this.proto = proto;
    this.source = source;
    this.path = path;
    this.fileBytes = fileBytes;
    this.mapped = mapped;
  }

  ModelProto proto() {
    return proto;
  }

  String source() {
    return source;
  }

  /** The folder against which external data are found; null for a model from memory. */
  Path folder() {
    return path == null ? null : path.toAbsolutePath().getParent();
  }

  long fileBytes() {
    return fileBytes;
  }

  TensorDecoder tensors() {
    return new TensorDecoder(source, folder(), mapped);
  }

  /** {@code metadata_props}, in the file's order. */
  public Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    for (StringStringEntryProto entry : proto.getMetadataPropsList()) {
      metadata.put(entry.getKey(), entry.getValue());
    }
    return Collections.unmodifiableMap(metadata);
  }

  /**
   * The main graph's constants by name, in the file's order, read from wherever they are stored.
   *
   * @throws IOException if external data are missing or too short, or a tensor has a type that is
   *     not in {@link io.ddpm4j.exporter.graph.DataType}
   */
  public Map<String, TensorData> initializers() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (TensorProto tensor : proto.getGraph().getInitializerList()) {
      tensors.put(tensor.getName(), tensors().decode(tensor));
    }
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * All constants by name: initializers and what {@code Constant} nodes hold, in the file's order.
   * Those of subgraphs, such as the weights of a network in a loop, have the names of the graphs
   * that they lie in before their own: {@code step/conv_in.weight}.
   *
   * @throws IOException as {@link #initializers}
   */
  public Map<String, TensorData> constants() throws IOException {
    return NamedTensors.of(this);
  }

  /**
   * What the file computes: a line for each operator in the file's order, in which names of inner
   * values do not matter and constants count by their numbers. Files of equal lines compute the
   * same.
   *
   * @throws IOException as {@link #initializers}
   */
  public List<String> program() throws IOException {
    return Program.of(this);
  }

  /**
   * What the file holds, for people. External data may be missing.
   *
   * @throws OnnxFormatException if a tensor's location is outside the model's folder, or its dims
   *     are impossible
   * @throws IOException if the size of a file beside the model cannot be found
   */
  public ModelSummary summary() throws IOException {
    return Summaries.of(this);
  }

  /**
   * The main graph for who draws or describes it; any operators. External data may be missing, but
   * then fewer shapes are known.
   *
   * @throws OnnxFormatException if the dims of a tensor are impossible
   * @throws IOException if the size of a file beside the model cannot be found
   */
  public GraphOutline outline() throws IOException {
    return Outlines.of(this);
  }

  /**
   * The body of the loop in the main graph that holds more weights than all else there, as of a
   * file that holds a whole sampling loop: the network is in it. Its inputs are what is carried
   * from step to step and what it sees of the graph around it. External data may be missing.
   *
   * @return empty where the main graph itself holds most weights
   * @throws IOException as {@link #outline}
   */
  public Optional<GraphOutline> loopBody() throws IOException {
    return Outlines.loopBody(this);
  }

  /**
   * The model as a graph of ours, to change or to train it.
   *
   * @throws OnnxFormatException if it holds an operator or a type that {@link
   *     io.ddpm4j.exporter.graph} does not know, or one that is used wrongly; the message names the
   *     file and the node
   * @throws IOException if external data cannot be read
   */
  public OnnxModel toModel() throws IOException {
    return new GraphImporter(this).model();
  }
}
