package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import java.io.IOException;
import java.util.Map;
import java.util.Set;

/** A checkpoint's tensors: what they are at once, their elements when they are asked for. */
public interface TensorSource {

  /** The tensors' names, in the checkpoint's order. */
  Set<String> names();

  /** Element type and shape of one of {@link #names}. */
  TensorType type(String name);

  /**
   * The elements of one of {@link #names}.
   *
   * @throws IOException if they cannot be read
   */
  TensorData data(String name) throws IOException;

  /** Objects beside the tensors that are not followed, by name: what they are. */
  default Map<String, String> skipped() {
    return Map.of();
  }

  /**
   * Tensors whose elements are of a type that is not read, such as 8-bit floats, by name: what they
   * are. They are none of {@link #names}.
   */
  default Map<String, String> unread() {
    return Map.of();
  }

  /** Tensors that are in memory. */
  static TensorSource of(Map<String, TensorData> tensors) {
    return new TensorSource() {
      @Override
      public Set<String> names() {
        return tensors.keySet();
      }

      @Override
      public TensorType type(String name) {
        return tensors.get(name).type();
      }

      @Override
      public TensorData data(String name) {
        return tensors.get(name);
      }
    };
  }
}
