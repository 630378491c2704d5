package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.convert.OpenAiLayout.Resample;
import io.ddpm4j.exporter.nn.AttentionHeads;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A {@code UNetModel} as the {@code UNet2DModel} that computes the same. */
final class OpenAiNetwork {
  private OpenAiNetwork() {}

  private static final int GROUPS = 32; // GroupNorm32

  /**
   * The network.
   *
   * @param timestepScale what t is multiplied with before the network sees it
   * @throws ConversionException if none of ours computes the same
   */
  static UNetConfig config(OpenAiLayout layout, OpenAiArguments arguments, double timestepScale)
      throws ConversionException {
    int in = layout.inChannels();
    int out = layout.outChannels();
    if (out != in && out != 2 * in) {
      throw new ConversionException(
          "tensor out.2.weight: expected "
              + in
              + " output channels, as go in, or twice as many with a learned variance, found "
              + out
              + (in == 2 * out ? ", as a network for super-resolution has" : ""));
    }
    ImageSize size = arguments.size();
    boolean residual = layout.resample() == Resample.RESIDUAL;
    int width = layout.modelChannels();
    List<BlockType> down = new ArrayList<>();
    for (boolean attention : layout.attention()) {
      down.add(attention ? BlockType.ATTENTION : residual ? BlockType.RESNET : BlockType.PLAIN);
    }
    List<BlockType> up = new ArrayList<>(down);
    Collections.reverse(up);
    return UNetConfig.builder()
        .sampleSize(size.height(), size.width())
        .inChannels(in)
        .outChannels(out)
        .timeEmbeddingDim(layout.timeChannels())
        .sinusoidDim(width == layout.channels().get(0) ? 0 : width)
        .timestepScale(timestepScale)
        .downBlockTypes(down)
        .upBlockTypes(up)
        .blockOutChannels(layout.channels())
        .layersPerBlock(layout.resBlocks())
        .resnetDownsample(residual)
        .resnetUpsample(residual)
        .convResample(layout.levels() == 1 || layout.resample() != Resample.PLAIN)
        .attentionHeads(heads(layout, arguments))
        .normNumGroups(GROUPS)
        .attnNormNumGroups(GROUPS)
        .scaleShift(layout.scaleShift())
        .numClassEmbeds(layout.classes())
        .build();
  }

  /** Heads of a fixed width where that says the same, as {@code UNet2DModel} has them. */
  private static AttentionHeads heads(OpenAiLayout layout, OpenAiArguments arguments) {
    int width = headChannels(layout, arguments);
    boolean one = arguments.heads() == 1 && arguments.upHeads() == 1;
    return one || width == 0
        ? new AttentionHeads.Fixed(arguments.heads(), arguments.upHeads())
        : new AttentionHeads.OfWidth(width);
  }

  /** Channels of a head where they are the same in all attentions, else 0. */
  private static int headChannels(OpenAiLayout layout, OpenAiArguments arguments) {
    int levels = layout.levels();
    Set<Integer> all = new HashSet<>();
    for (int level = 0; level < levels; level++) {
      int channels = layout.channels().get(level);
      if (layout.attention().get(level) || level == levels - 1) {
        all.add(requireDivisor(channels, arguments.heads(channels, false)));
      }
      if (layout.attention().get(level)) {
        all.add(requireDivisor(channels, arguments.heads(channels, true)));
      }
    }
    int one = all.iterator().next();
    return arguments.headChannels() > 0 ? arguments.headChannels() : all.size() == 1 ? one : 0;
  }

  private static int requireDivisor(int channels, int heads) {
    if (heads == 0 || channels % heads != 0) {
      throw Arguments.wrong(
          "num_heads or num_head_channels",
          "a divisor of the " + channels + " channels of an attention",
          heads == 0 ? "more channels" : heads + " heads");
    }
    return channels / heads;
  }

  /** Heads of the attention that has a parameter. */
  static int heads(OpenAiLayout layout, OpenAiArguments arguments, String parameter) {
    String[] parts = parameter.split("\\.");
    int levels = layout.levels();
    int level =
        switch (parts[0]) {
          case "mid_block" -> levels - 1;
          case "down_blocks" -> Integer.parseInt(parts[1]);
          default -> levels - 1 - Integer.parseInt(parts[1]);
        };
    return arguments.heads(layout.channels().get(level), parts[0].equals("up_blocks"));
  }
}
