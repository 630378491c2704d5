package io.ddpm4j.exporter.convert;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.LucidrainsUNet;
import io.ddpm4j.exporter.nn.LucidrainsUNetConfig;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Turns the tensors of a checkpoint into a network as a graph. */
public final class CheckpointConverter {

  private static final List<Integer> SIGNED = List.of(-1, 1);
  private static final List<Integer> UNSIGNED = List.of(0, 1);

  private final Request request;
  private final Arguments arguments;
  private final List<String> notes = new ArrayList<>();

  private CheckpointConverter(Request request) {
    this.request = request;
    this.arguments = Arguments.parse(request.config().orElse(null));
  }

  /**
   * What is to be converted.
   *
   * @param tensors of the checkpoint
   * @param config JSON of the arguments of the network's constructor; empty where nothing is given
   * @param size of the images where it is given beside the config; it counts more
   */
  public record Request(TensorSource tensors, Optional<String> config, Optional<ImageSize> size) {}

  /**
   * Converts a checkpoint; the family is recognised from the names of its tensors.
   *
   * @throws ConversionException if the checkpoint is of no known family, or tensors are missing,
   *     unknown or of another shape
   * @throws IllegalArgumentException if an argument is missing or wrong, or contradicts the
   *     tensors; the message names it, what was expected and what was found
   * @throws IOException if the tensors cannot be read
   */
  public static Conversion convert(Request request) throws IOException {
    Family family = Family.of(request.tensors().names());
    CheckpointConverter converter = new CheckpointConverter(request);
    return switch (family) {
      case LUCIDRAINS -> converter.lucidrains();
      case OPENAI -> converter.openAi();
      case DIFFUSERS -> converter.diffusers();
      case RUN ->
          throw new ConversionException(
              "expected a checkpoint of another code base, found the state of "
                  + family
                  + ", whose folder is what is to be given");
    };
  }

  private Conversion lucidrains() throws IOException {
    Family family = Family.LUCIDRAINS;
    Checkpoint checkpoint = Checkpoint.of(family, request.tensors());
    ImageSize size = size();
    LucidrainsUNetConfig config = LucidrainsNetwork.infer(checkpoint, arguments, size);
    boolean learnedVariance = config.outDim() == 2 * config.image().channels();
    Optional<JsonObject> scheduler =
        LucidrainsDiffusion.scheduler(checkpoint, arguments, learnedVariance);
    boolean signed = arguments.bool("auto_normalize").orElse(true);
    arguments.requireNoOther("Unet or GaussianDiffusion");
    int inputs = checkpoint.shape("init_conv.weight", 4)[1];
    if (inputs != config.image().channels()) {
      notes.add("the network sees zeros in place of its last prediction (self_condition)");
    }
    Map<String, TensorData> weights =
        checkpoint.weights(
            LucidrainsUNet.parameters(config).specs().values(),
            parameter -> LucidrainsNetwork.origin(config, inputs, parameter));
    note(checkpoint);
    return new Conversion(
        family,
        LucidrainsUNet.portable(config, weights),
        metadata(
            scheduler, config.image().channels(), size, signed ? SIGNED : UNSIGNED),
        notes);
  }

  private Conversion openAi() throws IOException {
    Checkpoint checkpoint = Checkpoint.of(Family.OPENAI, request.tensors());
    OpenAiLayout layout = OpenAiLayout.of(checkpoint);
    OpenAiArguments said = OpenAiArguments.of(arguments, layout, request.size());
    OpenAiDiffusion diffusion = OpenAiDiffusion.of(arguments);
    arguments.requireNoOther("UNetModel or create_gaussian_diffusion");
    UNetConfig config = OpenAiNetwork.config(layout, said);
    OpenAiNames names =
        new OpenAiNames(
            layout,
            parameter -> OpenAiNetwork.heads(layout, said, parameter),
            said.headsFirst());
    Map<String, TensorData> weights =
        checkpoint.weights(UNet.parameters(config).specs().values(), names::origin);
    note(checkpoint);
    boolean learnedVariance = layout.outChannels() == 2 * layout.inChannels();
    if (!diffusion.stated()) {
      notes.add(
          "diffusion_steps and noise_schedule are not given: the linear schedule of 1000 steps is"
              + " assumed, as in OpenAI's scripts");
    }
    return new Conversion(
        Family.OPENAI,
        graph(config, weights, diffusion.timestepScale()),
        metadata(
            Optional.of(diffusion.scheduler(learnedVariance)),
            layout.inChannels(),
            said.size(),
            SIGNED),
        notes);
  }

  private static Graph graph(
      UNetConfig config, Map<String, TensorData> weights, double timestepScale) {
    return UNet.portable(config, weights);
  }

  private Conversion diffusers() throws IOException {
    throw new ConversionException("not yet");
  }

  private ImageSize size() {
    Optional<List<Integer>> given = arguments.integers("image_size", 2);
    if (request.size().isPresent()) {
      return request.size().get();
    }
    List<Integer> size =
        given.orElseThrow(
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

  private void note(Checkpoint checkpoint) {
    if (!checkpoint.prefix().isEmpty()) {
      notes.add("the network is that of \"" + checkpoint.prefix() + "\"");
    }
    checkpoint
        .leftovers()
        .forEach((what, count) -> notes.add(count + " tensors are left out: " + what));
  }

  private Map<String, String> metadata(
      Optional<JsonObject> scheduler, int channels, ImageSize size, List<Integer> valueRange) {
    Map<String, String> metadata = new LinkedHashMap<>();
    if (scheduler.isEmpty()) {
      notes.add(
          "nothing says with which noise schedule the network was trained: it has to be given"
              + " whenever images are sampled");
      return metadata;
    }
    metadata.put("ddpm4j.format", "1");
    metadata.put("ddpm4j.scheduler", scheduler.get().toString());
    JsonObject image = new JsonObject();
    image.addProperty("channels", channels);
    image.addProperty("height", size.height());
    image.addProperty("width", size.width());
    JsonArray range = new JsonArray();
    valueRange.forEach(range::add);
    image.add("value_range", range);
    metadata.put("ddpm4j.image", image.toString());
    return metadata;
  }
}
