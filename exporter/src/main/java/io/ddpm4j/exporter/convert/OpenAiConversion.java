package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.TensorData;
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
    Checkpoint checkpoint = Checkpoint.of(Family.OPENAI, request);
    OpenAiLayout layout = OpenAiLayout.of(checkpoint);
    OpenAiArguments said = OpenAiArguments.of(arguments, layout, request.size());
    OpenAiDiffusion diffusion = OpenAiDiffusion.of(arguments);
    arguments.requireNoOther("UNetModel or create_gaussian_diffusion");

    UNetConfig config = OpenAiNetwork.config(layout, said, diffusion.timestepScale());
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
    metadata.describeNetwork(config.toJson());
    return new Conversion(
        Family.OPENAI,
        UNet.portable(config, weights),
        checkpoint.leastExact(),
        metadata.properties(),
        metadata.notes());
  }
}
