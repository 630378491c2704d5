package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import io.ddpm4j.exporter.nn.UNetConfig.TimeEmbedding;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The noise-predicting U-Net (Ho et al. 2020, appendix B) with the structure and parameter names of
 * diffusers' {@code UNet2DModel}. Reads top to bottom: {@link #forward} is the network.
 */
public final class UNet {
  private final UNetConfig config;
  private final UNetVariant variant;
  private final Layers layers;
  private final Ops ops;
  private final DropoutMasks masks; // null: nothing is dropped

  private UNet(Ops ops, UNetConfig config, UNetVariant variant, Layers layers, DropoutMasks masks) {
    this.ops = ops;
    this.config = config;
    this.variant = variant;
    this.layers = layers;
    this.masks = masks;
  }

  /**
   * What the network is applied to.
   *
   * @param sample x_t, float (N, in_channels, H, W) with known C, H and W
   * @param timestep t, int64 or float (N)
   * @param classLabels int64 (N); null for an unconditional network
   * @param masks of the dropout, which is only for training; null where nothing is dropped
   */
  public record Inputs(Value sample, Value timestep, Value classLabels, DropoutMasks masks) {}

  /**
   * Adds the network to a graph, without dropout.
   *
   * @param sample x_t, float (N, in_channels, H, W) with known C, H and W
   * @param timestep t, int64 or float (N)
   * @param classLabels int64 (N); null for an unconditional network
   * @return float (N, out_channels, H, W)
   * @throws ShapeException if an input does not fit the config
   */
  public static Value build(
      Ops ops,
      UNetConfig config,
      Parameters parameters,
      Value sample,
      Value timestep,
      Value classLabels) {
    return build(ops, config, parameters, new Inputs(sample, timestep, classLabels, null));
  }

  /**
   * Adds the network to a graph.
   *
   * @return float (N, out_channels, H, W)
   * @throws ShapeException if an input does not fit the config
   */
  public static Value build(Ops ops, UNetConfig config, Parameters parameters, Inputs inputs) {
    return build(ops, config, UNetVariant.NONE, parameters, inputs);
  }

  private static Value build(
      Ops ops, UNetConfig config, UNetVariant variant, Parameters parameters, Inputs inputs) {
    Value sample = inputs.sample();
    Value classLabels = inputs.classLabels();
    if ((classLabels != null) != (config.numClassEmbeds() > 0)) {
      throw new ShapeException(
          "class labels: expected "
              + (config.numClassEmbeds() > 0 ? "labels of " : "none, the network has ")
              + config.numClassEmbeds()
              + " classes, found "
              + classLabels);
    }
    if (sample.shape().size(1) != config.inChannels()) {
      throw new ShapeException(
          "sample: expected " + config.inChannels() + " channels, found " + sample.shape());
    }
    return new UNet(ops, config, variant, new Layers(ops, parameters), inputs.masks())
        .forward(sample, inputs.timestep(), classLabels);
  }

  /**
   * The network as a graph of its own, in standard operators that any runtime has: the inputs are
   * {@code sample} (batch, in_channels, H, W), {@code timestep} (batch) and, of a conditional
   * network, {@code class_labels} (batch), the output is {@code out_sample}; the weights are
   * constants.
   *
   * @param weights by parameter name
   * @throws IllegalArgumentException if the config leaves the images' size open
   * @throws ShapeException if a weight is missing or of another shape
   */
  public static Graph portable(UNetConfig config, Map<String, TensorData> weights) {
    return portable(config, UNetVariant.NONE, weights);
  }

