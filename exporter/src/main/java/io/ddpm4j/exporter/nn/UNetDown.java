package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNetBlocks.Residual;
import io.ddpm4j.exporter.nn.UNetBlocks.SelfAttention;
import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import java.util.Deque;

/** The way down: levels that see ever smaller images, and hand over what they saw. */
final class UNetDown {
  private final UNetBlocks blocks;
  private final UNetConfig config;
  private final Ops ops;
  private final Deque<Value> skips;
  private Value image; // what Skip blocks see beside, of their size

  /**
   * @param skips where each level puts what the way up takes
   * @param image the network's input
   */
  UNetDown(UNetBlocks blocks, Deque<Value> skips, Value image) {
    this.blocks = blocks;
    this.config = blocks.config();
    this.ops = blocks.ops();
    this.skips = skips;
    this.image = image;
  }

  /** One level: (N, C, H, W) to (N, C', H / 2, W / 2), of the last level (N, C', H, W). */
  Value level(int level, Value x) {
    String block = "down_blocks." + level;
    BlockType type = config.downBlockTypes().get(level);
    int channels = config.blockOutChannels().get(level);
    Value h = x;
    for (int i = 0; i < config.layersPerBlock(); i++) {
      h = residual(block + ".resnets." + i, h, type, channels);
      if (type.hasAttention()) {
        h = blocks.attention(block + ".attentions." + i, h, attention(type));
      }
      skips.push(h);
    }
    if (level == config.blockOutChannels().size() - 1) {
      return h;
    }
    h = smaller(block, h, type);
    if (type != BlockType.K) {
      skips.push(h);
    }
    return h;
  }

  private Value residual(String name, Value x, BlockType type, int channels) {
    int in = (int) x.shape().size(1);
    if (type == BlockType.K) {
      return blocks.adaptiveResnet(
          name, x, channels, KResampling.groups(in), KResampling.groups(channels));
    }
    return blocks.resnet(
        name,
        x,
        type.isSkip()
            ? new Residual(
                channels,
                UNetBlocks.ownGroups(in),
                UNetBlocks.ownGroups(channels),
                SkipBlocks.FACTOR,
                Resampling.NONE)
            : blocks.residual(channels, Resampling.NONE));
  }

  private SelfAttention attention(BlockType type) {
    return type.isSkip()
        ? SkipBlocks.attention(false)
        : new SelfAttention(config.normNumGroups(), 1, false);
  }

  private Value smaller(String block, Value x, BlockType type) {
    String name = block + ".downsamplers.0";
    int channels = (int) x.shape().size(1);
    return switch (type) {
      case PLAIN -> convolution(name, x, channels);
      case ATTENTION ->
          config.resnetDownsample()
              ? blocks.resnet(name, x, blocks.residual(channels, Resampling.DOWN))
              : convolution(name, x, channels);
      case RESNET -> blocks.resnet(name, x, blocks.residual(channels, Resampling.DOWN));
      case SKIP, ATTENTION_SKIP -> withImage(block, x, channels);
      case K -> blocks.in(name, () -> KResampling.downsample(ops, x));
    };
  }

  private Value convolution(String name, Value x, int channels) {
    if (!config.convResample()) {
      return Resampling.DOWN.apply(ops, x);
    }
    // Padding 0 means one row and column of zeros at the far side (TensorFlow's "same").
    int p = config.downsamplePadding();
    long[] pads = p == 0 ? new long[] {0, 0, 1, 1} : new long[] {p, p, p, p};
    return blocks.in(name, () -> blocks.layers().conv(name + ".conv", x, channels, 3, 2, pads));
  }

  private Value withImage(String block, Value x, int channels) {
    Value h =
        blocks.resnet(
            block + ".resnet_down", x, SkipBlocks.resampling(channels, Resampling.FIR_DOWN));
    return blocks.in(
        block,
        () -> {
          image = ops.firDownsample(image);
          Value seen =
              blocks.layers().conv(block + ".skip_conv", image, channels, 1, 1, 0, 0, 0, 0);
          return ops.add(seen, h);
        });
  }
}
