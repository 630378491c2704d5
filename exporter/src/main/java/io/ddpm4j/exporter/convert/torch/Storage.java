package io.ddpm4j.exporter.convert.torch;

import io.ddpm4j.exporter.graph.DataType;

/**
 * A run of numbers that tensors are views of, as a pickle refers to it.
 *
 * @param key its name in the file
 * @param type of its elements; null where only the tensors know
 * @param elements how many; bytes where the type is null
 */
record Storage(String key, DataType type, long elements) {
  /** Its size in bytes. */
  long bytes() {
    return Math.multiplyExact(elements, type == null ? 1L : type.bytes());
  }
}
