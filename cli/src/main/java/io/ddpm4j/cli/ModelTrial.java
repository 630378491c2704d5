package io.ddpm4j.cli;

import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.model.OnnxModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.model.TensorSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** Tries a model file out before anybody relies on it. */
@FunctionalInterface
interface ModelTrial {
  /** Of an input whose extent the file leaves open. */
  int OTHER_SIZE = 1;

  /**
   * Runs the model.
   *
   * @return a sentence about it
   * @throws IOException if it does not run, or computes something else
   */
  String of(Path file) throws IOException;

  /** Runs a model as {@link #once(Map)} does, with nothing in place of its numbers. */
  static ModelTrial once() {
    return once(Map.of());
  }

  /**
   * Runs a model on zeros; where that gives no finite numbers, on ones: a Fourier embedding takes
   * the logarithm of its timestep, sometimes of its label too. Labels are 0 as long as they can be,
   * since there may be one only.
   *
   * @param others what inputs of these names are given in their place
   */
  static ModelTrial once(Map<String, NumpyArray> others) {
    return file -> {
      try (OnnxModel model = OnnxModel.open(file, SessionSettings.forTrial())) {
        NumpyArray found = output(model, inputs(model, others, 0, 0));
        for (int label = 0; label <= 1 && !isFinite(found); label++) {
          found = output(model, inputs(model, others, 1, label));
        }
        return "runs: " + requireFinite(model, found);
      }
    };
  }

  /** Loads a model, which checks its operators, types and shapes, and does not run it. */
  static ModelTrial loaded() {
    return file -> {
      try (OnnxModel model = OnnxModel.open(file, SessionSettings.forTrial())) {
        return "loads: " + model.outputs();
      }
    };
  }

  /** The model's first output; refused if a number of it is not finite. */
  static NumpyArray finite(OnnxModel model, Map<String, NumpyArray> inputs) throws IOException {
    return requireFinite(model, output(model, inputs));
  }

  private static NumpyArray output(OnnxModel model, Map<String, NumpyArray> inputs) {
    return model.run(inputs).get(model.outputs().get(0).name());
  }

  private static boolean isFinite(NumpyArray array) {
    return IntStream.range(0, array.size()).allMatch(i -> Double.isFinite(array.doubleAt(i)));
  }

  private static NumpyArray requireFinite(OnnxModel model, NumpyArray found) throws IOException {
    for (int i = 0; i < found.size(); i++) {
      if (!Double.isFinite(found.doubleAt(i))) {
        throw new IOException(
            "%s: expected finite predictions, found %s in the output"
                .formatted(model.name(), found.doubleAt(i)));
      }
    }
    return found;
  }

  /** Everything as one number, whole numbers as another. */
  private static Map<String, NumpyArray> inputs(
      OnnxModel model, Map<String, NumpyArray> others, int real, int whole) throws IOException {
    Map<String, NumpyArray> inputs = new LinkedHashMap<>();
    for (TensorSpec spec : model.inputs()) {
      NumpyArray other = others.get(spec.name());
      int value = spec.isFloat() ? real : whole;
      inputs.put(spec.name(), other == null ? filled(model, spec, value) : other);
    }
    return inputs;
  }

  private static NumpyArray filled(OnnxModel model, TensorSpec spec, int value) throws IOException {
    long[] shape =
        spec.shape().stream().mapToLong(extent -> extent < 0 ? OTHER_SIZE : extent).toArray();
    int size = size(model, spec, shape);
    if (spec.isFloat()) {
      float[] floats = new float[size];
      Arrays.fill(floats, value);
      return NumpyArray.of(floats, shape);
    }
    long[] integers = new long[size];
    Arrays.fill(integers, value);
    return NumpyArray.of(integers, shape);
  }

  private static int size(OnnxModel model, TensorSpec spec, long[] shape) throws IOException {
    try {
      return Math.toIntExact(Arrays.stream(shape).reduce(1, Math::multiplyExact));
    } catch (ArithmeticException e) {
      throw new IOException(
          "%s: expected inputs of at most %d numbers, with which it can be tried out, found %s"
              .formatted(model.name(), Integer.MAX_VALUE, spec),
          e);
    }
  }
}
