package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.trainer.autodiff.Autodiff;
import io.ddpm4j.trainer.autodiff.GradientFunctions;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.GradientClipping;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/**
 * One training step as one graph: noising, forward pass, L_simple (Ho et al. 2020, eq. 14),
 * backward pass, clipping, Adam and EMA. Not lowered yet.
 *
 * <pre>
 * inputs   images         uint8 (N, C, H, W), black is 0
 *          timestep       int64 (N), 0 to T-1
 *          noise          float (N, C, H, W), standard normal
 *          class_labels   int64 (N), in a class-conditional network only
 *          step           int64 scalar, 1 for the first
 *          learning_rate  float scalar
 *          weights, first_moment, second_moment, ema   float (P), see {@link ParameterLayout}
 * outputs  loss           float scalar
 *          sample_loss    float (N)
 *          gradient_norm  float scalar, before clipping
 *          new_weights, new_first_moment, new_second_moment, new_ema   float (P)
 * </pre>
 */
public final class TrainStepGraph {
  /** The state vector of the averaged weights, which are the ones to sample with. */
  public static final String EMA = "ema";

  /** The state vectors, in the order in which checkpoints and sessions hold them. */
  public static final List<String> STATE = List.of("weights", "first_moment", "second_moment", EMA);

  private final TrainStepConfig config;
  private final Graph graph;
  private final ParameterLayout layout;

  private TrainStepGraph(TrainStepConfig config, Graph graph, ParameterLayout layout) {
    this.config = config;
    this.graph = graph;
    this.layout = layout;
  }

  /** What the step computes. */
  public TrainStepConfig config() {
    return config;
  }

  /** The graph with the inputs and outputs above, functions and gradients still whole. */
  public Graph graph() {
    return graph;
  }

  /** Where each parameter lies in the state vectors, (P). */
  public ParameterLayout layout() {
    return layout;
  }

  /** Builds the graph. */
  public static TrainStepGraph build(TrainStepConfig config) {
    UNetConfig unet = config.unet();
    Graph graph = new Graph("train_step", OpSet.standard().with(GradientFunctions.TABLE));
    Ops o = new Ops(graph);
    int batch = config.batchSize();
    Shape images = Shape.of(batch, unet.inChannels(), unet.sampleSize(), unet.sampleSize());
    Value pixels = graph.input("images", DataType.UINT8, images);
    Value timestep = graph.input("timestep", DataType.INT64, Shape.of(batch));
    Value noise = graph.input("noise", DataType.FLOAT, images);
    Value labels =
        unet.numClassEmbeds() > 0
            ? graph.input("class_labels", DataType.INT64, Shape.of(batch))
            : null;
    Value step = graph.input("step", DataType.INT64, Shape.SCALAR);
    Value rate = graph.input("learning_rate", DataType.FLOAT, Shape.SCALAR);

    ParameterLayout layout = new ParameterLayout(UNet.parameters(unet).specs().values());
    List<Value> state = new ArrayList<>();
    for (String name : STATE) {
      state.add(graph.input(name, DataType.FLOAT, Shape.of(layout.size())));
    }
    Map<String, Value> weights = split(o, state.get(0), layout);

    Value x0 = o.add(o.mul(o.cast(pixels, DataType.FLOAT), 2.0 / 255), -1);
    Value signal = table(o, config.schedule(), timestep, config.schedule()::sqrtAlphaCumprod);
    Value spread =
        table(o, config.schedule(), timestep, config.schedule()::sqrtOneMinusAlphaCumprod);
    Value xt = o.add(o.mul(x0, signal), o.mul(noise, spread)); // Ho et al. eq. 4
    Value target =
        switch (config.predictionType()) {
          case EPSILON -> noise;
          case SAMPLE -> x0;
          case V_PREDICTION -> o.sub(o.mul(noise, signal), o.mul(x0, spread));
          case FLOW_PREDICTION ->
              throw new IllegalArgumentException(
                  "prediction_type: expected epsilon, sample or v_prediction, found"
                      + " flow_prediction");
        };
    Value predicted = UNet.build(o, unet, Parameters.given(weights), xt, timestep, labels);
    Value error = o.sub(predicted, target);
    Value sampleLoss = o.reduceMean(o.mul(error, error), false, 1, 2, 3);
    Value loss = o.reduceMean(sampleLoss, false);

    Map<Value, Value> gradients = Autodiff.gradients(o, loss, weights.values());
    graph.inScope(
        "optimizer",
        () -> {
          List<Value> flat = new ArrayList<>();
          weights.values().forEach(w -> flat.add(o.reshape(gradients.get(w), -1)));
          GradientClipping.Clipped clipped = config.clipping().apply(o, o.concat(0, flat));
          Adam.Updated updated =
              config
                  .adam()
                  .apply(
                      o, state.get(0), clipped.gradient(), state.get(1), state.get(2), step, rate);
          graph.output("loss", loss);
          graph.output("sample_loss", sampleLoss);
          graph.output("gradient_norm", clipped.norm());
          graph.output("new_weights", updated.weights());
          graph.output("new_first_moment", updated.firstMoment());
          graph.output("new_second_moment", updated.secondMoment());
          graph.output("new_ema", config.ema().apply(o, state.get(3), updated.weights(), step));
          return null;
        });
    return new TrainStepGraph(config, graph, layout);
  }

  private static Map<String, Value> split(Ops o, Value vector, ParameterLayout layout) {
    long[] sizes = layout.entries().stream().mapToLong(ParameterLayout.Entry::size).toArray();
    List<Value> parts = o.split(vector, 0, sizes);
    Map<String, Value> weights = new LinkedHashMap<>();
    for (int i = 0; i < sizes.length; i++) {
      ParameterLayout.Entry entry = layout.entries().get(i);
      weights.put(entry.name(), o.reshape(parts.get(i), entry.shape().sizes()));
    }
    return weights;
  }

  /** A number of the schedule for each image of the batch: (N, 1, 1, 1). */
  private static Value table(
      Ops o, NoiseSchedule schedule, Value timestep, IntToDoubleFunction at) {
    float[] values = new float[schedule.trainTimesteps()];
    for (int t = 0; t < values.length; t++) {
      values[t] = (float) at.applyAsDouble(t);
    }
    Value row = o.constant(TensorData.ofFloats(values, values.length));
    return o.reshape(o.gather(row, timestep, 0), -1, 1, 1, 1);
  }
}
