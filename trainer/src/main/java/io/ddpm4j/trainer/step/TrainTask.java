package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.DropoutMasks;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * What one training step computes: a network, what it is shown, its loss, and what is done with the
 * gradient. Immutable.
 */
public interface TrainTask {
  /** The input with the images of a step, which every task has: uint8 (n, C, H, W), black is 0. */
  String IMAGES = "images";

  /** The input with the label of each image: int64 (n). */
  String CLASS_LABELS = "class_labels";

  /** Images of a step. */
  int batchSize();

  /** The optimizer. */
  Adam adam();

  /** What is done to long gradients. */
  GradientClipping clipping();

  /** Averages of the weights, at least one, each of another decay; the first is the one to keep. */
  List<Ema> averages();

  /** The network's parameters, in the order of its layers. */
  Collection<Parameters.Spec> parameters();

  /** What a step is given of some images, by name, {@link #IMAGES} first; {@code n} is first. */
  Map<String, TensorType> inputs(int images);

  /** Numbers of one image in the network's first level, channels times pixels: its largest. */
  long elements();

  /** Whether the network has dropout, so that a step needs its masks. */
  boolean hasDropout();

  /**
   * What {@link #loss} is computed from.
   *
   * @param inputs those of {@link TrainTask#inputs}
   * @param sampleWeight of each image, float (n)
   * @param dropout the masks; not asked by a network without dropout
   */
  record Given(Map<String, Value> inputs, Value sampleWeight, DropoutMasks dropout) {}

  /**
   * A loss, and where the way back to the parameters begins.
   *
   * @param output the network's
   * @param perImage float (n), not weighted
   * @param gradient of the weighted sum with respect to the output, of its shape
   */
  record Loss(Value output, Value perImage, Value gradient) {}

  /** Adds network and loss to a graph. */
  Loss loss(Ops o, Parameters weights, Given given);

  /** What an input with the images of a step is. */
  static TensorType pixels(int images, int channels, int height, int width) {
    return new TensorType(DataType.UINT8, Shape.of(images, channels, height, width));
  }

  /** Refuses an empty batch, and the same average twice. */
  static void requireStep(int batchSize, List<Ema> averages) {
    if (averages.isEmpty() || new HashSet<>(averages).size() < averages.size()) {
      throw new IllegalArgumentException(
          "averages: expected at least one, each of another decay, found " + averages);
    }
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size: expected at least 1, found " + batchSize);
    }
  }
}
