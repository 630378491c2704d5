package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.image.NumpyType;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.SessionSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/**
 * Products of matrices of doubles, at the rate of ONNX Runtime's: a graph of one {@code Gemm}. Each
 * product runs on the thread that asks for it, so that its roundings do not depend on how many
 * threads there are. Thread-safe.
 */
final class MatrixProducts implements AutoCloseable {
  private static final String A = "a";
  private static final String B = "b";
  private static final String PRODUCT = "product";

  private final OnnxModel gemm;

  MatrixProducts() {
    Graph graph = new Graph("product", OpSet.standard());
    Shape a = new Shape(List.of(new Dim.Named("m"), new Dim.Named("k")));
    Shape b = new Shape(List.of(new Dim.Named("n"), new Dim.Named("k")));
    Ops ops = new Ops(graph);
    graph.output(
        PRODUCT,
        ops.gemm(
            graph.input(A, DataType.DOUBLE, a),
            false,
            graph.input(B, DataType.DOUBLE, b),
            true,
            null));
    try {
      this.gemm =
          OnnxModel.open(
              OnnxWriter.toBytes(io.ddpm4j.exporter.proto.OnnxModel.of(graph)),
              "product of matrices",
              new SessionSettings(Device.cpu(), 1));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // of memory and a graph of our own
    }
  }

  /**
   * A product a·bᵀ.
   *
   * @param a (m, k), from its beginning
   * @param b (n, k), from its beginning
   * @return (m, n)
   */
  double[] timesTransposed(double[] a, int m, double[] b, int n, int k) {
    NumpyArray product = gemm.run(Map.of(A, array(a, m, k), B, array(b, n, k))).get(PRODUCT);
    double[] values = new double[m * n];
    product.data().asDoubleBuffer().get(values);
    return values;
  }

  private static NumpyArray array(double[] values, int rows, int columns) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(Double.BYTES, Math.multiplyExact(rows, columns)))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asDoubleBuffer().put(values, 0, rows * columns);
    return NumpyArray.of(NumpyType.FLOAT64, bytes, rows, columns);
  }

  @Override
  public void close() {
    gemm.close();
  }
}