  /** As {@link #portable(UNetConfig, Map)}, for a variant of the network. */
  public static Graph portable(
      UNetConfig config, UNetVariant variant, Map<String, TensorData> weights) {
    int size = config.sampleSize();
    UNetConfig.check(size > 0, "sample_size", "the images' size for a model file", "none");
    Graph graph = new Graph("unet", OpSet.standard());
    Value sample =
        graph.input(
            "sample", DataType.FLOAT, Shape.named("batch", config.inChannels(), size, size));
    Value timestep = graph.input("timestep", DataType.INT64, Shape.named("batch"));
    Value labels =
        config.numClassEmbeds() > 0
            ? graph.input("class_labels", DataType.INT64, Shape.named("batch"))
            : null;
    Parameters parameters = Parameters.asConstants(graph, weights);
    Inputs inputs = new Inputs(sample, timestep, labels, null);
    graph.output("out_sample", build(new Ops(graph), config, variant, parameters, inputs));
    return Lowering.portable().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
  }

  /** The parameters that a network of that config has, in the order of its layers. */
  public static Parameters parameters(UNetConfig config) {
    return parameters(config, UNetVariant.NONE);
  }

  /** As {@link #parameters(UNetConfig)}, for a variant of the network. */
  public static Parameters parameters(UNetConfig config, UNetVariant variant) {
    Graph scratch = new Graph("parameters", OpSet.standard());
    Parameters parameters = Parameters.asInputs(scratch);
    int size =
        config.sampleSize() > 0 ? config.sampleSize() : 1 << config.blockOutChannels().size();
    Value sample =
        scratch.input("sample", DataType.FLOAT, Shape.of(1, config.inChannels(), size, size));
    Value timestep = scratch.input("timestep", DataType.INT64, Shape.of(1));
    Value labels =
        config.numClassEmbeds() > 0
            ? scratch.input("class_labels", DataType.INT64, Shape.of(1))
            : null;
    Inputs inputs = new Inputs(sample, timestep, labels, null);
    build(new Ops(scratch), config, variant, parameters, inputs);
    return parameters;
  }

  private Value forward(Value sample, Value timestep, Value classLabels) {
    Value x = config.centerInputSample() ? ops.add(ops.mul(sample, 2), -1) : sample;
    Value time =
        ops.silu(timeEmbedding(timestep, classLabels)); // every block begins with silu(emb)
    List<Integer> channels = config.blockOutChannels();
    int levels = channels.size();

    Deque<Value> skips = new ArrayDeque<>();
    Value h = in("conv_in", () -> layers.conv("conv_in", x, channels.get(0), 3, 1, 1, 1, 1, 1));
    skips.push(h);
    for (int level = 0; level < levels; level++) {
      h = down(level, h, time, skips);
    }
    h = middle(h, time);
    List<Integer> reversed = new ArrayList<>(channels);
    Collections.reverse(reversed);
    for (int level = 0; level < levels; level++) {
      h = up(level, reversed.get(level), h, time, skips);
    }
    Value last = h;
    return in(
        "conv_out",
        () -> {
          Value normed = norm("conv_norm_out", last);
          return layers.conv("conv_out", ops.silu(normed), config.outChannels(), 3, 1, 1, 1, 1, 1);
        });
  }

  private Value timeEmbedding(Value timestep, Value classLabels) {
    return in(
        "time_embedding",
        () -> {
          int first = config.blockOutChannels().get(0);
          int width = variant.sinusoidChannels() > 0 ? variant.sinusoidChannels() : first;
          Value projected =
              config.timeEmbedding() == TimeEmbedding.LEARNED
                  ? layers.embedding("time_proj", timestep, config.numTrainTimesteps(), width)
                  : TimestepEmbedding.sinusoidal(
                      ops, scaled(timestep), width, config.flipSinToCos(), config.freqShift());
          int wide = config.timeChannels();
          Value hidden = ops.silu(layers.linear("time_embedding.linear_1", projected, wide));
          Value embedding = layers.linear("time_embedding.linear_2", hidden, wide);
          if (classLabels == null) {
            return embedding;
          }
          return ops.add(
              embedding,
              layers.embedding("class_embedding", classLabels, config.numClassEmbeds(), wide));
        });
  }

