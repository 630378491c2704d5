package io.ddpm4j.exporter.convert;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names that diffusers' {@code UNet2DModel} had in earlier versions. */
final class DiffusersNames {
  private DiffusersNames() {}

  /** Attention's layers were called otherwise until version 0.12 (2023). */
  private static final Map<String, String> EARLY =
      Map.of("to_q", "query", "to_k", "key", "to_v", "value", "to_out.0", "proj_attn");

  private static final Pattern IN_ATTENTION =
      Pattern.compile("(.*\\battentions\\.\\d+\\.)(to_q|to_k|to_v|to_out\\.0)(\\.\\w+)");

  /** The tensor that holds a parameter: of its name, or of its earlier name where only that is. */
  static Origin origin(Checkpoint checkpoint, String parameter) {
    Matcher attention = IN_ATTENTION.matcher(parameter);
    if (attention.matches() && !checkpoint.has(parameter)) {
      String early = attention.group(1) + EARLY.get(attention.group(2)) + attention.group(3);
      if (checkpoint.has(early)) {
        return Origin.of(early);
      }
    }
    return Origin.of(parameter);
  }
}
