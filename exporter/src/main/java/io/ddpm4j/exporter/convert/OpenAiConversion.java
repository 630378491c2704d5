package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** Converts a {@code UNetModel} of improved-diffusion or guided-diffusion. */
final class OpenAiConversion {
  private OpenAiConversion() {}

  static Conversion convert(CheckpointConverter.Request request) throws IOException {
    Arguments arguments = Arguments.parse(request.config().orElse(null));
    Checkpoint checkpoint = Checkpoint.of(Family.OPENAI, request.tensors());
    OpenAiLayout layout = OpenAiLayout.of(checkpoint);
    OpenAiArguments said = OpenAiArguments.of(arguments, layout, request.size());
    OpenAiDiffusion diffusion = OpenAiDiffusion.of(arguments);
    arguments.requireNoOther("UNetModel or create_gaussian_diffusion");

    UNetConfig config = OpenAiNetwork.config(layout, said);
    OpenAiNames names =
        new OpenAiNames(
            layout, parameter -> OpenAiNetwork.heads(layout, said, parameter), said.headsFirst());
    Map<String, TensorData> weights =
        checkpoint.weights(UNet.parameters(config).specs().values(), names::origin);
    Metadata metadata = new Metadata();
    metadata.describe(checkpoint);
    if (!diffusion.stated() && request.scheduler().isEmpty()) {
      metadata.note(
          "diffusion_steps and noise_schedule are not given, so the linear schedule of 1000 steps"
              + " is assumed, as in OpenAI's scripts");
    }
    boolean learnedVariance = layout.outChannels() == 2 * layout.inChannels();
    Optional<String> scheduler =
        request.scheduler().or(() -> Optional.of(diffusion.scheduler(learnedVariance).toString()));
    metadata.describe(scheduler, layout.inChannels(), said.size(), true);
    if (diffusion.timestepScale() == 1) { // of the other the config cannot tell
      metadata.describeNetwork(config.toJson());
    }
    return new Conversion(
        Family.OPENAI,
        graph(config, weights, diffusion.timestepScale()),
        metadata.properties(),
        metadata.notes());
  }

  /** As {@link UNet#portable}, for timesteps that are scaled before the network sees them. */
  private static Graph graph(
      UNetConfig config, Map<String, TensorData> weights, double timestepScale) {
    if (timestepScale == 1) {
      return UNet.portable(config, weights);
    }
    Graph graph = new Graph("unet", OpSet.standard());
    Ops ops = new Ops(graph);
    int size = config.sampleSize();
    Value sample =
        graph.input(
            "sample", DataType.FLOAT, Shape.named("batch", config.inChannels(), size, size));
    Value timestep = graph.input("timestep", DataType.INT64, Shape.named("batch"));
    Value labels =
        config.numClassEmbeds() > 0
            ? graph.input("class_labels", DataType.INT64, Shape.named("batch"))
            : null;
    Value scaled = ops.mul(ops.cast(timestep, DataType.FLOAT), timestepScale);
    Parameters parameters = Parameters.asConstants(graph, weights);
    graph.output("out_sample", UNet.build(ops, config, parameters, sample, scaled, labels));
    return Lowering.portable().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
  }
}
