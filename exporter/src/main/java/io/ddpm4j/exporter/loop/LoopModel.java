package io.ddpm4j.exporter.loop;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.MetadataKeys;
import io.ddpm4j.exporter.proto.OnnxModel;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A model file that holds a whole sampling loop and says so in its metadata ({@code
 * docs/model-format.md}).
 *
 * @param spec what the loop is made of
 * @param sampler the method's name
 * @param scheduler the method's configuration, a JSON object
 */
public record LoopModel(SamplerSpec spec, String sampler, String scheduler) {
  /** What {@code kind} says in the metadata. */
  public static final String KIND = "sampler-loop";

  private static final Map<String, String> MEANING =
      Map.of(
          LoopInputs.NOISE, "what the run starts from, standard normal, (N, C, H, W)",
          LoopInputs.STEP_NOISE, "the noise of each step, standard normal, (steps, N, C, H, W)",
          LoopInputs.CLASS_LABELS, "the classes, (N)",
          LoopInputs.SEED, "of which the noise is made: images 0 to N - 1 of this seed",
          LoopInputs.COUNT, "how many images, N",
          LoopInputs.GUIDANCE,
              "how much the classes guide: 1 for as they are, about 2 to 4 for more");

  private static final Map<LoopImages.Format, String> IMAGES =
      Map.of(
          LoopImages.Format.UINT8, "0 black to 255 white, (N, H, W, C)",
          LoopImages.Format.FLOAT, "-1 black to 1 white, (N, C, H, W)");

  /**
   * The loop around a network, with the network's metadata.
   *
   * @throws IllegalArgumentException if network and method do not fit together
   */
  public OnnxModel around(OnnxModel network) {
    Graph graph = SamplerGraph.of(network.graph(), spec);
    Map<String, String> metadata = new LinkedHashMap<>(network.metadata());
    metadata.put(MetadataKeys.LOOP, description(graph).toString());
    return network.withGraph(graph).withMetadata(metadata).withDocString(text());
  }

  /**
   * The same loop, stopped after a few steps: a model to try out, whatever number of steps the
   * whole one takes. It says nothing of itself.
   *
   * @param most steps that are taken, at least 1; all of them where there are fewer
   * @throws IllegalArgumentException if network and method do not fit together
   */
  public OnnxModel beginning(OnnxModel network, int most) {
    return network.withGraph(
        SamplerGraph.beginning(network.graph(), spec, Math.min(most, steps())));
  }

  private JsonObject description(Graph graph) {
    JsonObject loop = new JsonObject();
    loop.addProperty("kind", KIND);
    loop.addProperty("sampler", sampler);
    loop.addProperty("steps", steps());
    loop.add("scheduler", JsonParser.parseString(scheduler));
    JsonObject inputs = new JsonObject();
    for (Value input : graph.inputs()) {
      inputs.addProperty(input.name(), MEANING.get(input.name()));
    }
    loop.add("inputs", inputs);
    JsonObject outputs = new JsonObject();
    outputs.addProperty(LoopInputs.IMAGES, format() + ", " + IMAGES.get(spec.images().format()));
    loop.add("outputs", outputs);
    return loop;
  }

  /** How many steps it takes. */
  public int steps() {
    return spec.table().steps().size();
  }

  private String format() {
    return spec.images().format().name().toLowerCase(Locale.ROOT);
  }

  /** What it is, for people. */
  public String text() {
    return "the whole sampling loop, %s in %d step%s%s, images as %s"
        .formatted(
            sampler,
            steps(),
            steps() == 1 ? "" : "s",
            spec.noClass().isPresent() ? " with guidance" : "",
            format());
  }

  /**
   * The description of a loop in the metadata of a file.
   *
   * @return null where the file is no such loop, or does not say what it does
   */
  public static JsonObject description(Map<String, String> metadata) {
    try {
      JsonElement loop = JsonParser.parseString(metadata.getOrDefault(MetadataKeys.LOOP, "null"));
      return loop.isJsonObject() ? loop.getAsJsonObject() : null;
    } catch (JsonParseException e) {
      return null; // of another program
    }
  }
}
