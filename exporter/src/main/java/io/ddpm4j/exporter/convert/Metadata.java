package io.ddpm4j.exporter.convert;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.ddpm4j.exporter.OneLine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Gathers what a converted model's file says of itself, and what its user is told. */
final class Metadata {
  private static final List<Integer> SIGNED = List.of(-1, 1);
  private static final List<Integer> UNSIGNED = List.of(0, 1);

  private final Map<String, String> properties = new LinkedHashMap<>();
  private final List<String> notes = new ArrayList<>();

  /** For {@code metadata_props}. */
  Map<String, String> properties() {
    return properties;
  }

  /** For the user, a sentence each. */
  List<String> notes() {
    return notes;
  }

  /** Tells the user something. */
  void note(String sentence) {
    notes.add(sentence);
  }

  /** Tells of which network in a checkpoint is converted, and what is left out of it. */
  void describe(Checkpoint checkpoint) {
    if (!checkpoint.prefix().isEmpty()) {
      note("the network is that of \"" + checkpoint.prefix() + "\"");
    }
    checkpoint
        .leftovers()
        .forEach(
            (what, count) ->
                note(
                    what
                        + ": "
                        + count
                        + (count == 1 ? " tensor is left out" : " tensors are left out")));
    Map<String, String> skipped = checkpoint.skipped();
    skipped.entrySet().stream()
        .findFirst()
        .ifPresent(
            first ->
                note(
                    OneLine.of(
                        "beside the tensors, "
                            + first.getKey()
                            + " is "
                            + first.getValue()
                            + ", which is not followed"
                            + (skipped.size() > 1
                                ? ", as " + (skipped.size() - 1) + " more"
                                : ""))));
  }

  /**
   * The noise schedule and the images.
   *
   * @param scheduler empty where nothing says with which the network was trained
   * @param signed whether black and white are -1 and 1, not 0 and 1
   */
  void describe(Optional<String> scheduler, int channels, ImageSize size, boolean signed) {
    if (scheduler.isEmpty()) {
      note(
          "nothing says with which noise schedule the network was trained, so it is to be given"
              + " whenever images are sampled");
    }
    properties.put("ddpm4j.format", "1");
    scheduler.ifPresent(json -> properties.put("ddpm4j.scheduler", json));
    JsonObject image = new JsonObject();
    image.addProperty("channels", channels);
    image.addProperty("height", size.height());
    image.addProperty("width", size.width());
    JsonArray range = new JsonArray();
    (signed ? SIGNED : UNSIGNED).forEach(range::add);
    image.add("value_range", range);
    properties.put("ddpm4j.image", image.toString());
  }

  /** The configuration of a network of diffusers. */
  void describeNetwork(String config) {
    properties.put("ddpm4j.unet", config);
  }
}
