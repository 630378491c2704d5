package io.ddpm4j.exporter.transform;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A network whose large weights are 8-bit integers with one scale for each output channel: w ≈
 * scale·q, where q is -127 to 127 and scale is the channel's largest |w| over 127. They become
 * floats by {@code Cast} and {@code Mul}, in any operator set: a runtime that folds constants does
 * so once, when it loads the model, and computes as fast as with floats. {@link Int8Plan} says
 * which weights these are.
 */
public final class Int8Weights {
  private final Map<Value, Integer> channels;
  private final Map<Value, Value> floats = new HashMap<>();

  private Int8Weights(Map<Value, Integer> channels) {
    this.channels = channels;
  }

  /**
   * The network with 8-bit weights; it computes in float32 as before.
   *
   * @throws TransformException if there is no weight to make smaller, or one holds a number that is
   *     not finite; the message names it
   */
  public static Graph of(Graph graph) {
    Map<Value, Integer> plan = Int8Plan.of(graph);
    if (plan.isEmpty()) {
      throw new TransformException(
          "graph "
              + graph.name()
              + ": expected float32 weights of "
              + Int8Plan.SMALLEST
              + " numbers or more between its first and last layer, found none");
    }
    Int8Weights weights = new Int8Weights(plan);
    Map<String, Lowering.Rule> rules = new HashMap<>();
    Int8Plan.OPERATORS.forEach(op -> rules.put(op, weights::replace));
    Graph quantised = new Lowering(rules).apply(graph, graph.opSet());
    return new Lowering(Map.of()).apply(quantised, quantised.opSet()); // without the float weights
  }

  private List<Value> replace(Ops ops, Node node, List<Value> inputs) {
    boolean mine = node.presentInputs().stream().anyMatch(channels::containsKey);
    if (!mine) {
      return null;
    }
    List<Value> replaced = new ArrayList<>(inputs);
    for (int i = 0; i < replaced.size(); i++) {
      Value weight = node.in(i);
      if (channels.containsKey(weight)) {
        replaced.set(i, floats.computeIfAbsent(weight, w -> dequantised(ops, w)));
      }
    }
    return ops.graph().add(node.op(), replaced, node.attributes()).outputs();
  }

  private Value dequantised(Ops ops, Value weight) {
    int axis = channels.get(weight);
    Shape shape = weight.shape();
    TensorData data = weight.data().orElseThrow();
    int channelCount = (int) shape.size(axis);
    int inner = 1;
    for (int k = axis + 1; k < shape.rank(); k++) {
      inner = Math.multiplyExact(inner, (int) shape.size(k));
    }
    int width = inner;
    FloatBuffer values = data.bytes().asFloatBuffer();
    float[] scales = scales(weight.name(), values, channelCount, width);
    ByteBuffer bytes =
        Stored.bytes(
            values.limit(),
            data,
            (from, i, to) ->
                to.put((byte) Math.rint(from.get(i) / scales[i / width % channelCount])));
    long[] scaleShape = new long[shape.rank()];
    Arrays.fill(scaleShape, 1);
    scaleShape[axis] = channelCount;
    Graph graph = ops.graph();
    TensorData integers = TensorData.wrap(DataType.INT8, shape, bytes);
    Value q = graph.constant(weight.name() + ".int8", integers);
    Value scale = graph.constant(weight.name() + ".scale", TensorData.ofFloats(scales, scaleShape));
    return ops.mul(ops.cast(q, DataType.FLOAT), scale);
  }

  /** The largest magnitude of each channel over 127; 1 where all are 0. */
  private static float[] scales(String name, FloatBuffer values, int channelCount, int inner) {
    float[] scales = new float[channelCount];
    for (int i = 0; i < values.limit(); i++) {
      float value = values.get(i);
      if (!Float.isFinite(value)) {
        throw new TransformException(
            name + ": expected finite numbers, found " + value + " at element " + i);
      }
      int channel = i / inner % channelCount;
      scales[channel] = Math.max(scales[channel], Math.abs(value));
    }
    for (int channel = 0; channel < channelCount; channel++) {
      scales[channel] = scales[channel] < 127 * Float.MIN_NORMAL ? 1 : scales[channel] / 127;
    }
    return scales;
  }
}
