package io.ddpm4j.exporter.graph;

/** Element type and shape of a value. */
public record TensorType(DataType dataType, Shape shape) {
  @Override
  public String toString() {
    return dataType + shape.toString();
  }
}
