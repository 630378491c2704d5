package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A graph that holds a whole sampling run: inputs and output are those of {@link LoopInputs}, the
 * network is called once a step in the body of a {@code Loop}. All numbers beside the network's own
 * are float32.
 */
public final class SamplerGraph {
  private static final double MIN_VARIANCE = 1e-20;

  /** Inside the body; no weight has a name with a slash. */
  private static final String BODY = "loop/";

  private final Graph network;
  private final SamplerSpec spec;
  private final SamplerTable table;
  private final int trips; // steps that are taken, of those in the table
  private final Graph graph;
  private final Ops ops;

  private SamplerGraph(Graph network, SamplerSpec spec, int trips) {
    this.network = network;
    this.spec = spec;
    this.table = spec.table();
    this.trips = trips;
    this.graph = new Graph("sampler", network.opSet());
    this.ops = new Ops(graph);
  }

  /**
   * The loop around a network.
   *
   * @param network of operator set 13 or newer. Where it fixes its number of images, the loop makes
   *     as many, or half as many under guidance
   * @throws IllegalArgumentException if the network and the method do not fit together; the message
   *     names what is in the way
   */
  public static Graph of(Graph network, SamplerSpec spec) {
    return beginning(network, spec, spec.table().steps().size());
  }

  /**
   * The same loop, which stops early: node for node what {@link #of} gives, with all of its tables,
   * so that whoever has run it knows the whole without its time and without the noise of its steps.
   *
   * @param steps that are taken, 1 to those of the table
   * @throws IllegalArgumentException as {@link #of}
   */
  static Graph beginning(Graph network, SamplerSpec spec, int steps) {
    Graph graph = new SamplerGraph(network, spec, steps).build();
    return new Lowering(Map.of()).apply(graph, graph.opSet()); // without what nobody reads
  }

  private Graph build() {
    Shape shape = shape();
    LoopNoise noise = spec.seeded() ? null : given(shape); // the first of the inputs
    Value labels = labels(shape.dim(0));
    Conditioning conditioning =
        spec.noClass().isPresent()
            ? Guided.of(graph, labels, spec.noClass().getAsLong())
            : Conditioning.plain(labels);
    if (noise == null) {
      boolean counts = labels != null && labels.shape().rank() > 0;
      noise = LoopNoise.seeded(graph, shape, counts ? labels : null);
    }
    Value start = noise.initial();
    List<Value> carried = new ArrayList<>();
    carried.add(table.initialScale() == 1 ? start : ops.mul(start, table.initialScale()));
    for (int back = 1; back < table.historyDepth(); back++) {
      carried.add(ops.mul(start, 0)); // whose weight is 0 until there is something
    }
    Value count = ops.constant(TensorData.scalar((long) trips));
    Graph body = body(carried, noise, conditioning);
    // Without a condition ONNX's reference evaluator would take no step.
    Value always = ops.constant(TensorData.ofBools(new boolean[] {true}));
    Value x = ops.loop(count, always, carried, body).get(0);
    graph.output(LoopInputs.IMAGES, spec.images().of(ops, x));
    return graph;
  }

  private LoopNoise given(Shape shape) {
    return LoopNoise.given(graph, shape, table.noise() == NoiseUse.NONE ? 0 : trips);
  }

  /** (N, C, H, W). */
  private Shape shape() {
    Shape rows = NetworkRoles.input(network, spec.roles().sample()).shape();
    Dim images = rows.dim(0);
    if (images instanceof Dim.Fixed fixed && spec.noClass().isPresent()) {
      if (fixed.size() % 2 != 0) {
        throw new IllegalArgumentException(
            "guidance: expected a network of an even number of images, found " + rows);
      }
      images = Dim.of(fixed.size() / 2);
    }
    return rows.with(0, images).with(1, Dim.of(spec.images().channels()));
  }

