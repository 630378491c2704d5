package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.List;
import java.util.Map;

/**
 * Classifier-free guidance (Ho and Salimans 2022, eq. 6, in the form with 1 for no guidance): the
 * network sees every image twice, under its class and under that which stands for none, in one
 * call. Where the number of images is open, and the scale is 1, it sees them once.
 */
final class Guided implements Conditioning {
  private final Value scale; // float scalar
  private final Value labels; // int64 (rows)
  private final Value rows; // which image each row is of, int64 (rows); null: all of them, twice

  private Guided(Value scale, Value labels, Value rows) {
    this.scale = scale;
    this.labels = labels;
    this.rows = rows;
  }

  /**
   * Adds inputs to a graph.
   *
   * @param labels int64 (N), an input of the graph
   * @param none the label that stands for no class
   */
  static Guided of(Graph graph, Value labels, long none) {
    Ops ops = new Ops(graph);
    Value scale = graph.input(LoopInputs.GUIDANCE, DataType.FLOAT, Shape.SCALAR);
    Value nobody = ops.constant(TensorData.scalar(none));
    if (labels.shape().isStatic()) {
      Value all = ops.expand(nobody, ops.longs(labels.shape().size(0)));
      return new Guided(scale, ops.concat(0, labels, all), null);
    }
    Value images = ops.gather(ops.shape(labels), ops.constant(TensorData.scalar(0L)), 0);
    Value one = ops.constant(TensorData.scalar(1L));
    Value two = ops.constant(TensorData.scalar(2L));
    Value times = ops.where(ops.equal(scale, ops.scalar(1)), one, two);
    Value all =
        ops.range(ops.constant(TensorData.scalar(0L)), ops.mul(images, times), one); // of rows
    Value rows = ops.mod(all, images);
    Value of = ops.where(ops.less(all, images), ops.gather(labels, rows, 0), nobody);
    return new Guided(scale, of, rows);
  }

  @Override
  public Value images(Ops body, Value x) {
    return rows == null ? body.concat(0, x, x) : body.gather(x, rows, 0);
  }

  @Override
  public Value labels(Ops body) {
    return labels;
  }

  @Override
  public Value prediction(Ops body, Value prediction, Value x) {
    Value both = byHalf(body, prediction, x);
    Value towards = half(body, both, 0);
    Value away = half(body, both, -1); // the first, where there is one
    return body.add(away, body.mul(body.sub(towards, away), scale));
  }

  @Override
  public Value variance(Ops body, Value variance, Value x) {
    return half(body, byHalf(body, variance, x), 0);
  }

  /** (rows, C, H, W) as (1 or 2, N, C, H, W). */
  private static Value byHalf(Ops body, Value rows, Value x) {
    Dim images = x.shape().dim(0);
    Value count =
        images instanceof Dim.Named
            ? body.slice(body.shape(x), 0, 0, 1)
            : body.longs(images.sizeOrUnknown());
    Value image = body.slice(body.shape(rows), 0, 1, rows.shape().rank());
    return body.graph()
        .add("Reshape", List.of(rows, body.concat(0, body.longs(-1), count, image)), Map.of())
        .out();
  }

  private static Value half(Ops body, Value both, long index) {
    return body.gather(both, body.constant(TensorData.scalar(index)), 0);
  }
}
