package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A graph as ONNX Runtime runs it, from buffers into buffers. Several threads may run it at a time,
 * each into outputs of its own.
 */
final class CompiledGraph {
  private final OrtSession session;

  private CompiledGraph(OrtSession session) {
    this.session = session;
  }

  /**
   * Compiles it, for one thread.
   *
   * @param owner of the session
   */
  static CompiledGraph of(NativeTensors owner, Graph graph) throws OrtException {
    return of(owner, graph, 1, Optional.empty());
  }

  /**
   * Compiles it.
   *
   * @param owner of the session
   * @param threads of an operator: 1 where threads divide the work among themselves
   * @param profile prefix of a file for the time of every operator
   */
  static CompiledGraph of(NativeTensors owner, Graph graph, int threads, Optional<Path> profile)
      throws OrtException {
    OrtSession.SessionOptions options = owner.own(new OrtSession.SessionOptions());
    options.setIntraOpNumThreads(threads);
    options.addConfigEntry("session.intra_op.allow_spinning", "0"); // others wait for the processor
    options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
    options.setMemoryPatternOptimization(false); // measured: 5 to 10 % faster on train graphs
    if (profile.isPresent()) {
      options.enableProfiling(profile.get().toString());
    }
    byte[] model = OnnxWriter.toBytes(OnnxModel.of(graph));
    return new CompiledGraph(owner.own(owner.environment().createSession(model, options)));
  }

  /**
   * Runs it.
   *
   * @param outputs all of the graph's, which are written to
   */
  void run(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs) throws OrtException {
    session.run(inputs, Set.of(), outputs).close(); // the results are in the pinned buffers
  }
}
