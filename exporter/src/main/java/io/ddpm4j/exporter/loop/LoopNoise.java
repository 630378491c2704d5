package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.List;

/** Where the noise of a run comes from. */
interface LoopNoise {
  /** What the run starts from, float (N, C, H, W), in the graph around the loop. */
  Value initial();

  /**
   * The noise of a step, float (N, C, H, W).
   *
   * @param body of the loop
   * @param step its number, int64 scalar
   */
  Value ofStep(Ops body, Value step);

  /**
   * From inputs.
   *
   * @param shape (N, C, H, W)
   * @param steps 0 where they use none
   */
  static LoopNoise given(Graph graph, Shape shape, int steps) {
    Value initial = graph.input(LoopInputs.NOISE, DataType.FLOAT, shape);
    List<Dim> dims = new ArrayList<>(shape.dims());
    dims.add(0, Dim.of(steps));
    Value all =
        steps == 0 ? null : graph.input(LoopInputs.STEP_NOISE, DataType.FLOAT, new Shape(dims));
    return new LoopNoise() {
      @Override
      public Value initial() {
        return initial;
      }

      @Override
      public Value ofStep(Ops body, Value step) {
        return body.gather(all, step, 0);
      }
    };
  }

  /**
   * Made in the graph of a seed, another input: the noise that {@code docs/random.md} specifies, of
   * images 0 to N - 1, draw 0 for the start and draw k for the k-th step.
   *
   * @param shape (N, C, H, W)
   * @param labels (N), which then say how many images there are; null where they do not
   * @throws IllegalArgumentException if the images' size is open
   */
  static LoopNoise seeded(Graph graph, Shape shape, Value labels) {
    Shape image = new Shape(shape.dims().subList(1, shape.rank()));
    if (!image.isStatic()) {
      throw new IllegalArgumentException(
          "noise from a seed: expected images of a known size, found " + shape);
    }
    Ops ops = new Ops(graph);
    Value seed = graph.input(LoopInputs.SEED, DataType.INT64, Shape.SCALAR);
    Value count;
    if (shape.dim(0) instanceof Dim.Fixed fixed) {
      count = number(ops, fixed.size());
    } else if (labels != null) {
      count = ops.gather(ops.shape(labels), number(ops, 0), 0);
    } else {
      count = graph.extentInput(LoopInputs.COUNT, (Dim.Named) shape.dim(0));
    }
    long blocks = (image.elements() + 3) / 4;
    Value places =
        ops.reshape(ops.range(number(ops, 0), number(ops, blocks), number(ops, 1)), 1, -1);
    Value images = ops.reshape(ops.range(number(ops, 0), count, number(ops, 1)), -1, 1);
    Seeded seeded = new Seeded(seed, images, places, image);
    Value initial = seeded.draw(ops, number(ops, 0));
    return new LoopNoise() {
      @Override
      public Value initial() {
        return initial;
      }

      @Override
      public Value ofStep(Ops body, Value step) {
        return seeded.draw(body, body.add(step, number(body, 1)));
      }
    };
  }

  private static Value number(Ops ops, long value) {
    return ops.constant(TensorData.scalar(value));
  }

  /**
   * Noise that belongs to the image.
   *
   * @param seed int64 scalar
   * @param images their numbers, (N, 1)
   * @param places numbers of the blocks of four elements, (1, blocks)
   * @param image C, H, W
   */
  record Seeded(Value seed, Value images, Value places, Shape image) {
    /** One draw, float (N, C, H, W). */
    Value draw(Ops ops, Value number) {
      Value draw = ops.reshape(number, 1, 1);
      Value zero = ops.constant(TensorData.ofLongs(new long[] {0}, 1, 1));
      List<Value> words = new Philox(ops).block(List.of(places, draw, images, zero), seed);
      List<Value> columns = new ArrayList<>();
      words.forEach(word -> columns.add(ops.unsqueeze(word, -1)));
      long blocks = places.shape().size(1);
      Value all = ops.reshape(ops.concat(-1, columns), -1, 4 * blocks);
      Value own = ops.slice(all, 1, 0, image.elements());
      Value uniform =
          ops.mul(ops.add(ops.cast(own, DataType.DOUBLE), 0.5), 0x1p-32); // never 0 or 1
      Value normal = ops.cast(InverseNormal.of(ops, uniform), DataType.FLOAT);
      return ops.reshape(normal, -1, image.size(0), image.size(1), image.size(2));
    }
  }
}
