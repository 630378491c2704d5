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

  private static final String FREQUENCIES = "time_proj.weight";
  private static final String EARLY_FREQUENCIES = "time_proj.W";

  /**
   * The tensor that holds a parameter: of its name, or of its earlier name where only that is.
   * Attention's weights may be those of convolutions of one pixel.
   */
  static Origin origin(Checkpoint checkpoint, String parameter) {
    if (parameter.equals(FREQUENCIES)) {
      return Origin.of(early(checkpoint, parameter, EARLY_FREQUENCIES));
    }
    Matcher attention = IN_ATTENTION.matcher(parameter);
    if (!attention.matches()) {
      return Origin.of(parameter);
    }
    String early = attention.group(1) + EARLY.get(attention.group(2)) + attention.group(3);
    String name = early(checkpoint, parameter, early);
    boolean linear = !attention.group(3).equals(".weight") || !checkpoint.has(name);
    int rank = linear ? 2 : checkpoint.rank(name);
    return new Origin(
        name,
        rank == 4
            ? Transform.PIXEL_CONVOLUTION
            : rank == 3 ? Transform.POINT_CONVOLUTION : Transform.NONE);
  }

  private static String early(Checkpoint checkpoint, String parameter, String early) {
    return !checkpoint.has(parameter) && checkpoint.has(early) ? early : parameter;
  }
}
