package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.graph.TensorData;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names that diffusers' {@code UNet2DModel} had in earlier versions. */
final class DiffusersNames {
  private DiffusersNames() {}

  /** Attention's layers were called otherwise until version 0.12 (2023). */
  private static final Map<String, String> EARLY =
      Map.of("to_q", "query", "to_k", "key", "to_v", "value", "to_out.0", "proj_attn");

  private static final Pattern IN_ATTENTION = inAttention("to_q|to_k|to_v|to_out\\.0");
  private static final Pattern EARLY_IN_ATTENTION = inAttention("query|key|value|proj_attn");

  private static final String FREQUENCIES = "time_proj.weight";
  private static final String EARLY_FREQUENCIES = "time_proj.W";

  private static Pattern inAttention(String layers) {
    return Pattern.compile("(.*\\battentions\\.\\d+\\.)(" + layers + ")(\\.\\w+)");
  }

  /** The parameter that a tensor of today's or of an earlier name is. */
  static String parameter(String tensor) {
    Matcher attention = EARLY_IN_ATTENTION.matcher(tensor);
    if (!attention.matches()) {
      return tensor.equals(EARLY_FREQUENCIES) ? FREQUENCIES : tensor;
    }
    String today =
        EARLY.entrySet().stream()
            .filter(names -> names.getValue().equals(attention.group(2)))
            .findFirst()
            .orElseThrow()
            .getKey();
    return attention.group(1) + today + attention.group(3);
  }

  /** A tensor in the shape that it has today: attention's matrices were convolutions of a pixel. */
  static TensorData asParameter(String parameter, TensorData tensor) {
    boolean matrix =
        IN_ATTENTION.matcher(parameter).matches()
            && tensor.shape().rank() > 2
            && tensor.shape().elements() == tensor.shape().size(0) * tensor.shape().size(1);
    return matrix ? tensor.reshape(tensor.shape().size(0), tensor.shape().size(1)) : tensor;
  }

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
