package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The vectors that a step changes, (P) each, in two sets: a step reads one and writes the other,
 * then they {@link #swap}. Nothing is copied.
 */
final class StateVectors {
  private static final int SETS = 2;

  private final NativeTensors tensors;
  private final ParameterLayout layout;
  private final List<String> names;
  private final List<List<FloatBuffer>> vectors = new ArrayList<>(); // [set][vector]
  private final List<Map<String, OnnxTensor>> weights = new ArrayList<>(); // [set], by parameter
  private int current;

  /**
   * All zeros.
   *
   * @param names of the vectors, the weights first
   */
  StateVectors(NativeTensors tensors, ParameterLayout layout, List<String> names)
      throws OrtException {
    this.tensors = tensors;
    this.layout = layout;
    this.names = List.copyOf(names);
    for (int set = 0; set < SETS; set++) {
      vectors.add(names.stream().map(name -> NativeTensors.floats(layout.size())).toList());
      weights.add(tensors.ofParameters(layout, vectors.get(set).get(0), name -> name));
    }
  }

  List<String> names() {
    return names;
  }

  ParameterLayout layout() {
    return layout;
  }

  /**
   * The set that a step reads.
   *
   * @return 0 or 1
   */
  int current() {
    return current;
  }

  /** What was written is read from now on. */
  void swap() {
    current = SETS - 1 - current;
  }

  /** For each set, something made of it. */
  <T> List<T> ofEachSet(OfSet<T> making) throws OrtException {
    List<T> made = new ArrayList<>();
    for (int set = 0; set < SETS; set++) {
      made.add(making.of(set));
    }
    return made;
  }

  /** Makes something of a set. */
  @FunctionalInterface
  interface OfSet<T> {
    /**
     * @param set 0 or 1
     */
    T of(int set) throws OrtException;
  }

  /** The parameters among the weights of a set, by name. */
  Map<String, OnnxTensor> weights(int set) {
    return weights.get(set);
  }

  /** A piece of each vector of the set that is read while {@code set} is the current one. */
  Map<String, OnnxTensor> read(int set, int offset, int size) throws OrtException {
    return pieces("", set, offset, size);
  }

  /** A piece of each vector of the other set, each under {@code new_} and its name. */
  Map<String, OnnxTensor> written(int set, int offset, int size) throws OrtException {
    return pieces("new_", SETS - 1 - set, offset, size);
  }

  private Map<String, OnnxTensor> pieces(String prefix, int set, int offset, int size)
      throws OrtException {
    Map<String, OnnxTensor> pieces = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      pieces.put(prefix + names.get(i), tensors.of(vectors.get(set).get(i), offset, size));
    }
    return pieces;
  }

  /** Replaces the vectors that are read next, in the order of {@link #names}. */
  void set(List<float[]> state) {
    int size = layout.size();
    if (state.size() != names.size() || state.stream().anyMatch(v -> v.length != size)) {
      throw new IllegalArgumentException(
          "state: expected "
              + names.size()
              + " vectors of "
              + size
              + " numbers, found "
              + state.stream().map(vector -> vector.length).toList());
    }
    for (int i = 0; i < state.size(); i++) {
      vectors.get(current).get(i).put(0, state.get(i));
    }
  }

  /** A vector, valid until the next {@link #swap}; not to be written. */
  FloatBuffer get(String name) {
    return vectors.get(current).get(names.indexOf(name)).asReadOnlyBuffer();
  }

  /** Whether every number is finite: what a step wrote need not be. */
  boolean isFinite() {
    for (FloatBuffer vector : vectors.get(current)) {
      for (int i = 0; i < vector.capacity(); i++) {
        if (!Float.isFinite(vector.get(i))) {
          return false;
        }
      }
    }
    return true;
  }
}
