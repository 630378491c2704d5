package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNetBlocks.Residual;
import io.ddpm4j.exporter.nn.UNetBlocks.SelfAttention;
import io.ddpm4j.exporter.nn.UNetConfig.TimeEmbedding;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The noise-predicting U-Net (Ho et al. 2020, appendix B) with the structure and parameter names of
 * diffusers' {@code UNet2DModel}. Reads top to bottom: {@link #forward} is the network.
 */
public final class UNet {
  private static final String SAMPLE = "sample";
  private static final String TIMESTEP = "timestep";
  private static final String CLASS_LABELS = "class_labels";

  private final UNetConfig config;
  private final Layers layers;
  private final Ops ops;

  private UNet(UNetConfig config, Layers layers) {
    this.config = config;
    this.layers = layers;
    this.ops = layers.ops();
  }

  /**
   * What the network is applied to.
   *
   * @param sample x_t, float (N, in_channels, H, W) with known C, H and W
   * @param timestep t, int64 or float (N)
   * @param classLabels of the shape that {@link UNet#inputs} says; null for an unconditional
   *     network
   * @param masks of the dropout, which is only for training; null where nothing is dropped
   */
  public record Inputs(Value sample, Value timestep, Value classLabels, DropoutMasks masks) {}

  /**
   * Adds the network to a graph, without dropout.
   *
   * @param sample x_t, float (N, in_channels, H, W) with known C, H and W
   * @param timestep t, int64 or float (N)
   * @param classLabels of the shape that {@link #inputs} says; null for an unconditional network
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
   * @throws ShapeException if an input does not fit the config, or groups of a norm do not divide
   *     its channels
   */
  public static Value build(Ops ops, UNetConfig config, Parameters parameters, Inputs inputs) {
    TensorType labels = inputs(config).get(CLASS_LABELS);
    Value given = inputs.classLabels();
    boolean fits =
        labels == null || given == null
            ? (labels == null) == (given == null)
            : given.shape().rank() == labels.shape().rank();
    if (!fits) {
      throw new ShapeException(
          "class labels: expected "
              + (labels == null ? "none for a network without classes" : labels.toString())
              + ", found "
              + given);
    }
    if (inputs.sample().shape().size(1) != config.inChannels()) {
      throw new ShapeException(
          "sample: expected "
              + config.inChannels()
              + " channels, found "
              + inputs.sample().shape());
    }
    return new UNet(config, new Layers(ops, parameters)).forward(inputs);
  }

  /**
   * The inputs that {@link #portable} gives the network, in their order:
   *
   * <pre>
   * sample        float (batch, in_channels, H, W)
   * timestep      int64 (batch); float with a Fourier embedding
   * class_labels  of a conditional network only: int64 (batch), or float (batch, timeChannels)
   *               where classes are vectors already
   * </pre>
   */
  public static Map<String, TensorType> inputs(UNetConfig config) {
    Dim batch = Dim.named("batch");
    boolean fourier = config.timeEmbedding() == TimeEmbedding.FOURIER;
    Shape one = new Shape(List.of(batch)); // for each image
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put(
        SAMPLE,
        new TensorType(
            DataType.FLOAT,
            new Shape(
                List.of(
                    batch,
                    Dim.of(config.inChannels()),
                    Dim.of(config.sampleHeight()),
                    Dim.of(config.sampleWidth())))));
    inputs.put(TIMESTEP, new TensorType(fourier ? DataType.FLOAT : DataType.INT64, one));
    if (config.isConditional()) {
      inputs.put(
          CLASS_LABELS,
          switch (config.classEmbedding()) {
            case TABLE, TIMESTEP -> new TensorType(DataType.INT64, one);
            case IDENTITY ->
                new TensorType(
                    DataType.FLOAT, new Shape(List.of(batch, Dim.of(config.timeChannels()))));
          });
    }
    return inputs;
  }

