package io.ddpm4j.cli;

import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.loop.LoopImages;
import io.ddpm4j.exporter.loop.LoopModel;
import io.ddpm4j.exporter.loop.NetworkPorts;
import io.ddpm4j.exporter.loop.NetworkRoles;
import io.ddpm4j.exporter.loop.SamplerSpec;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.exporter.transform.ModelForm;
import io.ddpm4j.exporter.transform.OpsetConversion;
import io.ddpm4j.exporter.transform.StaticShapes;
import io.ddpm4j.exporter.transform.TransformException;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ValueRange;
import io.ddpm4j.runtime.model.ModelSignature;
import io.ddpm4j.runtime.model.TensorSpec;
import io.ddpm4j.runtime.sampling.LinearSampler;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Makes the loop of a network: runtime says what the method does and which input is which, exporter
 * builds the graph.
 *
 * @param model the loop
 * @param trial the same loop, which stops after {@link #TRIED} steps: a thousand take minutes, and
 *     noise for each of them more memory than the network
 * @param steps of the loop
 * @param text what it is, for people
 */
record LoopWriter(OnnxModel model, OnnxModel trial, int steps, String text) {
  /** The first and one that follows another: all that a step can do. */
  static final int TRIED = 2;

  /**
   * The loop.
   *
   * @param name of the network, for messages
   * @throws UsageException if method, network and form do not fit together
   */
  static LoopWriter of(String name, OnnxModel network, LoopPlan plan) throws IOException {
    try {
      OnnxModel formed = formed(network, plan.form());
      OnnxModel ports = formed.withGraph(NetworkPorts.of(formed.graph())); // of any size
      try (DiffusionPipeline pipeline = plan.open(OnnxWriter.toBytes(ports), name)) {
        return of(formed, plan, pipeline);
      }
    } catch (TransformException e) {
      throw new UsageException(name + ": " + e.getMessage());
    }
  }

  /** In its form, but for the number of images, of which guidance takes twice as many. */
  private static OnnxModel formed(OnnxModel network, ModelFormOptions options) {
    ModelForm form = options.form();
    boolean old = network.graph().opSet().version() < OpsetConversion.OLDEST;
    OptionalInt opset =
        form.opset().isEmpty() && old ? OptionalInt.of(OpSet.DEFAULT_VERSION) : form.opset();
    return new ModelForm(
            opset, form.weights(), false, OptionalInt.empty(), form.height(), form.width())
        .apply(network);
  }

  private static LoopWriter of(OnnxModel network, LoopPlan plan, DiffusionPipeline pipeline) {
    LinearSampler sampler = LoopMethod.linear(pipeline.sampler(), pipeline.schedulerConfig());
    OptionalLong noClass = noClass(pipeline);
    ValueRange range = pipeline.valueRange();
    LoopImages images =
        new LoopImages(
            pipeline.imageShape().channels(), range.low(), range.high(), plan.ports().images());
    Graph graph = network.graph();
    OptionalInt batch = plan.form().batch();
    if (batch.isPresent()) {
      graph = StaticShapes.fixBatch(graph, (noClass.isPresent() ? 2L : 1L) * batch.getAsInt());
    }
    try {
      SamplerSpec spec =
          new SamplerSpec(
              LoopTables.of(sampler.table(pipeline.schedule(), 0)),
              roles(pipeline.model().signature()),
              noClass,
              images,
              plan.ports().seeded());
      String config = plan.sampler().configuration(pipeline.schedulerConfig()).toJson();
      LoopModel loop = new LoopModel(spec, sampler.name(), config);
      OnnxModel fixed = network.withGraph(graph);
      return new LoopWriter(
          loop.around(fixed), loop.beginning(fixed, TRIED), loop.steps(), loop.text());
    } catch (IllegalArgumentException e) {
      throw new UsageException(pipeline.model().name() + ": " + e.getMessage());
    }
  }

  /**
   * The label away from which images are guided. Without it there is no guidance: of a network
   * without classes or without that label, or which fixes how many images it takes.
   */
  private static OptionalLong noClass(DiffusionPipeline pipeline) {
    ModelSignature signature = pipeline.model().signature();
    OptionalInt label = pipeline.metadata().nullClass();
    boolean open = signature.fixedBatch() < 1 && signature.classLabels().isPresent();
    return open && label.isPresent() ? OptionalLong.of(label.getAsInt()) : OptionalLong.empty();
  }

  private static NetworkRoles roles(ModelSignature signature) {
    return new NetworkRoles(
        signature.sample().name(),
        signature.timestep().name(),
        signature.classLabels().map(TensorSpec::name),
        signature.output().name());
  }
}
