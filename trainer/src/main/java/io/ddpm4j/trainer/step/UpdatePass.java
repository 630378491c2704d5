package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The second half of a step: the threads divide the vectors into pieces, add up the gradients of
 * all threads, and run the {@link UpdateGraph}, which reads one set of {@link StateVectors} and
 * writes the other.
 */
final class UpdatePass {
  /** Elements of the pieces in which state vectors are updated: a dozen of them fit a cache. */
  private static final int PIECE = 1 << 16;

  private final StateVectors state;
  private final int threads;
  private final CompiledGraph sum;
  private final CompiledGraph update;
  private final LongBuffer step = NativeTensors.longs(1);
  private final FloatBuffer learningRate = NativeTensors.floats(1);
  private final FloatBuffer gradientFactor = NativeTensors.floats(1);
  private final List<Piece> pieces = new ArrayList<>();

  /** A piece of the vectors: its tensors, for each set of state that is read. */
  private record Piece(
      Map<String, OnnxTensor> gradients,
      Map<String, OnnxTensor> sum,
      FloatBuffer sumOfSquares,
      List<Map<String, OnnxTensor>> inputs,
      List<Map<String, OnnxTensor>> outputs) {}

  /**
   * Compiles the graphs.
   *
   * @param tensors owns what is made
   * @param gradients of each thread, (P)
   */
  UpdatePass(NativeTensors tensors, TrainTask task, StateVectors state, List<FloatBuffer> gradients)
      throws OrtException {
    this.state = state;
    this.threads = gradients.size();
    sum = CompiledGraph.of(tensors, UpdateGraph.sum(threads));
    update = CompiledGraph.of(tensors, UpdateGraph.build(task));
    Map<String, OnnxTensor> scalars =
        Map.of(
            "step", tensors.of(step, 0),
            "learning_rate", tensors.of(learningRate, 0),
            "gradient_factor", tensors.of(gradientFactor, 0));
    int size = state.layout().size();
    for (int offset = 0; offset < size; offset += PIECE) {
      int length = Math.min(PIECE, size - offset);
      Map<String, OnnxTensor> parts = new LinkedHashMap<>();
      for (int thread = 0; thread < threads; thread++) {
        parts.put("gradient_" + thread, tensors.of(gradients.get(thread), offset, length));
      }
      pieces.add(piece(tensors, parts, scalars, offset, length));
    }
  }

  private Piece piece(
      NativeTensors tensors,
      Map<String, OnnxTensor> gradients,
      Map<String, OnnxTensor> scalars,
      int offset,
      int length)
      throws OrtException {
    OnnxTensor first = gradients.get("gradient_0"); // becomes the sum
    FloatBuffer sumOfSquares = NativeTensors.floats(1);
    Map<String, OnnxTensor> sums = new LinkedHashMap<>();
    if (gradients.size() > 1) {
      sums.put("gradient", first); // each element is read before it is written
    }
    sums.put("sum_of_squares", tensors.of(sumOfSquares, 0));
    List<Map<String, OnnxTensor>> inputs =
        state.ofEachSet(
            set -> {
              Map<String, OnnxTensor> in = new LinkedHashMap<>(scalars);
              in.put("gradient", first);
              in.putAll(state.read(set, offset, length));
              return in;
            });
    return new Piece(
        gradients,
        sums,
        sumOfSquares,
        inputs,
        state.ofEachSet(set -> state.written(set, offset, length)));
  }

  /** Adds up the threads' gradients, in a thread's pieces. */
  void sum(int thread) throws OrtException {
    for (int i = thread; i < pieces.size(); i += threads) {
      sum.run(pieces.get(i).gradients(), pieces.get(i).sum());
    }
  }

  /** The norm of the gradient, once it is summed. */
  double norm() {
    double squares = 0;
    for (Piece piece : pieces) {
      squares += piece.sumOfSquares().get(0);
    }
    return Math.sqrt(squares);
  }

  /**
   * What the update that follows is done with.
   *
   * @param number of the step, 1 for the first
   * @param factor that the gradient is multiplied by
   */
  void set(long number, double rate, double factor) {
    step.put(0, number);
    learningRate.put(0, (float) rate);
    gradientFactor.put(0, (float) factor);
  }

  /** Writes the new state, in a thread's pieces. */
  void update(int thread) throws OrtException {
    for (int i = thread; i < pieces.size(); i += threads) {
      Piece piece = pieces.get(i);
      update.run(piece.inputs().get(state.current()), piece.outputs().get(state.current()));
    }
  }
}
