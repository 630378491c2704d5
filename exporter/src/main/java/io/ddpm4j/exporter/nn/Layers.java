package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.ShapeException;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.Arrays;

/** Layers with parameters, named and initialised as PyTorch's. Images are (N, C, H, W). */
final class Layers {
  private final Ops ops;
  private final Parameters parameters;

  Layers(Ops ops, Parameters parameters) {
    this.ops = ops;
    this.parameters = parameters;
  }

  Ops ops() {
    return ops;
  }

  /** Conv2d with bias; {@code pads} are top, left, bottom, right. */
  Value conv(String name, Value x, long outChannels, long kernel, long stride, long... pads) {
    Value weight = convWeight(name, x, outChannels, kernel);
    Initializer uniform = new Initializer.Uniform(x.shape().size(1) * kernel * kernel);
    Value bias = parameters.get(name + ".bias", Shape.of(outChannels), uniform);
    return ops.conv(x, weight, bias, stride, pads);
  }

  /** Conv2d without bias; {@code pads} are top, left, bottom, right. */
  Value convWithoutBias(
      String name, Value x, long outChannels, long kernel, long stride, long... pads) {
    return ops.conv(x, convWeight(name, x, outChannels, kernel), null, stride, pads);
  }

  private Value convWeight(String name, Value x, long outChannels, long kernel) {
    long inChannels = x.shape().size(1);
    return parameters.get(
        name + ".weight",
        Shape.of(outChannels, inChannels, kernel, kernel),
        new Initializer.Uniform(inChannels * kernel * kernel));
  }

  /** Linear with bias on the last axis of a (..., features) value: x·Wᵀ + b. */
  Value linear(String name, Value x, long outFeatures) {
    long inFeatures = x.shape().size(-1);
    Initializer uniform = new Initializer.Uniform(inFeatures);
    Value weight = parameters.get(name + ".weight", Shape.of(outFeatures, inFeatures), uniform);
    Value bias = parameters.get(name + ".bias", Shape.of(outFeatures), uniform);
    if (x.shape().rank() == 2) {
      return ops.gemm(x, false, weight, true, bias);
    }
    return ops.add(ops.matMul(x, ops.transpose(weight, 1, 0)), bias);
  }

  /**
   * GroupNorm with a scale and a bias for each channel.
   *
   * @throws ShapeException naming the layer if that many groups do not divide the channels
   */
  Value groupNorm(String name, Value x, int groups, double epsilon) {
    requireGroups(name, x, groups);
    Shape channels = Shape.of(x.shape().size(1));
    Value scale = parameters.get(name + ".weight", channels, new Initializer.Constant(1));
    Value bias = parameters.get(name + ".bias", channels, new Initializer.Constant(0));
    return ops.groupNorm(x, scale, bias, groups, epsilon);
  }

  /** GroupNorm without parameters; the name is for the message. */
  Value plainGroupNorm(String name, Value x, int groups, double epsilon) {
    requireGroups(name, x, groups);
    int channels = (int) x.shape().size(1);
    float[] ones = new float[channels];
    Arrays.fill(ones, 1);
    Value scale = ops.constant(TensorData.ofFloats(ones, channels));
    Value bias = ops.constant(TensorData.ofFloats(new float[channels], channels));
    return ops.groupNorm(x, scale, bias, groups, epsilon);
  }

  private static void requireGroups(String name, Value x, int groups) {
    long channels = x.shape().size(1);
    if (groups < 1 || channels % groups != 0) {
      throw new ShapeException(
          name
              + ": expected "
              + (groups < 1 ? "more channels" : "channels that " + groups + " groups divide")
              + ", found "
              + channels);
    }
  }

  /** Random frequencies: (width). */
  Value frequencies(String name, long width, double deviation) {
    return parameters.get(name + ".weight", Shape.of(width), new Initializer.Normal(deviation));
  }

  /** Rows of a table: indices (N) int64 to (N, features). */
  Value embedding(String name, Value indices, long rows, long features) {
    Value table =
        parameters.get(name + ".weight", Shape.of(rows, features), new Initializer.Normal());
    return ops.gather(table, indices, 0);
  }
}
