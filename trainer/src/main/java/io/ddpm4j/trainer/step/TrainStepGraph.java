package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.trainer.autodiff.GradientFunctions;
import io.ddpm4j.trainer.lowering.TrainLowering;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A whole training step as one graph of standard operators, with which any runtime trains: it feeds
 * the outputs {@code new_...} of a step as the inputs of the next. {@link GradientGraph} of the
 * whole batch and {@link UpdateGraph} of whole vectors, with the clipping between them that a
 * {@link TrainSession} does itself.
 *
 * <pre>
 * inputs   the task's      see {@link TrainTask#inputs}, of N images
 *          dropout masks   uint8 (N, C, H, W) each, see {@link #masks}, in a network with dropout only
 *          learning_rate   float scalar
 *          step            int64 scalar, 1 for the first
 *          weights, first_moment, second_moment, ema, ...   float (P), see {@link UpdateGraph#state}
 * outputs  loss            float scalar, the mean over the images
 *          sample_loss     float (N)
 *          gradient_norm   float scalar, before clipping
 *          new_weights, new_first_moment, new_second_moment, new_ema, ...   float (P)
 * </pre>
 *
 * Images weigh the same, whatever distribution their timesteps are drawn from. The vectors hold
 * every parameter one after the other, in the {@linkplain ParameterLayout#natural network's order}.
 */
public final class TrainStepGraph {
  /** What the name of an output that is the next step's state begins with. */
  public static final String NEW = "new_";

  private final Graph graph;
  private final ParameterLayout layout;
  private final Map<String, Shape> masks;

  private TrainStepGraph(Graph graph, ParameterLayout layout, Map<String, Shape> masks) {
    this.graph = graph;
    this.layout = layout;
    this.masks = masks;
  }

  /** The graph with the inputs and outputs above. */
  public Graph graph() {
    return graph;
  }

  /** Where each parameter lies in the vectors, (P). */
  public ParameterLayout layout() {
    return layout;
  }

  /** The inputs for masks of dropout, as those of {@link GradientGraph#masks}. */
  public Map<String, Shape> masks() {
    return masks;
  }

  /** Builds the graph. */
  public static TrainStepGraph build(TrainTask task) {
    ParameterLayout layout = ParameterLayout.natural(task.parameters());
    GradientGraph gradient = GradientGraph.build(task, task.batchSize(), layout);
    OpSet operators = OpSet.standard().with(GradientFunctions.TABLE);
    Graph joined = new Graph("train_step", operators);
    new Joining(new Ops(joined), task, layout).add(gradient);
    return new TrainStepGraph(TrainLowering.standard(joined), layout, gradient.masks());
  }

  /** Adds the parts of a step to a graph. */
  private record Joining(Ops o, TrainTask task, ParameterLayout layout) {
    private static final Lowering COPY = new Lowering(Map.of());

    void add(GradientGraph part) {
      Map<String, Value> images = images(part.masks());
      Value rate = o.graph().input("learning_rate", DataType.FLOAT, Shape.SCALAR);
      Value step = o.graph().input("step", DataType.INT64, Shape.SCALAR);
      Map<String, Value> state = new LinkedHashMap<>();
      for (String name : UpdateGraph.state(task)) {
        state.put(name, o.graph().input(name, DataType.FLOAT, Shape.of(layout.size())));
      }

      Map<String, Value> given = new LinkedHashMap<>(images);
      Value weight = meanWeights();
      given.put("sample_weight", weight);
      given.putAll(layout.split(o, state.get(UpdateGraph.WEIGHTS)));
      Map<String, Value> found = COPY.inline(part.graph(), o.graph(), given);
      Map<String, Value> gradients = new LinkedHashMap<>();
      for (ParameterLayout.Entry each : layout.entries()) {
        gradients.put(each.name(), found.get(GradientGraph.gradientOf(each.name())));
      }
      Value losses = found.get("sample_loss");
      Value norm = norm(gradients);
      o.graph().output("loss", o.reduceSum(o.mul(losses, weight), false));
      o.graph().output("sample_loss", losses);
      o.graph().output("gradient_norm", norm);

      Map<String, Value> update = new LinkedHashMap<>(state);
      update.put("gradient", layout.join(o, gradients));
      update.put("gradient_factor", task.clipping().factor(o, norm));
      update.put("learning_rate", rate);
      update.put("step", step);
      o.graph()
          .inScope("update", () -> COPY.inline(UpdateGraph.build(task), o.graph(), update))
          .forEach(o.graph()::output);
    }

    private Map<String, Value> images(Map<String, Shape> masks) {
      Map<String, Value> inputs = new LinkedHashMap<>();
      task.inputs(task.batchSize())
          .forEach((name, type) -> declare(inputs, name, type.dataType(), type.shape()));
      masks.forEach((name, shape) -> declare(inputs, name, DataType.UINT8, shape));
      return inputs;
    }

    private void declare(Map<String, Value> inputs, String name, DataType type, Shape shape) {
      inputs.put(name, o.graph().input(name, type, shape));
    }

    private Value meanWeights() {
      float[] weights = new float[task.batchSize()];
      Arrays.fill(weights, 1f / weights.length);
      return o.constant(TensorData.ofFloats(weights, weights.length));
    }

    /** √Σg² parameter by parameter: one sum over millions of floats would lose digits. */
    private Value norm(Map<String, Value> gradients) {
      List<Value> squares = new ArrayList<>();
      for (Value gradient : gradients.values()) {
        squares.add(o.reshape(o.reduceSumSquare(gradient, false), 1));
      }
      return o.sqrt(o.reduceSum(o.concat(0, squares), false));
    }
  }
}
