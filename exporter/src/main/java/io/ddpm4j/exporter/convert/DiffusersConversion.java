package io.ddpm4j.exporter.convert;

import com.google.gson.JsonObject;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import java.io.IOException;
import java.util.Map;

/** Converts a {@code UNet2DModel} of diffusers. */
final class DiffusersConversion {
  private DiffusersConversion() {}

  static Conversion convert(CheckpointConverter.Request request) throws IOException {
    Checkpoint checkpoint = Checkpoint.of(Family.DIFFUSERS, request);
    JsonObject given = Arguments.parse(request.config().orElse(null)).object();
    UNetConfig config =
        UNetConfig.fromJson(
            DiffusersInference.complete(checkpoint, given, request.size()).toString());
    Map<String, TensorData> weights = UNetCheckpoint.weights(checkpoint, config);
    Metadata metadata = new Metadata();
    metadata.describe(checkpoint);
    ImageSize size = new ImageSize(config.sampleHeight(), config.sampleWidth());
    metadata.describe(request.scheduler(), config.inChannels(), size, true);
    metadata.describeNetwork(config.toJson());
    return new Conversion(
        Family.DIFFUSERS,
        UNet.portable(config, weights),
        checkpoint.leastExact(),
        metadata.properties(),
        metadata.notes());
  }
}
