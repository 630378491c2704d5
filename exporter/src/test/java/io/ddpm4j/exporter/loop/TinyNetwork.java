package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * A network that is a formula, so that a loop over it can be computed without any graph: element by
 * element tanh(x/2) + t/100 + label/10, and as learned variance x²/10 - 1/2.
 *
 * @param labels whether it has class labels
 * @param variance whether it has a learned variance
 * @param images 0 where their number is open
 * @param type of the timestep
 */
record TinyNetwork(boolean labels, boolean variance, int images, DataType type) {
  static final int CHANNELS = 2;
  static final int HEIGHT = 3;
  static final int WIDTH = 4;
  static final int ELEMENTS = CHANNELS * HEIGHT * WIDTH;

  static TinyNetwork plain() {
    return new TinyNetwork(false, false, 0, DataType.INT64);
  }

  Graph graph(int opset) {
    Graph graph = new Graph("tiny", OpSet.onnx(opset));
    Ops ops = new Ops(graph);
    Dim rows = images == 0 ? Dim.named("batch") : Dim.of(images);
    List<Dim> dims = new ArrayList<>(List.of(rows));
    Shape image = Shape.of(CHANNELS, HEIGHT, WIDTH);
    dims.addAll(image.dims());
    Value x = graph.input("sample", DataType.FLOAT, new Shape(dims));
    Value t = graph.input("timestep", type, new Shape(List.of(rows)));
    Value sum = ops.add(ops.tanh(ops.mul(x, 0.5)), column(ops, t, 0.01));
    if (labels) {
      Value label = graph.input("class_labels", DataType.INT64, new Shape(List.of(rows)));
      sum = ops.add(sum, column(ops, label, 0.1));
    }
    if (variance) {
      sum = ops.concat(1, sum, ops.add(ops.mul(ops.mul(x, x), 0.1), -0.5));
    }
    graph.output("out_sample", sum);
    return graph;
  }

  private static Value column(Ops ops, Value numbers, double factor) {
    return ops.reshape(ops.mul(ops.cast(numbers, DataType.FLOAT), factor), -1, 1, 1, 1);
  }

  static double prediction(double x, double t, double label) {
    return Math.tanh(x / 2) + t / 100 + label / 10;
  }

  static double variance(double x) {
    return x * x / 10 - 0.5;
  }
}
