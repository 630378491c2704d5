package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;
import java.util.HashMap;
import java.util.Map;

/**
 * The network in the loop's body, where its weights lie too: a runtime lays out weights anew that
 * are constants of the graph in which they are used.
 */
final class NetworkCall {
  private final Graph network;
  private final NetworkRoles roles;
  private final Conditioning conditioning;
  private final int channels;

  NetworkCall(Graph network, NetworkRoles roles, Conditioning conditioning, int channels) {
    this.network = network;
    this.roles = roles;
    this.conditioning = conditioning;
    this.channels = channels;
  }

  /**
   * What the network says.
   *
   * @param prediction (N, C, H, W)
   * @param variance (N, C, H, W); null where the network has none
   */
  record Answer(Value prediction, Value variance) {}

  /**
   * Calls the network.
   *
   * @param x float (N, C, H, W)
   */
  Answer call(StepColumns columns, Value x) {
    Ops ops = columns.ops();
    Value seen = columns.times(SamplerStep::inputScale, x);
    Value rows = conditioning.images(ops, seen);
    Map<String, Value> inputs = new HashMap<>();
    inputs.put(roles.sample(), ops.cast(rows, input(roles.sample()).dataType()));
    inputs.put(roles.timestep(), timestep(columns, rows));
    roles.classLabels().ifPresent(name -> inputs.put(name, labels(ops, input(name))));
    Value output = new Lowering(Map.of()).inline(network, ops.graph(), inputs).get(roles.output());
    if (output == null) {
      throw new IllegalArgumentException(
          "network: expected an output " + roles.output() + ", found " + network.outputs());
    }
    return answer(ops, ops.cast(output, DataType.FLOAT), x);
  }

  private Answer answer(Ops ops, Value output, Value x) {
    long found = output.shape().dim(1).sizeOrUnknown();
    if (found == channels) {
      return new Answer(conditioning.prediction(ops, output, x), null);
    }
    if (found != 2L * channels) {
      throw new IllegalArgumentException(
          "network: expected an output of %d channels, or of twice as many, found %s"
              .formatted(channels, output.shape()));
    }
    Value prediction = ops.slice(output, 1, 0, channels);
    Value variance = ops.slice(output, 1, channels, found);
    return new Answer(
        conditioning.prediction(ops, prediction, x), conditioning.variance(ops, variance, x));
  }

  private Value input(String name) {
    return NetworkRoles.input(network, name);
  }

  /** One number for all rows, in the type and rank that the network wants. */
  private Value timestep(StepColumns columns, Value rows) {
    Ops ops = columns.ops();
    Value input = input(roles.timestep());
    Value t = columns.timestep(input.dataType());
    return switch (input.shape().rank()) {
      case 0 -> t;
      case 1 -> ops.expand(t, extent(ops, input.shape().dim(0), rows));
      default ->
          ops.expand(t, ops.concat(0, extent(ops, input.shape().dim(0), rows), ops.longs(1)));
    };
  }

  /** The network's own extent; where that is open, how many rows there are. */
  private static Value extent(Ops ops, Dim own, Value rows) {
    Dim dim = own instanceof Dim.Fixed ? own : rows.shape().dim(0);
    return dim instanceof Dim.Named
        ? ops.slice(ops.shape(rows), 0, 0, 1)
        : ops.longs(dim.sizeOrUnknown());
  }

  private Value labels(Ops ops, Value input) {
    Value labels = ops.cast(conditioning.labels(ops), input.dataType());
    return input.shape().rank() == 2 ? ops.unsqueeze(labels, 1) : labels;
  }
}
