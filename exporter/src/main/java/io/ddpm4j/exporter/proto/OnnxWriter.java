package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.OperatorSetIdProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Writes graphs as ONNX files. Constants are raw data; above a threshold they go to a file beside
 * the model, named {@code <model>.<hash>.data} after its content, and the one of a model that is
 * replaced is deleted. A graph that holds composite functions must be lowered first. The same model
 * always gives the same bytes.
 */
public final class OnnxWriter {
  private OnnxWriter() {}

  /**
   * How a model is written.
   *
   * @param externalThreshold a model whose constants take more bytes has them in a file beside it;
   *     a Protobuf message ends at 2 GB
   * @param valueInfo whether types and shapes of inner values are written too, for people who look
   *     into the file
   */
  public record Options(long externalThreshold, boolean valueInfo) {
    /** External data from just under 2 GB, no inner shapes. */
    public static final Options DEFAULT = new Options(2_000_000_000L, false);

    /** Refuses a threshold beyond what one file can hold. */
    public Options {
      if (externalThreshold < 0 || externalThreshold > 2_000_000_000L) {
        throw new IllegalArgumentException(
            "externalThreshold: expected 0 to 2000000000 bytes, found " + externalThreshold);
      }
    }

    /** The same with another size from which tensors lie in a file of their own. */
    public Options withExternalThreshold(long bytes) {
      return new Options(bytes, valueInfo);
    }

    /** The same with the types of inner values, or without them. */
    public Options withValueInfo(boolean wanted) {
      return new Options(externalThreshold, wanted);
    }
  }

  /**
   * Writes a model whole or not at all; an existing file is replaced.
   *
   * @throws IOException if that is impossible (no such folder, disk full, ...); the message is one
   *     sentence that names the file
   * @throws IllegalArgumentException if the graph holds functions, or an output has the name of an
   *     input
   */
  public static void write(OnnxModel model, Path file) throws IOException {
    write(model, file, Options.DEFAULT);
  }

  /** As {@link #write(OnnxModel, Path)}, with options. */
  public static void write(OnnxModel model, Path file, Options options) throws IOException {
    HeldTensors inside = new HeldTensors();
    ModelProto proto = encode(model, inside, options.valueInfo());
    if (inside.bytes() > options.externalThreshold()) {
      ExternalData external = new ExternalData();
      StagedModel.write(encode(model, external, options.valueInfo()), external, file);
    } else {
      StagedModel.write(new EncodedModel(proto, inside.held()), file);
    }
  }

  /**
   * Writes a file that was read, unchanged in meaning; external data are copied along, or move into
   * the model where all fits below the threshold.
   *
   * @throws IOException if that is impossible, or if the file's own external data are missing; the
   *     message is one sentence that names the file
   */
  public static void write(OnnxFile model, Path file) throws IOException {
    write(model, file, Options.DEFAULT);
  }

  /** As {@link #write(OnnxFile, Path)}, with options, of which the threshold counts. */
  public static void write(OnnxFile model, Path file, Options options) throws IOException {
    ExternalData external = new ExternalData();
    Map<TensorProto, ExternalData.Source> held = new IdentityHashMap<>();
    TensorDecoder tensors = model.tensors();
    boolean inside = totalBytes(model) <= options.externalThreshold();
    TensorWalk placement =
        tensor -> {
          if (tensors.isOutside(tensor)) {
            ExternalData.Source elements = tensors.source(tensor);
            if (!inside) {
              return external.place(tensor.toBuilder(), elements);
            }
            TensorProto header = TensorDecoder.header(tensor);
            held.put(header, elements);
            return header;
          }
          if (inside || tensor.getRawData().size() < ExternalData.SMALLEST) {
            return tensor;
          }
          return external.place(
              tensor.toBuilder().clearRawData(),
              ExternalData.Source.of(tensor.getRawData().asReadOnlyByteBuffer()));
        };
    ModelProto placed = placement.over(model.proto());
    if (inside) {
      StagedModel.write(new EncodedModel(placed, held), file);
    } else {
      StagedModel.write(placed, external, file);
    }
  }

