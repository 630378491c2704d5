package io.ddpm4j.trainer.checkpoint;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The state of a training step that runs elsewhere, as a safetensors file: what it begins with, and
 * what it leaves.
 *
 * <pre>
 * tensors    the state vectors by name, F32 of shape [P]: weights, first_moment, ...
 * metadata   step: how many steps are done, in decimal digits
 * </pre>
 *
 * @param step steps done
 * @param vectors float (P) each
 */
public record StateFile(long step, Map<String, TensorData> vectors) {
  private static final String STEP = "step";

  /** Copies the map. */
  public StateFile {
    vectors = Collections.unmodifiableMap(new LinkedHashMap<>(vectors));
  }

  /** Writes the file. */
  public void write(OutputStream out) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>(); // Map.of has no order
    metadata.put("format", "pt");
    metadata.put(STEP, Long.toString(step));
    new Safetensors(vectors, metadata).write(out);
  }

  /**
   * Reads a file, which need not hold all vectors of a state.
   *
   * @param names of the vectors that there may be
   * @param size P, of each
   * @throws IOException if it holds something else, or numbers that are none; the message names the
   *     file, what was expected and what was found
   */
  public static StateFile read(Path file, Collection<String> names, int size) throws IOException {
    Safetensors found = Safetensors.read(file);
    String step = found.metadata().get(STEP);
    if (step == null || !step.matches("[0-9]{1,18}")) {
      throw new IOException(
          file
              + ": expected the number of steps done as step in the metadata, found "
              + (step == null ? "none" : "'" + step + "'"));
    }
    for (Map.Entry<String, TensorData> each : found.tensors().entrySet()) {
      check(file, names, size, each);
    }
    return new StateFile(Long.parseLong(step), found.tensors());
  }

  private static void check(
      Path file, Collection<String> names, int size, Map.Entry<String, TensorData> found)
      throws IOException {
    if (!names.contains(found.getKey())) {
      throw new IOException(
          file + ": expected tensors of " + names + ", found one called " + found.getKey());
    }
    TensorData vector = found.getValue();
    String where = file + ": " + found.getKey() + ": expected ";
    if (vector.dataType() != DataType.FLOAT || !vector.shape().equals(Shape.of(size))) {
      throw new IOException(
          where
              + DataType.FLOAT
              + Shape.of(size)
              + ", as many numbers as the run's network has, found "
              + vector);
    }
    float[] values = vector.floats();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IOException(where + "finite numbers, found " + values[i] + " at " + i);
      }
    }
  }
}