  /**
   * The network as a graph of its own, in standard operators that any runtime has, with the {@link
   * #inputs} and the output {@code out_sample} (batch, out_channels, H, W); the weights are
   * constants.
   *
   * @param weights by parameter name
   * @throws IllegalArgumentException if the config leaves the images' size open
   * @throws ShapeException if a weight is missing or of another shape
   */
  public static Graph portable(UNetConfig config, Map<String, TensorData> weights) {
    UNetConfig.check(config.hasSize(), "sample_size", "the images' size for a model file", "none");
    Graph graph = new Graph("unet", OpSet.standard());
    Parameters parameters = Parameters.asConstants(graph, weights);
    graph.output("out_sample", build(new Ops(graph), config, parameters, declared(graph, config)));
    return Lowering.portable().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
  }

  private static Inputs declared(Graph graph, UNetConfig config) {
    Map<String, Value> values = new LinkedHashMap<>();
    inputs(config)
        .forEach((name, t) -> values.put(name, graph.input(name, t.dataType(), t.shape())));
    return new Inputs(values.get(SAMPLE), values.get(TIMESTEP), values.get(CLASS_LABELS), null);
  }

  /**
   * The parameters that a network of that config has, in the order of its layers.
   *
   * @throws ShapeException if groups of a norm do not divide its channels
   */
  public static Parameters parameters(UNetConfig config) {
    Graph scratch = new Graph("parameters", OpSet.standard());
    Parameters parameters = Parameters.asInputs(scratch);
    int any = 2 << config.blockOutChannels().size();
    UNetConfig sized = config.hasSize() ? config : config.toBuilder().sampleSize(any).build();
    build(new Ops(scratch), sized, parameters, declared(scratch, sized));
    return parameters;
  }

  private Value forward(Inputs inputs) {
    Value sample = inputs.sample();
    Value x = config.centerInputSample() ? ops.add(ops.mul(sample, 2), -1) : sample;
    Value time =
        new TimeConditioning(config, layers).embedding(inputs.timestep(), inputs.classLabels());
    UNetBlocks blocks = new UNetBlocks(config, layers, inputs.masks(), time);
    int levels = config.blockOutChannels().size();
    int first = config.blockOutChannels().get(0);

    Deque<Value> skips = new ArrayDeque<>();
    Value h = blocks.in("conv_in", () -> layers.conv("conv_in", x, first, 3, 1, 1, 1, 1, 1));
    skips.push(h);
    UNetDown down = new UNetDown(blocks, skips, x);
    for (int level = 0; level < levels; level++) {
      h = down.level(level, h);
    }
    h = config.midBlock() ? middle(blocks, h) : h;
    UNetUp up = new UNetUp(blocks, skips);
    for (int level = 0; level < levels; level++) {
      h = up.level(level, h);
    }
    return end(blocks, h, up.image(), inputs.timestep());
  }

  private Value middle(UNetBlocks blocks, Value x) {
    double factor = config.midBlockScaleFactor();
    int channels = (int) x.shape().size(1);
    int groups = blocks.groups(channels);
    Residual residual = new Residual(channels, groups, groups, factor, Resampling.NONE);
    Value h = blocks.resnet("mid_block.resnets.0", x, residual);
    if (config.addMidAttention()) {
      // diffusers: without an own number of groups, scale-shift networks have no norm here.
      int own = config.attnNormNumGroups();
      int normed = own == 0 && !config.scaleShift() ? groups : own;
      h = blocks.attention("mid_block.attentions.0", h, new SelfAttention(normed, factor, false));
    }
    return blocks.resnet("mid_block.resnets.1", h, residual);
  }

  /**
   * norm, SiLU, convolution.
   *
   * @param image what Skip blocks have drawn, which is added; null where there is none
   */
  private Value end(UNetBlocks blocks, Value h, Value image, Value timestep) {
    return blocks.in(
        "conv_out",
        () -> {
          Value normed = blocks.norm("conv_norm_out", h, blocks.groups(h.shape().size(1)));
          Value out =
              layers.conv("conv_out", ops.silu(normed), config.outChannels(), 3, 1, 1, 1, 1, 1);
          Value drawn = image == null ? out : ops.add(out, image);
          return config.timeEmbedding() == TimeEmbedding.FOURIER
              ? ops.div(drawn, ops.unsqueeze(ops.cast(timestep, DataType.FLOAT), 1, 2, 3))
              : drawn;
        });
  }
}