  /**
   * Moves a model that was written here, with its data, in place of another one, whose data are
   * deleted.
   *
   * @param from in a folder of the same file system as {@code to}, and under the same name
   * @throws IOException if that is impossible; the model in place is then as it was
   * @throws IllegalArgumentException if the names differ: that of the data follows the model's
   */
  public static void move(Path from, Path to) throws IOException {
    if (!from.getFileName().equals(to.getFileName())) {
      throw new IllegalArgumentException(
          "move: expected the name " + from.getFileName() + ", found " + to.getFileName());
    }
    DataFiles old = DataFiles.of(to);
    Set<Path> moved = new HashSet<>();
    Set<Path> added = new HashSet<>();
    try {
      for (Path data : DataFiles.of(from).paths()) {
        Path place = to.resolveSibling(data.getFileName().toString());
        moved.add(place);
        if (Files.notExists(place)) {
          added.add(place);
        }
        replace(data, place);
      }
      replace(from, to);
    } catch (IOException e) {
      for (Path place : added) {
        Files.deleteIfExists(place);
      }
      throw e;
    }
    old.deleteBut(moved);
  }

  private static void replace(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private static long totalBytes(OnnxFile model) throws IOException {
    long[] bytes = {model.proto().getSerializedSize()};
    TensorWalk sum =
        tensor -> {
          if (model.tensors().isOutside(tensor)) {
            bytes[0] += model.tensors().source(tensor).size();
          }
          return tensor;
        };
    sum.over(model.proto());
    return bytes[0];
  }

  /**
   * The file's bytes, all constants inside, as a session is made from.
   *
   * @throws IllegalArgumentException if the constants need more than 2 GB, or for the reasons of
   *     {@link #write(OnnxModel, Path)}
   */
  public static byte[] toBytes(OnnxModel model) {
    HeldTensors inside = new HeldTensors();
    ModelProto proto = encode(model, inside, false);
    if (inside.bytes() > Options.DEFAULT.externalThreshold()) {
      throw new IllegalArgumentException(
          "graph "
              + model.graph().name()
              + ": expected constants of at most "
              + Options.DEFAULT.externalThreshold()
              + " bytes for a model in memory, found "
              + inside.bytes());
    }
    return new EncodedModel(proto, inside.held()).toBytes();
  }

  /**
   * A file that was read as bytes, all its data inside.
   *
   * @throws IOException if its external data are missing, or all of it needs more than 2 GB
   */
  public static byte[] toBytes(OnnxFile model) throws IOException {
    long bytes = totalBytes(model);
    if (bytes > Options.DEFAULT.externalThreshold()) {
      throw new OnnxFormatException(
          model.source()
              + ": expected at most "
              + Options.DEFAULT.externalThreshold()
              + " bytes for a model in memory, found "
              + bytes);
    }
    TensorWalk inline = t -> model.tensors().isOutside(t) ? model.tensors().inlined(t) : t;
    return inline.over(model.proto()).toByteArray();
  }

  /** The model as the file's message. */
  static ModelProto encode(OnnxModel model, TensorEncoder tensors, boolean valueInfo) {
    GraphEncoder encoder = new GraphEncoder(tensors, valueInfo);
    GraphProto graph = encoder.encode(model.graph());
    ModelProto.Builder proto =
        ModelProto.newBuilder()
            .setIrVersion(IrVersions.of(model.graph().opSet().version()))
            .setProducerName(model.producerName());
    if (!model.producerVersion().isEmpty()) {
      proto.setProducerVersion(model.producerVersion());
    }
    if (!model.docString().isEmpty()) {
      proto.setDocString(model.docString());
    }
    proto.setGraph(graph);
    encoder
        .domains()
        .forEach(
            (domain, version) ->
                proto.addOpsetImport(
                    OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version)));
    model
        .metadata()
        .forEach((key, value) -> proto.addMetadataProps(ExternalData.entry(key, value)));
    return proto.build();
  }
}
