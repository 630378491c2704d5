package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import java.nio.FloatBuffer;
import java.util.Map;

/**
 * A vector of gradients.
 *
 * @param numbers of it, (P)
 * @param whole it as one tensor
 * @param ofParameters it as the outputs of the {@link GradientGraph}
 */
record GradientVector(FloatBuffer numbers, OnnxTensor whole, Map<String, OnnxTensor> ofParameters) {

  static GradientVector of(NativeTensors tensors, ParameterLayout layout) throws OrtException {
    FloatBuffer numbers = NativeTensors.floats(layout.size());
    return new GradientVector(
        numbers,
        tensors.of(numbers, 0, layout.size()),
        tensors.ofParameters(layout, numbers, GradientGraph::gradientOf));
  }
}