  private Value scaled(Value timestep) {
    double scale = variant.timestepScale();
    return scale == 1 ? timestep : ops.mul(ops.cast(timestep, DataType.FLOAT), scale);
  }

  private Value down(int level, Value x, Value time, Deque<Value> skips) {
    String block = "down_blocks." + level;
    BlockType type = config.downBlockTypes().get(level);
    int channels = config.blockOutChannels().get(level);
    Value h = x;
    for (int i = 0; i < config.layersPerBlock(); i++) {
      h = resnet(block + ".resnets." + i, h, time, channels, Resample.NONE, 1);
      if (type == BlockType.ATTENTION) {
        h = attention(block + ".attentions." + i, h, config.normNumGroups(), 1, variant.heads());
      }
      skips.push(h);
    }
    if (level < config.blockOutChannels().size() - 1) {
      String name = block + ".downsamplers.0";
      boolean resnet =
          type == BlockType.RESNET || type == BlockType.ATTENTION && config.resnetDownsample();
      Value from = h;
      h =
          resnet
              ? resnet(name, h, time, channels, Resample.DOWN, 1)
              : in(name, () -> downsample(name, from, channels));
      skips.push(h);
    }
    return h;
  }

  private Value middle(Value x, Value time) {
    double factor = config.midBlockScaleFactor();
    int channels = (int) x.shape().size(1);
    Value h = resnet("mid_block.resnets.0", x, time, channels, Resample.NONE, factor);
    if (config.addMidAttention()) {
      // diffusers: without an own number of groups, scale-shift networks have no norm here.
      int groups = config.attnNormNumGroups();
      if (groups == 0 && !config.scaleShift()) {
        groups = config.normNumGroups();
      }
      h = attention("mid_block.attentions.0", h, groups, factor, variant.heads());
    }
    return resnet("mid_block.resnets.1", h, time, channels, Resample.NONE, factor);
  }

  private Value up(int level, int channels, Value x, Value time, Deque<Value> skips) {
    String block = "up_blocks." + level;
    BlockType type = config.upBlockTypes().get(level);
    Value h = x;
    for (int i = 0; i <= config.layersPerBlock(); i++) {
      Value joined = ops.concat(1, h, skips.pop());
      h = resnet(block + ".resnets." + i, joined, time, channels, Resample.NONE, 1);
      if (type == BlockType.ATTENTION) {
        h = attention(block + ".attentions." + i, h, config.normNumGroups(), 1, variant.upHeads());
      }
    }
    if (level == config.blockOutChannels().size() - 1) {
      return h;
    }
    String name = block + ".upsamplers.0";
    if (type == BlockType.RESNET || type == BlockType.ATTENTION && config.resnetUpsample()) {
      return resnet(name, h, time, channels, Resample.UP, 1);
    }
    Value from = h;
    if (variant.plainResampling()) {
      return ops.upsampleNearest(from, 2);
    }
    return in(
        name,
        () ->
            layers.conv(name + ".conv", ops.upsampleNearest(from, 2), channels, 3, 1, 1, 1, 1, 1));
  }

  private Value downsample(String name, Value x, int channels) {
    if (variant.plainResampling()) {
      return ops.averagePool(x, 2);
    }
    // Padding 0 means one row and column of zeros at the far side (TensorFlow's "same").
    int p = config.downsamplePadding();
    return p == 0
        ? layers.conv(name + ".conv", x, channels, 3, 2, 0, 0, 1, 1)
        : layers.conv(name + ".conv", x, channels, 3, 2, p, p, p, p);
  }

  private enum Resample {
    NONE,
    DOWN,
    UP
  }

