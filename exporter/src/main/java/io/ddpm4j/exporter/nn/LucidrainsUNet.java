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
import io.ddpm4j.exporter.nn.LucidrainsUNetConfig.Attention;
import io.ddpm4j.exporter.nn.LucidrainsUNetConfig.Image;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The {@code Unet} of the package denoising-diffusion-pytorch, with its parameter names. Reads top
 * to bottom: {@link #forward} is the network.
 *
 * <p>Two of its layers are written as the convolutions that they are. Where four pixels become
 * channels of one before a 1x1 convolution, the parameter is the equal 2x2 convolution of stride 2,
 * (out, C, 2, 2). Weights of residual blocks are used as they are: one that is to be standardised
 * has been.
 */
public final class LucidrainsUNet {
  private static final String ATTENTION_INSIDE_PRE_NORM = ".fn";

  private final LucidrainsUNetConfig config;
  private final Layers layers;
  private final Parameters parameters;
  private final Ops ops;

  private LucidrainsUNet(Ops ops, LucidrainsUNetConfig config, Parameters parameters) {
    this.ops = ops;
    this.config = config;
    this.parameters = parameters;
    this.layers = new Layers(ops, parameters);
  }

  /**
   * Adds the network to a graph.
   *
   * @param sample x_t, float (N, C, H, W) of the config's image
   * @param timestep t, int64 or float (N)
   * @return float (N, out_dim, H, W)
   * @throws ShapeException if an input does not fit the config
   */
  public static Value build(
      Ops ops, LucidrainsUNetConfig config, Parameters parameters, Value sample, Value timestep) {
    Image image = config.image();
    Shape shape = sample.shape();
    if (shape.rank() != 4
        || !shape.dim(1).is(image.channels())
        || !shape.dim(2).is(image.height())
        || !shape.dim(3).is(image.width())) {
      throw new ShapeException("sample: expected " + image + ", found " + shape);
    }
    return new LucidrainsUNet(ops, config, parameters).forward(sample, timestep);
  }

  /**
   * The network as a graph of its own, in standard operators that any runtime has: the inputs are
   * {@code sample} (batch, C, H, W) and {@code timestep} (batch), the output is {@code out_sample};
   * the weights are constants. A network with frequencies of its own is for continuous time, whose
   * {@code timestep} is float; otherwise it is int64.
   *
   * @param weights by parameter name
   * @throws ShapeException if a weight is missing or of another shape
   */
  public static Graph portable(LucidrainsUNetConfig config, Map<String, TensorData> weights) {
    Graph graph = new Graph("unet", OpSet.standard());
    Image image = config.image();
    Value sample =
        graph.input(
            "sample",
            DataType.FLOAT,
            Shape.named("batch", image.channels(), image.height(), image.width()));
    DataType time = config.time().frequencies() > 0 ? DataType.FLOAT : DataType.INT64;
    Value timestep = graph.input("timestep", time, Shape.named("batch"));
    Parameters parameters = Parameters.asConstants(graph, weights);
    graph.output("out_sample", build(new Ops(graph), config, parameters, sample, timestep));
    return Lowering.portable().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
  }

  /** The parameters that a network of that config has, in the order of its layers. */
  public static Parameters parameters(LucidrainsUNetConfig config) {
    Graph scratch = new Graph("parameters", OpSet.standard());
    Parameters parameters = Parameters.asInputs(scratch);
    Image image = config.image();
    Shape shape = Shape.of(1, image.channels(), image.height(), image.width());
    Value sample = scratch.input("sample", DataType.FLOAT, shape);
    Value timestep = scratch.input("timestep", DataType.INT64, Shape.of(1));
    build(new Ops(scratch), config, parameters, sample, timestep);
    return parameters;
  }

  private Value forward(Value sample, Value timestep) {
    List<Integer> dims = config.dims();
    int stages = config.stages().size();
    Value first = layers.conv("init_conv", sample, dims.get(0), 7, 1, 3, 3, 3, 3);
    Value time = ops.silu(time(timestep)); // every block begins with silu(t)

    Deque<Value> skips = new ArrayDeque<>();
    Value h = first;
    for (int stage = 0; stage < stages; stage++) {
      h = down(stage, h, time, skips);
    }
    Attention last = config.stages().get(stages - 1);
    h = resnet("mid_block1", h, time, dims.get(stages));
    h = attention("mid_attn", h, new Attention(true, last.heads(), last.dimHead(), last.memory()));
    h = resnet("mid_block2", h, time, dims.get(stages));
    for (int stage = stages - 1; stage >= 0; stage--) {
      h = up(stage, h, time, skips);
    }
    h = resnet("final_res_block", ops.concat(1, h, first), time, dims.get(0));
    return layers.conv("final_conv", h, config.outDim(), 1, 1, 0, 0, 0, 0);
  }

  /** t to (N, 4·dim). */
  private Value time(Value timestep) {
    return in(
        "time_mlp",
        () -> {
          int wide = 4 * config.time().dim();
          Value t = ops.unsqueeze(ops.cast(timestep, DataType.FLOAT), 1);
          Value embedding = config.time().frequencies() > 0 ? weightedSinusoid(t) : sinusoid(t);
          Value hidden = ops.gelu(layers.linear("time_mlp.1", embedding, wide));
          return layers.linear("time_mlp.3", hidden, wide);
        });
  }

  /** Sines, then cosines, at fixed frequencies from 1 down to 1/theta: (N, 1) to (N, dim). */
  private Value sinusoid(Value t) {
    int half = config.time().dim() / 2;
    float step = (float) -(Math.log(config.time().theta()) / (half - 1));
    float[] frequencies = new float[half];
    for (int i = 0; i < half; i++) {
      frequencies[i] = (float) Math.exp(i * step); // in float at every step, as PyTorch does
    }
    Value angles = ops.mul(t, ops.constant(TensorData.ofFloats(frequencies, 1, half)));
    return ops.concat(1, ops.sin(angles), ops.cos(angles));
  }

  /** t, then sines and cosines at frequencies that are weights: (N, 1) to (N, 1 + 2F). */
  private Value weightedSinusoid(Value t) {
    Shape shape = Shape.of(config.time().frequencies());
    Value weights = parameters.get("time_mlp.0.weights", shape, new Initializer.Normal());
    Value angles = ops.mul(ops.mul(ops.mul(t, ops.unsqueeze(weights, 0)), 2), Math.PI);
    return ops.concat(1, t, ops.sin(angles), ops.cos(angles));
  }

  private Value down(int stage, Value x, Value time, Deque<Value> skips) {
    String name = "downs." + stage;
    int dim = config.dims().get(stage);
    int out = config.dims().get(stage + 1);
    Value h = resnet(name + ".0", x, time, dim);
    skips.push(h);
    h = resnet(name + ".1", h, time, dim);
    h = attention(name + ".2", h, config.stages().get(stage));
    skips.push(h);
    if (stage == config.stages().size() - 1) {
      return layers.conv(name + ".3", h, out, 3, 1, 1, 1, 1, 1);
    }
    return config.variant().stridedDownsample()
        ? layers.conv(name + ".3", h, out, 4, 2, 1, 1, 1, 1)
        : layers.conv(name + ".3.1", h, out, 2, 2, 0, 0, 0, 0);
  }

  private Value up(int stage, Value x, Value time, Deque<Value> skips) {
    String name = "ups." + (config.stages().size() - 1 - stage);
    int dim = config.dims().get(stage + 1);
    int out = config.dims().get(stage);
    Value h = resnet(name + ".0", ops.concat(1, x, skips.pop()), time, dim);
    h = resnet(name + ".1", ops.concat(1, h, skips.pop()), time, dim);
    h = attention(name + ".2", h, config.stages().get(stage));
    return stage == 0
        ? layers.conv(name + ".3", h, out, 3, 1, 1, 1, 1, 1)
        : layers.conv(name + ".3.1", ops.upsampleNearest(h, 2), out, 3, 1, 1, 1, 1, 1);
  }

  /** conv, norm, scale and shift by time, silu, conv, norm, silu, and the input again. */
  private Value resnet(String name, Value x, Value time, int out) {
    return in(
        name,
        () -> {
          Value affine = ops.unsqueeze(layers.linear(name + ".mlp.1", time, 2 * out), 2, 3);
          List<Value> parts = ops.split(affine, 1, out, out);
          Value h = convNorm(name + ".block1", x, out);
          h = ops.silu(ops.add(ops.mul(h, ops.add(parts.get(0), 1)), parts.get(1)));
          h = ops.silu(convNorm(name + ".block2", h, out));
          Value shortcut =
              x.shape().dim(1).is(out)
                  ? x
                  : layers.conv(name + ".res_conv", x, out, 1, 1, 0, 0, 0, 0);
          return ops.add(h, shortcut);
        });
  }

  private Value convNorm(String name, Value x, int out) {
    Value h = layers.conv(name + ".proj", x, out, 3, 1, 1, 1, 1, 1);
    return config.groups() > 0
        ? layers.groupNorm(name + ".norm", h, config.groups(), 1e-5)
        : ChannelNorm.rms(ops, h, scale(name + ".norm", h));
  }

  /** Self-attention of the pixels behind a norm, and the input again. */
  private Value attention(String name, Value x, Attention attention) {
    return in(
        name,
        () -> {
          String outside = config.variant().preNorm() ? name + ATTENTION_INSIDE_PRE_NORM : name;
          String inside = config.variant().preNorm() ? outside + ATTENTION_INSIDE_PRE_NORM : name;
          Value normed = norm(outside + ".norm", x);
          Value mixed =
              attention.full()
                  ? fullAttention(inside, normed, attention)
                  : linearAttention(inside, normed, attention);
          return ops.add(mixed, x);
        });
  }

  private Value norm(String name, Value x) {
    Value scale = scale(name, x);
    return config.variant().preNorm()
        ? ChannelNorm.layer(ops, x, scale)
        : ChannelNorm.rms(ops, x, scale);
  }

  private Value scale(String name, Value x) {
    Shape shape = Shape.of(1, x.shape().size(1), 1, 1);
    return parameters.get(name + ".g", shape, new Initializer.Constant(1));
  }

  /** softmax(q·kᵀ/√D)·v (Vaswani et al. 2017, eq. 1), where some keys and values are weights. */
  private Value fullAttention(String name, Value x, Attention a) {
    List<Value> qkv = queriesKeysValues(name, x, a);
    List<Value> tokens = qkv.stream().map(v -> ops.transpose(v, 0, 1, 3, 2)).toList();
    List<Value> memory = memory(name, x, a.heads(), a.memory(), a.dimHead());
    Value k = memory.isEmpty() ? tokens.get(1) : ops.concat(2, memory.get(0), tokens.get(1));
    Value v = memory.isEmpty() ? tokens.get(2) : ops.concat(2, memory.get(1), tokens.get(2));
    Value mixed = ops.attention(tokens.get(0), k, v, 1 / Math.sqrt(a.dimHead())); // (N, h, L, D)
    Value image = image(ops.transpose(mixed, 0, 1, 3, 2), x, a);
    return layers.conv(name + ".to_out", image, x.shape().size(1), 1, 1, 0, 0, 0, 0);
  }

  /** softmax(q)/√D·(softmax(k)·vᵀ) (Shen et al. 2018): over channels for q, over pixels for k. */
  private Value linearAttention(String name, Value x, Attention a) {
    List<Value> qkv = queriesKeysValues(name, x, a);
    List<Value> memory = memory(name, x, a.heads(), a.dimHead(), a.memory());
    Value q = ops.mul(ops.softmax(qkv.get(0), 2), 1 / Math.sqrt(a.dimHead()));
    Value k = memory.isEmpty() ? qkv.get(1) : ops.concat(3, memory.get(0), qkv.get(1));
    Value v = memory.isEmpty() ? qkv.get(2) : ops.concat(3, memory.get(1), qkv.get(2));
    if (config.variant().preNorm()) {
      v = ops.div(v, x.shape().size(2) * x.shape().size(3));
    }
    Value context = ops.matMul(v, ops.transpose(ops.softmax(k, 3), 0, 1, 3, 2)); // (N, h, D, D)
    Value image = image(ops.matMul(context, q), x, a);
    Value out = layers.conv(name + ".to_out.0", image, x.shape().size(1), 1, 1, 0, 0, 0, 0);
    return norm(name + ".to_out.1", out);
  }

  /** Three of (N, heads, D, H·W). */
  private List<Value> queriesKeysValues(String name, Value x, Attention a) {
    int inner = a.inner();
    Value all = layers.convWithoutBias(name + ".to_qkv", x, 3L * inner, 1, 1, 0, 0, 0, 0);
    return ops.split(all, 1, inner, inner, inner).stream()
        .map(v -> ops.reshape(v, 0, a.heads(), a.dimHead(), -1))
        .toList();
  }

  /** Keys and values that are weights, the same for each image; none where there are none. */
  private List<Value> memory(String name, Value x, long heads, long rows, long columns) {
    if (rows == 0 || columns == 0) {
      return List.of();
    }
    Shape shape = Shape.of(2, heads, rows, columns);
    Value both = parameters.get(name + ".mem_kv", shape, new Initializer.Normal());
    Value batch = ops.slice(ops.shape(x), 0, 0, 1);
    Value each = ops.concat(0, batch, ops.longs(1, 1, 1));
    return List.of(
        ops.expand(ops.slice(both, 0, 0, 1), each), ops.expand(ops.slice(both, 0, 1, 2), each));
  }

  /** (N, heads, D, H·W) to (N, heads·D, H, W) of the size of {@code like}. */
  private Value image(Value x, Value like, Attention a) {
    return ops.reshape(x, 0, a.inner(), like.shape().size(2), like.shape().size(3));
  }

  private <T> T in(String scope, Supplier<T> body) {
    return ops.graph().inScope(scope, body);
  }
}
