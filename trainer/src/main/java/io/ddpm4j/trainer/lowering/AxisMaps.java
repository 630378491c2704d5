package io.ddpm4j.trainer.lowering;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;

/** Linear maps of height and width of (H, W, N, C), as products with constant matrices. */
final class AxisMaps {
  private AxisMaps() {}

  /**
   * @param rows (H', H)
   * @param columns (W', W)
   * @return (H', W', N·C)
   */
  static Value apply(Ops o, Value x, double[][] rows, double[][] columns) {
    Shape s = x.shape();
    long inner = s.size(2) * s.size(3);
    Value down = o.matMul(constant(o, rows), o.reshape(x, s.size(0), s.size(1) * inner));
    return o.matMul(constant(o, columns), o.reshape(down, rows.length, s.size(1), inner));
  }

  static Value constant(Ops o, double[][] matrix) {
    float[] values = new float[matrix.length * matrix[0].length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) matrix[i / matrix[0].length][i % matrix[0].length];
    }
    return o.constant(TensorData.ofFloats(values, matrix.length, matrix[0].length));
  }

  static double[][] transposed(double[][] matrix) {
    double[][] turned = new double[matrix[0].length][matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < matrix[i].length; j++) {
        turned[j][i] = matrix[i][j];
      }
    }
    return turned;
  }
}