  /**
   * norm, silu, conv, time, norm, silu, dropout, conv, and the input again: (N, C, H, W) to (N,
   * out, ...).
   */
  private Value resnet(
      String name, Value x, Value time, int outChannels, Resample resample, double factor) {
    return in(
        name,
        () -> {
          Value h = resample(ops.silu(norm(name + ".norm1", x)), resample);
          Value shortcut = resample(x, resample);
          h = layers.conv(name + ".conv1", h, outChannels, 3, 1, 1, 1, 1, 1);
          int width = config.scaleShift() ? 2 * outChannels : outChannels;
          Value embedding =
              ops.unsqueeze(layers.linear(name + ".time_emb_proj", time, width), 2, 3);
          if (config.scaleShift()) {
            List<Value> parts = ops.split(embedding, 1, outChannels, outChannels);
            Value normed = norm(name + ".norm2", h);
            h = ops.add(ops.mul(normed, ops.add(parts.get(0), 1)), parts.get(1));
          } else {
            h = norm(name + ".norm2", ops.add(h, embedding));
          }
          h = dropout(name + ".dropout", ops.silu(h));
          h = layers.conv(name + ".conv2", h, outChannels, 3, 1, 1, 1, 1, 1);
          if (x.shape().size(1) != outChannels) {
            shortcut =
                layers.conv(name + ".conv_shortcut", shortcut, outChannels, 1, 1, 0, 0, 0, 0);
          }
          return rescale(ops.add(shortcut, h), factor);
        });
  }

  private Value dropout(String name, Value x) {
    if (config.dropout() == 0) {
      return x;
    }
    return ops.dropout(x, masks == null ? null : masks.of(name, x.shape()), config.dropout());
  }

  private Value resample(Value x, Resample resample) {
    return switch (resample) {
      case NONE -> x;
      case DOWN -> ops.averagePool(x, 2);
      case UP -> ops.upsampleNearest(x, 2);
    };
  }

  /**
   * Self-attention between all pixels, with a residual; 0 groups: no norm before it, 0 fixed heads:
   * as many as the config says.
   */
  private Value attention(String name, Value x, int groups, double factor, int fixedHeads) {
    return in(
        name,
        () -> {
          long channels = x.shape().size(1);
          long height = x.shape().size(2);
          long width = x.shape().size(3);
          long headDim =
              fixedHeads > 0
                  ? channels / fixedHeads
                  : config.attentionHeadDim() == 0 ? channels : config.attentionHeadDim();
          long heads = Math.max(1, channels / headDim);
          long inner = heads * headDim;
          Value normed =
              groups == 0 ? x : layers.groupNorm(name + ".group_norm", x, groups, config.normEps());
          Value tokens = ops.transpose(ops.reshape(normed, 0, channels, -1), 0, 2, 1); // (N, HW, C)
          Value q = heads(layers.linear(name + ".to_q", tokens, inner), heads, headDim);
          Value k = heads(layers.linear(name + ".to_k", tokens, inner), heads, headDim);
          Value v = heads(layers.linear(name + ".to_v", tokens, inner), heads, headDim);
          Value mixed = ops.attention(q, k, v, 1 / Math.sqrt(headDim)); // (N, heads, HW, D)
          Value joined = ops.reshape(ops.transpose(mixed, 0, 2, 1, 3), 0, height * width, inner);
          Value out = ops.transpose(layers.linear(name + ".to_out.0", joined, channels), 0, 2, 1);
          return rescale(ops.add(ops.reshape(out, 0, channels, height, width), x), factor);
        });
  }

  /** (N, HW, heads·D) to (N, heads, HW, D). */
  private Value heads(Value x, long heads, long headDim) {
    return ops.transpose(ops.reshape(x, 0, -1, heads, headDim), 0, 2, 1, 3);
  }

  private Value norm(String name, Value x) {
    return layers.groupNorm(name, x, config.normNumGroups(), config.normEps());
  }

  private Value rescale(Value x, double factor) {
    return factor == 1 ? x : ops.div(x, factor);
  }

  private Value in(String scope, Supplier<Value> body) {
    return ops.graph().inScope(scope, body);
  }
}
