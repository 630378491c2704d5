package io.ddpm4j.cli;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.ddpm4j.exporter.loop.LoopModel;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a file that holds a whole sampling loop says of itself, in words. */
final class LoopText {
  private LoopText() {}

  /** A line for each thing, by what it is about; empty for a file that is no loop. */
  static Map<String, String> lines(Map<String, String> metadata) {
    Map<String, String> lines = new LinkedHashMap<>();
    JsonObject loop = LoopModel.description(metadata);
    if (loop == null) {
      return lines;
    }
    lines.put(
        "loop",
        "%s, %s steps: a whole sampling run, whose inputs and outputs are"
            .formatted(text(loop.get("sampler")), text(loop.get("steps"))));
    for (String ports : new String[] {"inputs", "outputs"}) {
      if (loop.get(ports) instanceof JsonObject object) {
        object.entrySet().forEach(port -> lines.put(port.getKey(), text(port.getValue())));
      }
    }
    return lines;
  }

  private static String text(JsonElement element) {
    return element != null && element.isJsonPrimitive() ? element.getAsString() : "?";
  }
}
