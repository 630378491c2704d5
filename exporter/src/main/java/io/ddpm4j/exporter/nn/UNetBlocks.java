package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;
import java.util.List;
import java.util.function.Supplier;

/**
 * What the levels and the middle of a U-Net are made of: residual blocks, which are told the
 * timestep, and attention. Names and order of layers are diffusers'.
 */
final class UNetBlocks {
  private static final int MOST_GROUPS = 32;
  private static final int CHANNELS_IN_GROUP = 4;

  private final UNetConfig config;
  private final Layers layers;
  private final Ops ops;
  private final DropoutMasks masks; // null: nothing is dropped
  private final Value time;
  private final Value activatedTime; // every residual block begins with it

  /**
   * @param time embedding of the timestep, with that of the class: (N, timeChannels)
   */
  UNetBlocks(UNetConfig config, Layers layers, DropoutMasks masks, Value time) {
    this.config = config;
    this.layers = layers;
    this.ops = layers.ops();
    this.masks = masks;
    this.time = time;
    this.activatedTime = activate(time);
  }

  UNetConfig config() {
    return config;
  }

  Layers layers() {
    return layers;
  }

  Ops ops() {
    return ops;
  }

  <T> T in(String scope, Supplier<T> body) {
    return ops.graph().inScope(scope, body);
  }

  private Value activate(Value x) {
    return config.activation().apply(ops, x);
  }

  /**
   * Groups of the norm of a block that has its own number of them, of a network's end, or of the
   * middle where the config says none.
   */
  static int ownGroups(long channels) {
    return (int) Math.min(channels / CHANNELS_IN_GROUP, MOST_GROUPS);
  }

  /** The config's number of groups, or the block's own. */
  int groups(long channels) {
    return config.normNumGroups() > 0 ? config.normNumGroups() : ownGroups(channels);
  }

  /**
   * A residual block.
   *
   * @param channels of the output
   * @param groups of the first norm
   * @param groupsOut of the second norm
   * @param factor by which the sum of block and shortcut is divided
   * @param resampling of the block and of its shortcut; FIR filters always have a convolution in
   *     the shortcut
   */
  record Residual(int channels, int groups, int groupsOut, double factor, Resampling resampling) {}

  /** A residual block with the config's groups. */
  Residual residual(int channels, Resampling resampling) {
    int groups = groups(channels);
    return new Residual(channels, groups, groups, 1, resampling);
  }

  /**
   * norm, activation, conv, time, norm, activation, dropout, conv, and the input again: (N, C, H,
   * W) to (N, channels, H', W').
   */
  Value resnet(String name, Value x, Residual block) {
    return in(
        name,
        () -> {
          int channels = block.channels();
          Value h = activate(norm(name + ".norm1", x, block.groups()));
          h = block.resampling().apply(ops, h);
          Value shortcut = block.resampling().apply(ops, x);
          h = layers.conv(name + ".conv1", h, channels, 3, 1, 1, 1, 1, 1);
          int width = config.scaleShift() ? 2 * channels : channels;
          Value shift =
              ops.unsqueeze(layers.linear(name + ".time_emb_proj", activatedTime, width), 2, 3);
          if (config.scaleShift()) {
            h = scaleShift(norm(name + ".norm2", h, block.groupsOut()), shift);
          } else {
            h = norm(name + ".norm2", ops.add(h, shift), block.groupsOut());
          }
          h = dropout(name + ".dropout", activate(h));
          h = layers.conv(name + ".conv2", h, channels, 3, 1, 1, 1, 1, 1);
          boolean fir =
              block.resampling() == Resampling.FIR_DOWN || block.resampling() == Resampling.FIR_UP;
          if (fir || x.shape().size(1) != channels) {
            shortcut = layers.conv(name + ".conv_shortcut", shortcut, channels, 1, 1, 0, 0, 0, 0);
          }
          return rescale(ops.add(shortcut, h), block.factor());
        });
  }

