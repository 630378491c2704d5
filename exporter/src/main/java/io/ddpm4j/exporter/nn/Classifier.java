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
import io.ddpm4j.exporter.graph.Value;
import java.util.List;
import java.util.Map;

/**
 * A small classifier of images: residual blocks with the norm first (He et al. 2016, "Identity
 * mappings"), GroupNorm and SiLU as in the U-Net, and the mean over all pixels at the end (Lin et
 * al. 2014). Reads top to bottom: {@link #forward} is the network. What it says of an image before
 * the class, its features, is what samples are judged by.
 */
public final class Classifier {
  private static final String IMAGES = "images";
  private static final double EPSILON = 1e-5;

  private final ClassifierConfig config;
  private final Layers layers;
  private final Ops ops;

  private Classifier(ClassifierConfig config, Layers layers) {
    this.config = config;
    this.layers = layers;
    this.ops = layers.ops();
  }

  /**
   * What the network says of some images.
   *
   * @param logits float (N, classes): their softmax is the probability of each class
   * @param features float (N, features)
   */
  public record Outputs(Value logits, Value features) {}

  /**
   * Adds the network to a graph.
   *
   * @param images float (N, C, H, W), in [-1, 1]
   * @throws ShapeException if the images are not those of the config
   */
  public static Outputs build(
      Ops ops, ClassifierConfig config, Parameters parameters, Value images) {
    Shape shape = images.shape();
    boolean fits =
        shape.rank() == 4
            && shape.dim(1).is(config.channels())
            && shape.dim(2).is(config.height())
            && shape.dim(3).is(config.width());
    if (!fits) {
      throw new ShapeException(
          "images: expected (N, %d, %d, %d), found %s"
              .formatted(config.channels(), config.height(), config.width(), shape));
    }
    return new Classifier(config, new Layers(ops, parameters)).forward(images);
  }

  /** The parameters of a network of that config, in the order of its layers. */
  public static Parameters parameters(ClassifierConfig config) {
    Graph scratch = new Graph("parameters", OpSet.standard());
    Parameters parameters = Parameters.asInputs(scratch);
    build(new Ops(scratch), config, parameters, declared(scratch, config));
    return parameters;
  }

  /**
   * The network as a graph of its own, in standard operators that any runtime has; the weights are
   * constants.
   *
   * <pre>
   * inputs   images    float (batch, C, H, W), in [-1, 1]
   * outputs  logits    float (batch, classes)
   *          features  float (batch, features)
   * </pre>
   *
   * @param weights by parameter name
   * @throws ShapeException if a weight is missing or of another shape
   */
  public static Graph portable(ClassifierConfig config, Map<String, TensorData> weights) {
    Graph graph = new Graph("classifier", OpSet.standard());
    Parameters parameters = Parameters.asConstants(graph, weights);
    Outputs outputs = build(new Ops(graph), config, parameters, declared(graph, config));
    graph.output("logits", outputs.logits());
    graph.output("features", outputs.features());
    return Lowering.portable().apply(graph, OpSet.onnx(OpSet.DEFAULT_VERSION));
  }

  private static Value declared(Graph graph, ClassifierConfig config) {
    List<Dim> dims =
        List.of(
            Dim.named("batch"),
            Dim.of(config.channels()),
            Dim.of(config.height()),
            Dim.of(config.width()));
    return graph.input(IMAGES, DataType.FLOAT, new Shape(dims));
  }

  private Outputs forward(Value images) {
    Value h = images;
    for (int level = 0; level < config.widths().size(); level++) {
      int width = config.widths().get(level);
      String name = "levels." + level;
      h = convolution(name + ".conv_in", h, width, level == 0 ? 1 : 2);
      for (int block = 0; block < config.blocks().get(level); block++) {
        h = residual(name + ".blocks." + block, h, width);
      }
    }
    Value last = activated("norm_out", h);
    Value features = ops.reduceMean(last, false, 2, 3); // (N, features)
    return new Outputs(layers.linear("classifier", features, config.classes()), features);
  }

  /** norm, SiLU, convolution, twice, and the input again: the shape stays. */
  private Value residual(String name, Value x, int channels) {
    return ops.graph()
        .inScope(
            name,
            () -> {
              Value h = activated(name + ".norm1", x);
              h = layers.conv(name + ".conv1", h, channels, 3, 1, 1, 1, 1, 1);
              h = activated(name + ".norm2", h);
              h = layers.conv(name + ".conv2", h, channels, 3, 1, 1, 1, 1, 1);
              return ops.add(x, h);
            });
  }

  private Value convolution(String name, Value x, int channels, int stride) {
    return ops.graph().inScope(name, () -> layers.conv(name, x, channels, 3, stride, 1, 1, 1, 1));
  }

  private Value activated(String name, Value x) {
    return ops.silu(layers.groupNorm(name, x, config.groups(), EPSILON));
  }
}
