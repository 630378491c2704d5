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

  /** Runs a model on zeros. */
  static ModelTrial once() {
    return once(Map.of());
  }

  /**
   * Runs a model on zeros.
   *
   * @param others what inputs of these names are given in their place
   */
  static ModelTrial once(Map<String, NumpyArray> others) {
    return file -> {
      try (OnnxModel model = OnnxModel.open(file, SessionSettings.forTrial())) {
        Map<String, NumpyArray> inputs = new LinkedHashMap<>();
        for (TensorSpec spec : model.inputs()) {
          NumpyArray other = others.get(spec.name());
          inputs.put(spec.name(), other == null ? zeros(spec) : other);
        }
        return "runs: " + finite(model, inputs);
      }
    };
  }

  /** The model's first output; refused if a number of it is not finite. */
  static NumpyArray finite(OnnxModel model, Map<String, NumpyArray> inputs) throws IOException {
    NumpyArray found = model.run(inputs).get(model.outputs().get(0).name());
    for (int i = 0; i < found.size(); i++) {
      if (!Double.isFinite(found.doubleAt(i))) {
        throw new IOException(
            "%s: expected finite predictions, found %s in the output"
                .formatted(model.name(), found.doubleAt(i)));
      }
    }
    return found;
  }

  private static NumpyArray zeros(TensorSpec spec) {
    long[] shape =
        spec.shape().stream().mapToLong(extent -> extent < 0 ? OTHER_SIZE : extent).toArray();
    int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return spec.isFloat()
        ? NumpyArray.of(new float[size], shape)
        : NumpyArray.of(new long[size], shape);
  }
}
