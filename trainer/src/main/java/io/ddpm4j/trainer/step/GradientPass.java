package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.trainer.lowering.Hoisting;
import io.ddpm4j.trainer.lowering.TrainLowering;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The first half of a step: each thread runs the {@link GradientGraph} on its shards, one after the
 * other, and adds their gradients up. What hangs on the weights alone is computed before, once for
 * all of them.
 */
final class GradientPass {
  private final StepPlan plan;
  private final StateVectors state;
  private final CompiledGraph preparation; // null where there is nothing to prepare
  private final CompiledGraph gradient;
  private final CompiledGraph addition;
  private final List<Map<String, OnnxTensor>> needed; // [set], to prepare
  private final Map<String, OnnxTensor> prepared = new LinkedHashMap<>();
  private final List<GradientVector> sums = new ArrayList<>(); // [thread], over its shards
  private final List<GradientVector> others = new ArrayList<>(); // [thread], of one but the first
  private final List<ShardMasks> masks = new ArrayList<>(); // [thread]
  private final FloatBuffer sampleLoss; // (places), a shard behind the other
  private final List<OnnxTensor> sampleLosses = new ArrayList<>(); // [shard]

  /**
   * Compiles the graph; takes seconds for a large network.
   *
   * @param tensors owns what is made
   */
  GradientPass(NativeTensors tensors, StepPlan plan, GradientGraph graph, StateVectors state)
      throws OrtException {
    this.plan = plan;
    this.state = state;
    Hoisting parts = parts(plan, graph);
    Graph first = parts.first();
    preparation =
        first.nodes().isEmpty()
            ? null
            : CompiledGraph.of(tensors, first, plan.threads(), Optional.empty());
    gradient = CompiledGraph.of(tensors, parts.rest(), 1, plan.how().profile());
    addition = CompiledGraph.of(tensors, UpdateGraph.addition());
    Set<String> inputs = first.inputs().stream().map(Value::name).collect(Collectors.toSet());
    needed =
        state.ofEachSet(
            set -> {
              Map<String, OnnxTensor> weights = new LinkedHashMap<>(state.weights(set));
              weights.keySet().retainAll(inputs);
              return weights;
            });
    for (Map.Entry<String, Value> output : first.outputs().entrySet()) {
      long[] shape = output.getValue().shape().sizes();
      int elements = Math.toIntExact(output.getValue().shape().elements());
      prepared.put(output.getKey(), tensors.of(NativeTensors.floats(elements), 0, shape));
    }
    Shards shards = plan.shards();
    for (int thread = 0; thread < plan.threads(); thread++) {
      sums.add(GradientVector.of(tensors, graph.layout()));
      if (shards.count() > plan.threads()) {
        others.add(GradientVector.of(tensors, graph.layout()));
      }
      masks.add(new ShardMasks(tensors, graph.masks()));
    }
    sampleLoss = NativeTensors.floats(shards.places());
    for (int shard = 0; shard < shards.count(); shard++) {
      sampleLosses.add(tensors.of(sampleLoss, shard * shards.images(), shards.images()));
    }
  }

  /** The graph in the form that this machine runs best, less what hangs on the weights alone. */
  private static Hoisting parts(StepPlan plan, GradientGraph graph) {
    Graph lowered =
        plan.how().standard()
            ? TrainLowering.standard(graph.graph())
            : TrainLowering.pixelMajor(graph.graph());
    Set<String> parameters =
        graph.layout().entries().stream()
            .map(ParameterLayout.Entry::name)
            .collect(Collectors.toSet());
    return Hoisting.of(lowered, parameters);
  }

  /** Computes what hangs on the weights alone, before the threads begin. */
  void prepare() throws OrtException {
    if (preparation != null) {
      preparation.run(needed.get(state.current()), prepared);
    }
  }

  /**
   * Runs a thread's shards and adds their gradients up.
   *
   * @param thread 0 to threads - 1; each may run beside the others
   */
  void run(int thread, StepInputs inputs) throws OrtException {
    Shards shards = plan.shards();
    GradientVector sum = sums.get(thread);
    for (int shard = thread; shard < shards.count(); shard += shards.threads()) {
      GradientVector own = shard == thread ? sum : others.get(thread);
      Map<String, OnnxTensor> feeds = new LinkedHashMap<>(inputs.feeds(shard));
      feeds.putAll(state.weights(state.current()));
      feeds.putAll(prepared);
      ShardMasks dropout = masks.get(thread);
      int first = shard * shards.images();
      int end = Math.min(first + shards.images(), plan.task().batchSize());
      dropout.draw(inputs.masks(), first, end, shards.images());
      feeds.putAll(dropout.feeds());
      Map<String, OnnxTensor> results = new LinkedHashMap<>(own.ofParameters());
      results.put("sample_loss", sampleLosses.get(shard));
      gradient.run(feeds, results);
      if (own != sum) { // each element is read before it is written
        addition.run(
            Map.of("gradient", sum.whole(), "other", own.whole()), Map.of("sum", sum.whole()));
      }
    }
  }

  /** The sum of each thread's gradients, (P), of a step whose threads all have run. */
  List<FloatBuffer> sums() {
    return sums.stream().map(GradientVector::numbers).toList();
  }

  /** The loss of each image, not weighted: (N). */
  FloatBuffer sampleLoss() {
    return sampleLoss.slice(0, plan.task().batchSize()).asReadOnlyBuffer();
  }
}
