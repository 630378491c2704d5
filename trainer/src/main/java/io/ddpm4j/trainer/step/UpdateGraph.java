package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * What a step does with its gradient: clipping, Adam and EMA, element by element, so that it can be
 * run on any piece of the vectors; pieces that fit the processor's cache take a fraction of the
 * time of whole vectors.
 *
 * <pre>
 * inputs   gradient         float (c)
 *          gradient_factor  float scalar, 1 or what clipping leaves
 *          step             int64 scalar, 1 for the first
 *          learning_rate    float scalar
 *          weights, first_moment, second_moment, ema, ...   float (c), see {@link #state}
 * outputs  new_weights, new_first_moment, new_second_moment, new_ema, ...   float (c)
 * </pre>
 */
public final class UpdateGraph {
  /** The state vector of the weights. */
  public static final String WEIGHTS = "weights";

  /** The state vector of the averaged weights, which are the ones to sample with. */
  public static final String EMA = "ema";

  private UpdateGraph() {}

  /**
   * The state vectors, in the order in which checkpoints and sessions hold them: weights, first and
   * second moment, and each average, the first under the name {@link #EMA}, others with their decay
   * behind it, {@code ema_0.9999}.
   */
  public static List<String> state(TrainTask task) {
    List<String> names = new ArrayList<>(List.of(WEIGHTS, "first_moment", "second_moment", EMA));
    task.averages().stream().skip(1).forEach(each -> names.add(average(each)));
    return names;
  }

  /** The state vector of an average that is not the first. */
  public static String average(Ema average) {
    BigDecimal decay = BigDecimal.valueOf(average.decay()).stripTrailingZeros();
    return EMA + "_" + decay.toPlainString();
  }

  /** Builds the graph. */
  public static Graph build(TrainTask task) {
    Graph graph = new Graph("update", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Ops o = new Ops(graph);
    Shape piece = Shape.named("c");
    Value gradient = graph.input("gradient", DataType.FLOAT, piece);
    Value factor = graph.input("gradient_factor", DataType.FLOAT, Shape.SCALAR);
    Value step = graph.input("step", DataType.INT64, Shape.SCALAR);
    Value rate = graph.input("learning_rate", DataType.FLOAT, Shape.SCALAR);
    List<Value> state = new ArrayList<>();
    List<String> names = state(task);
    for (String name : names) {
      state.add(graph.input(name, DataType.FLOAT, piece));
    }
    Adam.Updated updated =
        task.adam()
            .apply(
                o, state.get(0), o.mul(gradient, factor), state.get(1), state.get(2), step, rate);
    graph.output("new_weights", updated.weights());
    graph.output("new_first_moment", updated.firstMoment());
    graph.output("new_second_moment", updated.secondMoment());
    int first = names.indexOf(EMA);
    for (int i = 0; i < task.averages().size(); i++) {
      Ema average = task.averages().get(i);
      graph.output(
          "new_" + names.get(first + i),
          average.apply(o, state.get(first + i), updated.weights(), step));
    }
    return graph;
  }

  /**
   * Adds a shard's gradient to the sum of those before.
   *
   * <pre>
   * inputs   gradient, other   float (c)
   * outputs  sum               float (c)
   * </pre>
   */
  public static Graph addition() {
    Graph graph = new Graph("addition", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Value gradient = graph.input("gradient", DataType.FLOAT, Shape.named("c"));
    Value other = graph.input("other", DataType.FLOAT, Shape.named("c"));
    graph.output("sum", new Ops(graph).add(gradient, other));
    return graph;
  }

  /**
   * Adds up the gradients of several threads.
   *
   * <pre>
   * inputs   gradient_0, gradient_1, ...   float (c)
   * outputs  gradient                      float (c), their sum
   *          sum_of_squares                float scalar, of that sum
   * </pre>
   */
  public static Graph sum(int gradients) {
    Graph graph = new Graph("sum", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Ops o = new Ops(graph);
    Value sum = graph.input("gradient_0", DataType.FLOAT, Shape.named("c"));
    for (int i = 1; i < gradients; i++) {
      sum = o.add(sum, graph.input("gradient_" + i, DataType.FLOAT, Shape.named("c")));
    }
    if (gradients > 1) {
      graph.output("gradient", sum);
    }
    graph.output("sum_of_squares", o.reduceSumSquare(sum, false));
    return graph;
  }
}