  /**
   * A residual block of k-diffusion, whose norms have no weights but the timestep's (Dhariwal and
   * Nichol 2021, "adaptive group normalization"); nothing activates it first.
   *
   * @param channels of the output
   * @param groups of the first norm
   * @param groupsOut of the second norm
   */
  Value adaptiveResnet(String name, Value x, int channels, int groups, int groupsOut) {
    return in(
        name,
        () -> {
          Value h = activate(adaptiveNorm(name + ".norm1", x, groups));
          h = layers.conv(name + ".conv1", h, channels, 3, 1, 1, 1, 1, 1);
          h = activate(adaptiveNorm(name + ".norm2", h, groupsOut));
          h = dropout(name + ".dropout", h);
          h = layers.conv(name + ".conv2", h, channels, 3, 1, 1, 1, 1, 1);
          Value shortcut =
              x.shape().size(1) == channels
                  ? x
                  : layers.convWithoutBias(name + ".conv_shortcut", x, channels, 1, 1, 0, 0, 0, 0);
          return ops.add(shortcut, h);
        });
  }

  private Value adaptiveNorm(String name, Value x, int groups) {
    Value normed = layers.plainGroupNorm(name, x, groups, config.normEps());
    Value both = layers.linear(name + ".linear", time, 2 * x.shape().size(1));
    return scaleShift(normed, ops.unsqueeze(both, 2, 3));
  }

  /** x·(1 + scale) + shift, which are (N, 2·C, 1, 1) together. */
  private Value scaleShift(Value x, Value both) {
    long channels = x.shape().size(1);
    List<Value> parts = ops.split(both, 1, channels, channels);
    return ops.add(ops.mul(x, ops.add(parts.get(0), 1)), parts.get(1));
  }

  private Value dropout(String name, Value x) {
    if (config.dropout() == 0) {
      return x;
    }
    return ops.dropout(x, masks == null ? null : masks.of(name, x.shape()), config.dropout());
  }

  /**
   * Self-attention between all pixels.
   *
   * @param groups of the norm before it; 0 for none
   * @param factor by which the sum with the input is divided
   * @param up whether it is on the way up
   */
  record SelfAttention(int groups, double factor, boolean up) {}

  /** Attention and the input again: (N, C, H, W) to the same. */
  Value attention(String name, Value x, SelfAttention attention) {
    return in(
        name,
        () -> {
          int channels = (int) x.shape().size(1);
          int heads = config.attentionHeads().count(channels, attention.up());
          int width = config.attentionHeads().width(channels, attention.up());
          long inner = (long) heads * width;
          Value normed =
              attention.groups() == 0 ? x : norm(name + ".group_norm", x, attention.groups());
          Value tokens = ops.transpose(ops.reshape(normed, 0, channels, -1), 0, 2, 1); // (N, HW, C)
          Value q = heads(layers.linear(name + ".to_q", tokens, inner), heads, width);
          Value k = heads(layers.linear(name + ".to_k", tokens, inner), heads, width);
          Value v = heads(layers.linear(name + ".to_v", tokens, inner), heads, width);
          Value mixed = ops.attention(q, k, v, 1 / Math.sqrt(width)); // (N, heads, HW, D)
          Value joined = ops.reshape(ops.transpose(mixed, 0, 2, 1, 3), 0, 0, inner);
          Value out = ops.transpose(layers.linear(name + ".to_out.0", joined, channels), 0, 2, 1);
          return rescale(ops.add(ops.reshapeAs(out, x), x), attention.factor());
        });
  }

  /** (N, HW, heads·D) to (N, heads, HW, D). */
  private Value heads(Value x, long heads, long width) {
    return ops.transpose(ops.reshape(x, 0, -1, heads, width), 0, 2, 1, 3);
  }

  Value norm(String name, Value x, int groups) {
    return layers.groupNorm(name, x, groups, config.normEps());
  }

  private Value rescale(Value x, double factor) {
    return factor == 1 ? x : ops.div(x, factor);
  }
}
