package io.ddpm4j.exporter.convert;

import static java.util.Map.entry;

import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the parameters of {@code UNet2DModel}, by whose names our network goes, stand in a {@code
 * UNetModel}.
 *
 * @param heads of an attention, by the name of its parameters
 * @param headsFirst the order of the rows of {@code qkv}, see {@link QkvRows}
 */
record OpenAiNames(OpenAiLayout layout, ToIntFunction<String> heads, boolean headsFirst) {
  private static final Map<String, String> OUTSIDE =
      Map.ofEntries(
          entry("time_embedding.linear_1", "time_embed.0"),
          entry("time_embedding.linear_2", "time_embed.2"),
          entry("class_embedding", "label_emb"),
          entry("conv_in", "input_blocks.0.0"),
          entry("conv_norm_out", "out.0"),
          entry("conv_out", "out.2"));

  private static final Map<String, String> IN_RESNET =
      Map.ofEntries(
          entry("norm1", "in_layers.0"),
          entry("conv1", "in_layers.2"),
          entry("time_emb_proj", "emb_layers.1"),
          entry("norm2", "out_layers.0"),
          entry("conv2", "out_layers.3"),
          entry("conv_shortcut", "skip_connection"));

  private static final List<String> PARTS = List.of("to_q", "to_k", "to_v");

  /** Block, level, kind of layer, its number, what is inside, weight or bias. */
  private static final Pattern IN_BLOCK =
      Pattern.compile("(down|mid|up)_blocks?(?:\\.(\\d+))?\\.(\\w+)\\.(\\d+)\\.(.+)\\.(\\w+)");

  /** The origin of a parameter. */
  Origin origin(String parameter) {
    int dot = parameter.lastIndexOf('.');
    String outside = OUTSIDE.get(parameter.substring(0, dot));
    if (outside != null) {
      return Origin.of(outside + parameter.substring(dot));
    }
    Matcher part = IN_BLOCK.matcher(parameter);
    if (!part.matches()) {
      throw new IllegalStateException("no tensor for the parameter " + parameter);
    }
    int level = part.group(2) == null ? 0 : Integer.parseInt(part.group(2));
    String layer = layer(part.group(1), level, part.group(3), Integer.parseInt(part.group(4)));
    String inside = part.group(5);
    String kind = part.group(6);
    if (part.group(3).equals("attentions")) {
      return inAttention(parameter, layer, inside, kind);
    }
    String name =
        inside.equals("conv")
            ? part.group(1).equals("down") ? "op" : "conv"
            : IN_RESNET.get(inside);
    return Origin.of(layer + "." + name + "." + kind);
  }

  private Origin inAttention(String parameter, String layer, String inside, String kind) {
    if (inside.equals("group_norm")) {
      return Origin.of(layer + ".norm." + kind);
    }
    if (inside.equals("to_out.0")) {
      Transform transform = kind.equals("weight") ? Transform.POINT_CONVOLUTION : Transform.NONE;
      return new Origin(layer + ".proj_out." + kind, transform);
    }
    int rows = PARTS.indexOf(inside);
    return new Origin(
        layer + ".qkv." + kind, new QkvRows(rows, heads.applyAsInt(parameter), headsFirst));
  }

  private String layer(String way, int level, String kind, int number) {
    int last = layout.resBlocks();
    boolean attention = kind.equals("attentions");
    return switch (way) {
      case "mid" -> "middle_block." + (attention ? 1 : 2 * number);
      case "down" ->
          "input_blocks."
              + layout.input(level, kind.equals("downsamplers") ? last : number)
              + (attention ? ".1" : ".0");
      default -> {
        boolean upsampler = kind.equals("upsamplers");
        int place = layout.output(level, upsampler ? last : number);
        boolean hasAttention = layout.attention().get(layout.levels() - 1 - level);
        int behind = upsampler ? (hasAttention ? 2 : 1) : attention ? 1 : 0;
        yield "output_blocks." + place + "." + behind;
      }
    };
  }
}
