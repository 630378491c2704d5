package io.ddpm4j.trainer.objective;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.trainer.autodiff.Autodiff;
import java.util.List;
import java.util.stream.LongStream;

/**
 * The cross-entropy of a classifier, as nodes of a graph: -Σ_k q_k·log softmax(logits)_k, where q
 * is 1 for the image's class, less what is smoothed away and shared among all classes (Szegedy et
 * al. 2016, §7): q_k = (1-s)·[k is the class] + s/K. PyTorch's {@code cross_entropy}.
 *
 * @param labelSmoothing s, from 0 to below 1
 */
public record CrossEntropy(double labelSmoothing) {
  /** Refuses a smoothing outside its range. */
  public CrossEntropy {
    if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw new IllegalArgumentException(
          "label smoothing: expected a number from 0 to below 1, found " + labelSmoothing);
    }
  }

  /**
   * Adds the loss of each image, and the gradient of their weighted sum.
   *
   * @param logits the network's, float (N, K)
   * @param labels int64 (N), from 0 to K - 1
   * @param weight of each image, float (N)
   */
  public Objective.Loss loss(Ops o, Value logits, Value labels, Value weight) {
    long classes = logits.shape().size(1);
    Value all = o.constant(TensorData.longs(LongStream.range(0, classes).toArray()));
    Value chosen = o.cast(o.equal(o.unsqueeze(labels, 1), all), DataType.FLOAT); // (N, K)
    Value target =
        labelSmoothing == 0
            ? chosen
            : o.add(o.mul(chosen, 1 - labelSmoothing), labelSmoothing / classes);
    Value perImage = o.neg(o.reduceSum(o.mul(target, o.logSoftmax(logits, 1)), false, 1));
    Value sum = o.reduceSum(o.mul(perImage, weight), false);
    Value gradient = Autodiff.gradients(o, sum, List.of(logits)).get(logits);
    return new Objective.Loss(perImage, gradient);
  }
}