  /** An input; null of an unconditional network. */
  private Value labels(Dim images) {
    if (spec.roles().classLabels().isEmpty()) {
      return null;
    }
    Value own = NetworkRoles.input(network, spec.roles().classLabels().get());
    boolean each = own.shape().rank() > 0; // else one label for all images
    Shape shape = each ? new Shape(List.of(images)) : Shape.SCALAR;
    return graph.input(LoopInputs.CLASS_LABELS, DataType.INT64, shape);
  }

  private Graph body(List<Value> carried, LoopNoise noise, Conditioning conditioning) {
    Graph body = graph.subgraph("step");
    Value step = body.input(BODY + "step", DataType.INT64, Shape.SCALAR);
    Value goOn = body.input(BODY + "go_on", DataType.BOOL, Shape.SCALAR);
    List<Value> state = new ArrayList<>();
    for (Value value : carried) {
      String name = BODY + (state.isEmpty() ? "x" : "kept_" + state.size());
      state.add(body.input(name, DataType.FLOAT, value.shape()));
    }
    StepColumns columns = new StepColumns(new Ops(body), table.steps(), step);
    List<Value> after = step(columns, state, noise, conditioning);
    body.output(BODY + "go_on_next", goOn);
    for (int k = 0; k < after.size(); k++) {
      body.output(state.get(k).name() + "_next", after.get(k));
    }
    return body;
  }

  /** What is carried to the next step: x and what was kept, the newest first. */
  private List<Value> step(
      StepColumns columns, List<Value> state, LoopNoise draws, Conditioning conditioning) {
    Value x = state.get(0);
    NetworkCall.Answer answer =
        new NetworkCall(network, spec.roles(), conditioning, spec.images().channels())
            .call(columns, x);
    Value output = answer.prediction();
    Value noise = table.noise() == NoiseUse.NONE ? null : noise(columns, draws, answer);
    if (table.noise() == NoiseUse.BEFORE) {
      x = columns.ops().add(x, noise);
    }
    Value x0 = predictedX0(columns, x, output);
    List<Value> kept = new ArrayList<>(state.subList(1, state.size()));
    if (table.historyDepth() > 0) {
      kept.add(0, StepSum.of(columns, SamplerStep::kept, x, x0, output));
    }
    StepSum next = new StepSum(columns).add(SamplerStep::next, x, x0, output);
    for (int k = 0; k < kept.size(); k++) {
      int back = k;
      next.add(each -> each.history(back), kept.get(k));
    }
    if (noise != null && table.noise() != NoiseUse.BEFORE) {
      next.add(noise);
    }
    List<Value> after = new ArrayList<>(List.of(next.value()));
    after.addAll(kept.subList(0, state.size() - 1));
    return after;
  }

  /** Null where no step has a use for it. */
  private Value predictedX0(StepColumns columns, Value x, Value output) {
    boolean unused =
        columns.isAlways(0, each -> each.kept().predictedX0())
            && columns.isAlways(0, each -> each.next().predictedX0());
    if (unused) {
      return null;
    }
    Value x0 = StepSum.of(columns, SamplerStep::x0, x, null, output);
    return table.bound().apply(columns.ops(), x0);
  }

  /** The noise of the step, times its deviation. */
  private Value noise(StepColumns columns, LoopNoise draws, NetworkCall.Answer answer) {
    Ops body = columns.ops();
    Value z = columns.times(each -> each.noise().scale(), draws.ofStep(body, columns.step()));
    if (!table.noise().isLearned()) {
      return z;
    }
    Value v = answer.variance();
    if (v == null) {
      throw new IllegalArgumentException(
          "variance: expected a network that predicts it, found one of "
              + spec.images().channels()
              + " channels");
    }
    if (table.noise() == NoiseUse.LEARNED) {
      return body.mul(z, body.sqrt(body.max(v, body.scalar(MIN_VARIANCE))));
    }
    Value share = body.mul(body.add(v, 1), 0.5);
    return body.mul(z, body.exp(columns.times(each -> each.noise().logRange(), share)));
  }
}
