package io.ddpm4j.trainer.lowering;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.testing.GraphRunner;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PixelLayoutTest {
  /** Sums of squares, whose rounding all goes one way if they are added one after the other. */
  @ParameterizedTest
  @CsvSource({"1, 3, 256", "1, 32, 128", "2, 3, 256", "1, 1, 256"})
  void sumsOfManyPixelsKeepTheirDigits(int images, int channels, int size) {
    SplittableRandom random = new SplittableRandom(1);
    float[] x = new float[size * size * images * channels];
    double[] sums = new double[images * channels];
    for (int i = 0; i < x.length; i++) {
      double normal = random.nextGaussian();
      x[i] = (float) (normal * normal);
      sums[i % sums.length] += x[i];
    }
    Graph graph = new Graph("sums", OpSet.standard());
    Value in = graph.input("x", DataType.FLOAT, Shape.of(size, size, images, channels));
    graph.output("y", PixelLayout.PIXEL_MAJOR.sums(new Ops(graph), in));
    float[] found =
        GraphRunner.run(graph, Map.of("x", TensorData.ofFloats(x, size, size, images, channels)))
            .get("y")
            .floats();
    for (int i = 0; i < sums.length; i++) {
      assertEquals(sums[i], found[i], 3e-6 * sums[i], "sum " + i);
    }
  }
}
