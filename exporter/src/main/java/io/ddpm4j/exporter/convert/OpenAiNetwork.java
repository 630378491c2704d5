package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.convert.OpenAiLayout.Resample;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A {@code UNetModel} as the {@code UNet2DModel} that computes the same. */
final class OpenAiNetwork {
  private OpenAiNetwork() {}

  private static final int GROUPS = 32; // GroupNorm32

  /**
   * The network.
   *
   * @throws ConversionException if none of ours computes the same
   */
  static UNetConfig config(OpenAiLayout layout, OpenAiArguments arguments)
      throws ConversionException {
    int in = layout.inChannels();
    int out = layout.outChannels();
    if (out != in && out != 2 * in) {
      throw new ConversionException(
          "tensor out.2.weight: expected "
              + in
              + " output channels, as go in, or twice as many with a learned variance, found "
              + out
              + (in == 2 * out || in == out ? ": a network for super-resolution" : ""));
    }
    boolean residual = layout.resample() == Resample.RESIDUAL;
    List<BlockType> down = new ArrayList<>();
    for (boolean attention : layout.attention()) {
      down.add(attention ? BlockType.ATTENTION : residual ? BlockType.RESNET : BlockType.PLAIN);
    }
    List<BlockType> up = new ArrayList<>(down);
    Collections.reverse(up);
    return UNetConfig.builder()
        .sampleSize(arguments.size().height())
        .inChannels(in)
        .outChannels(out)
        .timeEmbeddingDim(layout.timeChannels())
        .downBlockTypes(down)
        .upBlockTypes(up)
        .blockOutChannels(layout.channels())
        .layersPerBlock(layout.resBlocks())
        .resnetDownsample(residual)
        .resnetUpsample(residual)
        .attentionHeadDim(arguments.headChannels())
        .normNumGroups(GROUPS)
        .attnNormNumGroups(GROUPS)
        .scaleShift(layout.scaleShift())
        .numClassEmbeds(layout.classes())
        .build();
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
