package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.DropoutMasks;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.trainer.autodiff.Autodiff;
import io.ddpm4j.trainer.autodiff.GradientFunctions;
import io.ddpm4j.trainer.objective.Objective;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Loss and gradient of some images of a batch: noising, forward pass, loss and backward pass. What
 * the network is shown and what its loss is, the {@link Objective} says. Not lowered yet. A batch
 * is the sum of such shards, whose number does not change the result but for rounding: no layer of
 * the network mixes images.
 *
 * <pre>
 * inputs   images         uint8 (n, C, H, W), black is 0
 *          timestep       int64 (n), 0 to T-1
 *          noise          float (n, C, H, W), standard normal
 *          class_labels   int64 (n), in a class-conditional network only
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
  public static GradientGraph build(TrainStepConfig config, int images) {
    return build(config, images, new ParameterLayout(parameters(config)));
  }

  /** The network's parameters, in the order of its layers. */
  static Collection<Parameters.Spec> parameters(TrainStepConfig config) {
    return UNet.parameters(config.unet()).specs().values();
  }

  /**
   * Builds the graph.
   *
   * @param images n, the images of a shard
   * @param layout how parameters and their gradients are stored
   */
  static GradientGraph build(TrainStepConfig config, int images, ParameterLayout layout) {
    UNetConfig unet = config.unet();
    Graph graph = new Graph("gradient", OpSet.standard().with(GradientFunctions.TABLE));
    Ops o = new Ops(graph);
    Shape pixels = Shape.of(images, unet.inChannels(), unet.sampleSize(), unet.sampleSize());
    Value image = graph.input("images", DataType.UINT8, pixels);
    Value timestep = graph.input("timestep", DataType.INT64, Shape.of(images));
    Value noise = graph.input("noise", DataType.FLOAT, pixels);
    Value labels =
        unet.numClassEmbeds() > 0
            ? graph.input("class_labels", DataType.INT64, Shape.of(images))
            : null;
    Value sampleWeight = graph.input("sample_weight", DataType.FLOAT, Shape.of(images));
    Map<String, Value> stored = new LinkedHashMap<>();
    Map<String, Value> weights = new LinkedHashMap<>();
    for (ParameterLayout.Entry entry : layout.entries()) {
      Value input = graph.input(entry.name(), DataType.FLOAT, entry.stored());
      stored.put(entry.name(), input);
      weights.put(entry.name(), entry.isTurned() ? o.transpose(input, 3, 2, 0, 1) : input);
    }

    Value x0 = o.add(o.mul(o.cast(image, DataType.FLOAT), 2.0 / 255), -1);
    Objective.Images given = new Objective.Images(x0, noise, timestep);
    Value xt = config.objective().noisy(o, given);
    Map<String, Shape> masks = new LinkedHashMap<>();
    DropoutMasks dropout =
        (name, shape) -> {
          masks.put(name, shape);
          return graph.input(name, DataType.UINT8, shape);
        };
    UNet.Inputs inputs = new UNet.Inputs(xt, timestep, labels, dropout);
    Value predicted = UNet.build(o, unet, Parameters.given(weights), inputs);
    Objective.Loss loss = config.objective().loss(o, given, predicted, sampleWeight);

    graph.output("sample_loss", loss.perImage());
    Map<Value, Value> gradients =
        Autodiff.gradients(o, predicted, loss.gradient(), stored.values());
    stored.forEach((name, value) -> graph.output(gradientOf(name), gradients.get(value)));
    return new GradientGraph(graph, layout, masks);
  }

  /** The output that holds a parameter's gradient. */
  public static String gradientOf(String parameter) {
    return "gradient of " + parameter;
  }
}
