package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * A network's inputs and outputs without the network: what a runtime tells of these it tells of a
 * small file as well, whose outputs are zeros.
 */
public final class NetworkPorts {
  private NetworkPorts() {}

  /** A graph of the same inputs and outputs: names, types and shapes. */
  public static Graph of(Graph network) {
    Graph ports = new Graph(network.name(), network.opSet());
    network.inputs().forEach(v -> ports.input(v.name(), v.dataType(), v.shape()));
    Ops ops = new Ops(ports);
    network
        .outputs()
        .forEach(
            (name, value) -> {
              Value zero = ops.cast(ops.scalar(0), value.dataType());
              ports.output(
                  name,
                  value.shape().rank() == 0
                      ? ops.identity(zero)
                      : ops.expand(zero, shape(ops, value.shape())));
            });
    return ports;
  }

  /** The extents, of which an open one is that of an input. */
  private static Value shape(Ops ops, Shape shape) {
    List<Value> extents = new ArrayList<>();
    for (int axis = 0; axis < shape.rank(); axis++) {
      long size = shape.dim(axis).sizeOrUnknown();
      extents.add(size < 0 ? ofInput(ops, shape, axis) : ops.longs(size));
    }
    return ops.concat(0, extents);
  }

  /**
   * The extent of the same name; where no input has it, the one at the same place of an input of
   * the same rank: a prediction is as large as its image.
   */
  private static Value ofInput(Ops ops, Shape shape, int axis) {
    List<Value> inputs = ops.graph().inputs();
    for (Value input : inputs) {
      int same = input.shape().dims().indexOf(shape.dim(axis));
      if (same >= 0) {
        return ops.slice(ops.shape(input), 0, same, same + 1);
      }
    }
    for (Value input : inputs) {
      if (input.shape().rank() == shape.rank()) {
        return ops.slice(ops.shape(input), 0, axis, axis + 1);
      }
    }
    return ops.longs(1);
  }
}
