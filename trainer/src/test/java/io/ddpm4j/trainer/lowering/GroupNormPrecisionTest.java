package io.ddpm4j.trainer.lowering;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The variance as a mean of squares less a squared mean saves a pass over the pixels and loses
 * digits where a group's mean is far larger than its deviation: how many is fixed here, for the
 * form that trains, and that the exported form loses none.
 */
class GroupNormPrecisionTest {
  private static final int GROUPS = 2;
  private static final int PER_GROUP = 4 * 64;

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, 3, 10, 30, 100})
  void errorsGrowWithTheSquareOfMeanOverDeviation(double ratio) {
    SplittableRandom random = new SplittableRandom(1);
    float[] x = new float[GROUPS * PER_GROUP];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (ratio + random.nextGaussian());
    }
    double[] expected = normalised(x);
    Graph graph = new Graph("norm", OpSet.standard());
    Ops o = new Ops(graph);
    Value in = graph.input("x", DataType.FLOAT, Shape.of(1, 8, 8, 8));
    Value ones = o.constant(TensorData.ofFloats(new float[] {1, 1, 1, 1, 1, 1, 1, 1}, 8));
    Value zeros = o.constant(TensorData.ofFloats(new float[8], 8));
    graph.output("y", o.groupNorm(in, ones, zeros, GROUPS, 1e-5f));
    Map<String, TensorData> feeds = Map.of("x", TensorData.ofFloats(x, 1, 8, 8, 8));
    Graph exported = Lowering.portable().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
    check(
        expected,
        GraphRunner.run(TrainLowering.standard(graph), feeds),
        1e-6 * (1 + ratio * ratio));
    check(expected, GraphRunner.run(exported, feeds), 1e-6 * (1 + ratio));
  }

  private static void check(double[] expected, Map<String, TensorData> found, double tolerance) {
    float[] y = found.get("y").floats();
    for (int i = 0; i < y.length; i++) {
      assertEquals(expected[i], y[i], tolerance);
    }
  }

  private static double[] normalised(float[] x) {
    double[] y = new double[x.length];
    for (int from = 0; from < x.length; from += PER_GROUP) {
      double mean = 0;
      for (int i = from; i < from + PER_GROUP; i++) {
        mean += x[i] / (double) PER_GROUP;
      }
      double variance = 0;
      for (int i = from; i < from + PER_GROUP; i++) {
        variance += (x[i] - mean) * (x[i] - mean) / PER_GROUP;
      }
      for (int i = from; i < from + PER_GROUP; i++) {
        y[i] = (x[i] - mean) / Math.sqrt(variance + 1e-5);
      }
    }
    return y;
  }
}
