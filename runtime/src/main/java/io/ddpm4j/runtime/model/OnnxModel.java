package io.ddpm4j.runtime.model;

import io.ddpm4j.runtime.image.NumpyArray;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Any ONNX model, run on arrays as it is: for checks against other runtimes, not for sampling.
 * Thread-safe; {@link #close} is idempotent.
 */
public final class OnnxModel implements AutoCloseable {
  private final String name;
  private final ModelSource source;
  private final OnnxSession session;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;
  private final Map<String, String> metadata;

  private OnnxModel(ModelSource source, OnnxSession session) throws IOException {
    this.name = source.name();
    this.source = source;
    this.session = session;
    this.inputs = session.inputs();
    this.outputs = session.outputs();
    this.metadata = Map.copyOf(session.metadata());
  }

  /**
   * Opens a model.
   *
   * @param path an ONNX file, or a folder that holds {@code model.onnx} or {@code unet/model.onnx}
   * @throws ModelFormatException if the file is empty, cut short or no ONNX
   * @throws DeviceException if the device is not there
   * @throws IOException if the file is missing, no regular file or cannot be read
   */
  public static OnnxModel open(Path path, SessionSettings settings) throws IOException {
    Path file = Files.isDirectory(path) ? ModelFolder.of(path).model() : path;
    return open(ModelSource.of(file), null, settings);
  }

  /**
   * Opens a model from memory.
   *
   * @param name stands for the file in messages
   * @throws IOException as {@link #open(Path, SessionSettings)}
   */
  public static OnnxModel open(byte[] model, String name, SessionSettings settings)
      throws IOException {
    return open(ModelSource.of(model, name), model, settings);
  }

  private static OnnxModel open(ModelSource source, byte[] bytes, SessionSettings settings)
      throws IOException {
    OnnxSession session = OnnxSession.open(source, bytes, settings);
    try {
      return new OnnxModel(source, session);
    } catch (IOException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /** The file as it was named, for messages. */
  public String name() {
    return name;
  }

  /** The inputs, in the file's order. */
  public List<TensorSpec> inputs() {
    return inputs;
  }

  /** The outputs, in the file's order. */
  public List<TensorSpec> outputs() {
    return outputs;
  }

  /** The file's {@code metadata_props}. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * The first 16 hexadecimal digits of the file's SHA-256; empty if it has changed since it was
   * opened. Data that lie beside it do not count.
   */
  public Optional<String> sha256() {
    return source.sha256();
  }

  /**
   * Runs the model once.
   *
   * @param arrays by name of the input, one for each. Another type than the input's is converted
   *     where the input's type holds the same numbers
   * @return all outputs by name, in the file's order; bfloat16 as float32
   * @throws IllegalArgumentException naming the input that is missing, unknown, or of a type or
   *     shape that does not fit
   * @throws IllegalStateException if ONNX Runtime fails, or after {@link #close}
   */
  public Map<String, NumpyArray> run(Map<String, NumpyArray> arrays) {
    return run(arrays, outputs.stream().map(TensorSpec::name).toList());
  }

  /**
   * Runs the model once for some of its outputs; others are not computed.
   *
   * @param arrays as for {@link #run(Map)}
   * @param wanted names of outputs
   * @return those outputs by name; bfloat16 as float32
   * @throws IllegalArgumentException as {@link #run(Map)}, and for a name that no output has
   * @throws IllegalStateException if ONNX Runtime fails, or after {@link #close}
   */
  public Map<String, NumpyArray> run(Map<String, NumpyArray> arrays, Collection<String> wanted) {
    Set<String> names = new LinkedHashSet<>(wanted);
    for (String output : names) {
      if (outputs.stream().noneMatch(each -> each.name().equals(output))) {
        throw new IllegalArgumentException(
            "%s: expected an output of %s, found the name \"%s\"".formatted(name, outputs, output));
      }
    }
    List<String> missing =
        inputs.stream().map(TensorSpec::name).filter(input -> !arrays.containsKey(input)).toList();
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: expected an array for every input of %s, found none for %s"
              .formatted(name, inputs, String.join(", ", missing)));
    }
    Map<String, DirectTensor> tensors = new LinkedHashMap<>();
    session.retain();
    try {
      for (Map.Entry<String, NumpyArray> entry : arrays.entrySet()) {
        tensors.put(entry.getKey(), tensor(entry.getKey(), entry.getValue()));
      }
      return session.runOnce(tensors, names);
    } finally {
      tensors.values().forEach(DirectTensor::close);
      session.release();
    }
  }

  private DirectTensor tensor(String input, NumpyArray array) {
    TensorSpec spec =
        inputs.stream()
            .filter(each -> each.name().equals(input))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "%s: expected an input of %s, found the name \"%s\""
                            .formatted(name, inputs, input)));
    ElementType type =
        ElementType.of(spec.type())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "%s: input %s: expected a type that Java can give (%s), found %s"
                            .formatted(name, input, ElementType.labels(), spec.type())));
    requireShape(spec, array);
    try {
      return DirectTensor.ofArray(type, array);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s: input %s: %s".formatted(name, input, e.getMessage()), e);
    }
  }

  private void requireShape(TensorSpec spec, NumpyArray array) {
    long[] shape = array.shape();
    boolean fits = shape.length == spec.rank() || spec.rank() == 0; // or nothing is said of it
    for (int axis = 0; fits && axis < spec.rank(); axis++) {
      fits = spec.shape().get(axis) < 0 || spec.shape().get(axis) == shape[axis];
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "%s: input %s: expected %s, found %s".formatted(name, spec.name(), spec, array));
    }
  }

  @Override
  public void close() {
    session.close();
  }
}
