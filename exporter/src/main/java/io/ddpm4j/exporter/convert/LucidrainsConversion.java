package io.ddpm4j.exporter.convert;

import com.google.gson.JsonObject;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.LucidrainsUNet;
import io.ddpm4j.exporter.nn.LucidrainsUNetConfig;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Converts a {@code Unet} of denoising-diffusion-pytorch, alone or in its wrappers. */
final class LucidrainsConversion {
  private LucidrainsConversion() {}

  static Conversion convert(CheckpointConverter.Request request) throws IOException {
    Arguments arguments = Arguments.parse(request.config().orElse(null));
    Checkpoint checkpoint = Checkpoint.of(Family.LUCIDRAINS, request);
    ImageSize size = size(arguments, request.size());
    LucidrainsUNetConfig config = LucidrainsNetwork.infer(checkpoint, arguments, size);
    int channels = config.image().channels();
    Optional<String> scheduler = request.scheduler();
    if (scheduler.isPresent()) {
      LucidrainsDiffusion.ignore(arguments);
    } else {
      scheduler =
          LucidrainsDiffusion.scheduler(checkpoint, arguments, config.outDim() == 2 * channels)
              .map(JsonObject::toString);
    }
    boolean signed = arguments.bool("auto_normalize").orElse(true);
    arguments.requireNoOther("Unet or GaussianDiffusion");

    int inputs = checkpoint.shape("init_conv.weight", 4)[1];
    Map<String, TensorData> weights =
        checkpoint.weights(
            LucidrainsUNet.parameters(config).specs().values(),
            parameter -> LucidrainsNetwork.origin(config, inputs, parameter));
    Metadata metadata = new Metadata();
    metadata.describe(checkpoint);
    if (inputs != channels) {
      metadata.note("self_condition: in place of its last prediction the network sees zeros");
    }
    metadata.describe(scheduler, channels, size, signed);
    return new Conversion(
        Family.LUCIDRAINS,
        LucidrainsUNet.portable(config, weights),
        checkpoint.leastExact(),
        metadata.properties(),
        metadata.notes());
  }

  private static ImageSize size(Arguments arguments, Optional<ImageSize> given) {
    Optional<List<Integer>> said = arguments.integers("image_size", 2);
    if (given.isPresent()) {
      return given.get();
    }
    List<Integer> size =
        said.orElseThrow(
            () ->
                Arguments.wrong(
                    "image_size",
                    "height and width of the images, which the tensors do not say",
                    "nothing"));
    arguments.require(
        size.size() == 2 && size.stream().allMatch(extent -> extent > 0),
        "image_size",
        "a size or [height, width]",
        size);
    return new ImageSize(size.get(0), size.get(1));
  }
}
