package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.DropoutMasks;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.trainer.autodiff.Autodiff;
import io.ddpm4j.trainer.autodiff.GradientFunctions;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Loss and gradient of some images of a batch: forward pass, loss and backward pass. What the
 * network is shown and what its loss is, the {@link TrainTask} says. Not lowered yet. A batch is
 * the sum of such shards, whose number does not change the result but for rounding: no layer of the
 * network mixes images.
 *
 * <pre>
 * inputs   the task's     see {@link TrainTask#inputs}, of n images
 *          sample_weight  float (n), the weight of each image's loss in the step's loss
 *          each parameter under its name, float, as {@link ParameterLayout} stores it
 *          dropout masks  uint8 (n, C, H, W) each, see {@link #masks}, in a network with dropout only
 * outputs  sample_loss    float (n), not weighted
 *          each parameter's gradient, d(Σ sample_weight·sample_loss)/d(parameter), under the name
 *                         {@link #gradientOf}, of the parameter's shape
 * </pre>
 */
public final class GradientGraph {
  private final Graph graph;
  private final ParameterLayout layout;
  private final Map<String, Shape> masks;

  private GradientGraph(Graph graph, ParameterLayout layout, Map<String, Shape> masks) {
    this.graph = graph;
    this.layout = layout;
    this.masks = masks;
  }

  /** The graph with the inputs and outputs above, functions and gradients still whole. */
  public Graph graph() {
    return graph;
  }

  /** Where each parameter lies in the vectors, (P). */
  public ParameterLayout layout() {
    return layout;
  }

  /**
   * The inputs for masks of dropout, in the order of the layers and under their names: {@code
   * down_blocks.0.resnets.0.dropout}, uint8 (n, C, H, W), 1 where an element is kept and 0 where it
   * is dropped.
   */
  public Map<String, Shape> masks() {
    return Collections.unmodifiableMap(masks);
  }

  /**
   * Builds the graph, with parameters as a {@link TrainSession} stores them.
   *
   * @param images n, the images of a shard
   */
  public static GradientGraph build(TrainTask task, int images) {
    return build(task, images, new ParameterLayout(task.parameters()));
  }

  /**
   * Builds the graph.
   *
   * @param images n, the images of a shard
   * @param layout how parameters and their gradients are stored
   */
  static GradientGraph build(TrainTask task, int images, ParameterLayout layout) {
    Graph graph = new Graph("gradient", OpSet.standard().with(GradientFunctions.TABLE));
    Ops o = new Ops(graph);
    Map<String, Value> inputs = new LinkedHashMap<>();
    task.inputs(images)
        .forEach((name, t) -> inputs.put(name, graph.input(name, t.dataType(), t.shape())));
    Value sampleWeight = graph.input("sample_weight", DataType.FLOAT, Shape.of(images));
    Map<String, Value> stored = new LinkedHashMap<>();
    Map<String, Value> weights = new LinkedHashMap<>();
    for (ParameterLayout.Entry entry : layout.entries()) {
      Value input = graph.input(entry.name(), DataType.FLOAT, entry.stored());
      stored.put(entry.name(), input);
      weights.put(entry.name(), entry.isTurned() ? o.transpose(input, 3, 2, 0, 1) : input);
    }
    Map<String, Shape> masks = new LinkedHashMap<>();
    DropoutMasks dropout =
        (name, shape) -> {
          masks.put(name, shape);
          return graph.input(name, DataType.UINT8, shape);
        };
    TrainTask.Given given = new TrainTask.Given(inputs, sampleWeight, dropout);
    TrainTask.Loss loss = task.loss(o, Parameters.given(weights), given);

    graph.output("sample_loss", loss.perImage());
    Map<Value, Value> gradients =
        Autodiff.gradients(o, loss.output(), loss.gradient(), stored.values());
    stored.forEach((name, value) -> graph.output(gradientOf(name), gradients.get(value)));
    return new GradientGraph(graph, layout, masks);
  }

  /** The output that holds a parameter's gradient. */
  public static String gradientOf(String parameter) {
    return "gradient of " + parameter;
  }
}
