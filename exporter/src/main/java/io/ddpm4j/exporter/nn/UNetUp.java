package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNetBlocks.Residual;
import io.ddpm4j.exporter.nn.UNetBlocks.SelfAttention;
import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import java.util.Deque;

/** The way up: levels that take what those of the way down handed over, the last one first. */
final class UNetUp {
  private final UNetBlocks blocks;
  private final UNetConfig config;
  private final Ops ops;
  private final Deque<Value> skips;
  private final int levels;
  private Value image; // what Skip blocks have drawn; null before the first one

  UNetUp(UNetBlocks blocks, Deque<Value> skips) {
    this.blocks = blocks;
    this.config = blocks.config();
    this.ops = blocks.ops();
    this.skips = skips;
    this.levels = config.blockOutChannels().size();
  }

  /** What Skip blocks have drawn, (N, 3, H, W); null where there is none. */
  Value image() {
    return image;
  }

  /** One level: (N, C, H, W) to (N, C', 2·H, 2·W), of the last level (N, C', H, W). */
  Value level(int level, Value x) {
    String block = "up_blocks." + level;
    BlockType type = config.upBlockTypes().get(level);
    int channels = config.blockOutChannels().get(levels - 1 - level);
    boolean last = level == levels - 1;
    if (type == BlockType.K) {
      return adaptive(block, level, x);
    }
    Value h = x;
    for (int i = 0; i <= config.layersPerBlock(); i++) {
      h = residual(block + ".resnets." + i, h, type, channels);
      if (type == BlockType.ATTENTION) {
        SelfAttention attention = new SelfAttention(config.normNumGroups(), 1, true);
        h = blocks.attention(block + ".attentions." + i, h, attention);
      }
    }
    if (type == BlockType.ATTENTION_SKIP) {
      h = blocks.attention(block + ".attentions.0", h, SkipBlocks.attention(true));
    }
    if (type.isSkip()) {
      return draw(block, h, last);
    }
    return last ? h : larger(block + ".upsamplers.0", h, type);
  }

  private Value residual(String name, Value x, BlockType type, int channels) {
    int own = (int) x.shape().size(1);
    Value skip = skips.pop();
    int taken = (int) skip.shape().size(1);
    Value joined = ops.concat(1, x, skip);
    // The first norm's groups of AttnSkipUpBlock2D are what diffusers computes, not what it means:
    // a quarter is taken of one part only.
    int groups =
        type == BlockType.ATTENTION_SKIP
            ? Math.min(own + taken / 4, 32)
            : UNetBlocks.ownGroups(own + taken);
    return blocks.resnet(
        name,
        joined,
        type.isSkip()
            ? new Residual(
                channels,
                groups,
                UNetBlocks.ownGroups(channels),
                SkipBlocks.FACTOR,
                Resampling.NONE)
            : blocks.residual(channels, Resampling.NONE));
  }

  private Value larger(String name, Value x, BlockType type) {
    int channels = (int) x.shape().size(1);
    if (type == BlockType.RESNET || type == BlockType.ATTENTION && config.resnetUpsample()) {
      return blocks.resnet(name, x, blocks.residual(channels, Resampling.UP));
    }
    if (!config.convResample()) {
      return Resampling.UP.apply(ops, x);
    }
    return blocks.in(
        name,
        () -> {
          Value large = Resampling.UP.apply(ops, x);
          return blocks.layers().conv(name + ".conv", large, channels, 3, 1, 1, 1, 1, 1);
        });
  }

  /** Adds to the image beside, enlarged to this level's size, and goes on to the next size. */
  private Value draw(String block, Value x, boolean last) {
    blocks.in(
        block,
        () -> {
          image = image == null ? null : ops.firUpsample(image);
          if (!last) {
            Value normed =
                blocks.norm(block + ".skip_norm", x, UNetBlocks.ownGroups(x.shape().size(1)));
            Value drawn =
                blocks
                    .layers()
                    .conv(
                        block + ".skip_conv",
                        ops.silu(normed),
                        config.outChannels(),
                        3,
                        1,
                        1,
                        1,
                        1,
                        1);
            image = image == null ? drawn : ops.add(image, drawn);
          }
          return image;
        });
    int channels = (int) x.shape().size(1);
    return last
        ? x
        : blocks.resnet(
            block + ".resnet_up", x, SkipBlocks.resampling(channels, Resampling.FIR_UP));
  }

  /** K blocks take only the last of what their level handed over, and end with the next width. */
  private Value adaptive(String block, int level, Value x) {
    int index = levels - 1 - level;
    int channels = config.blockOutChannels().get(index);
    int next = config.blockOutChannels().get(Math.max(0, index - 1));
    int count = config.layersPerBlock();
    Value h = ops.concat(1, x, skips.peek());
    for (int i = 0; i < count; i++) {
      skips.pop();
      h =
          blocks.adaptiveResnet(
              block + ".resnets." + i,
              h,
              i == count - 1 ? next : channels,
              KResampling.groups(i == 0 ? 2 * channels : channels),
              KResampling.groups(channels));
    }
    Value narrow = h;
    return level == levels - 1
        ? h
        : blocks.in(block + ".upsamplers.0", () -> KResampling.upsample(ops, narrow));
  }
}
