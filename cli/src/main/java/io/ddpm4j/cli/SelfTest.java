package io.ddpm4j.cli;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.SessionSettings;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/** A model of one addition, which shows whether models run at all. */
final class SelfTest {
  private SelfTest() {}

  /**
   * Writes, loads and runs y = x + x.
   *
   * @return nanoseconds that it took
   * @throws IOException if the device is not there
   * @throws IllegalStateException if it does not compute
   */
  static long run(Device device) throws IOException {
    long start = System.nanoTime();
    Graph graph = new Graph("double", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Value x = graph.input("x", DataType.FLOAT, Shape.of(3));
    graph.output("y", new Ops(graph).add(x, x));
    byte[] bytes = OnnxWriter.toBytes(io.ddpm4j.exporter.proto.OnnxModel.of(graph));
    try (OnnxModel model = OnnxModel.open(bytes, "a small model", new SessionSettings(device, 1))) {
      NumpyArray input = NumpyArray.of(new float[] {1, 2, 3}, 3);
      float[] y = model.run(Map.of("x", input)).get("y").toFloats();
      if (!Arrays.equals(y, new float[] {2, 4, 6})) {
        throw new IllegalStateException("expected [2, 4, 6], found " + Arrays.toString(y));
      }
    }
    return System.nanoTime() - start;
  }
}
