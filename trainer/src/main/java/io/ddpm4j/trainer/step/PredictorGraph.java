package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;

/**
 * The network as an exported model has it, but for its weights, which are an input: what a {@link
 * TrainStepGraph} trains is sampled from by feeding its vector {@code weights} or {@code ema}.
 *
 * <pre>
 * inputs   sample         float (batch, C, H, W)
 *          timestep       int64 (batch)
 *          class_labels   int64 (batch), in a class-conditional network only
 *          weights        float (P), as {@link ParameterLayout#natural} says
 * outputs  out_sample     float (batch, out_channels, H, W)
 * </pre>
 */
public final class PredictorGraph {
  private PredictorGraph() {}

  /** Builds the graph, of standard operators. */
  public static Graph build(UNetConfig unet) {
    Graph graph = new Graph("predictor", OpSet.standard());
    Ops o = new Ops(graph);
    int size = unet.sampleSize();
    Value sample =
        graph.input("sample", DataType.FLOAT, Shape.named("batch", unet.inChannels(), size, size));
    Value timestep = graph.input("timestep", DataType.INT64, Shape.named("batch"));
    Value labels =
        unet.numClassEmbeds() > 0
            ? graph.input("class_labels", DataType.INT64, Shape.named("batch"))
            : null;
    ParameterLayout layout = ParameterLayout.natural(UNet.parameters(unet).specs().values());
    Value weights = graph.input(UpdateGraph.WEIGHTS, DataType.FLOAT, Shape.of(layout.size()));
    Parameters parameters = Parameters.given(layout.split(o, weights));
    graph.output("out_sample", UNet.build(o, unet, parameters, sample, timestep, labels));
    return Lowering.portable().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
  }
}
