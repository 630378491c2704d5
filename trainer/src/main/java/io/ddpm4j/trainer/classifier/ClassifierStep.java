package io.ddpm4j.trainer.classifier;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.Classifier;
import io.ddpm4j.exporter.nn.ClassifierConfig;
import io.ddpm4j.exporter.nn.Parameters;
import io.ddpm4j.trainer.objective.CrossEntropy;
import io.ddpm4j.trainer.objective.Objective;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import io.ddpm4j.trainer.step.TrainTask;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one step of training a classifier computes. Its inputs are {@code images}, uint8 (n, C, H,
 * W), and {@code class_labels}, int64 (n).
 *
 * @param batchSize images of a step
 * @param averages of the weights, at least one; the first is the one to keep
 */
public record ClassifierStep(
    ClassifierConfig network,
    int batchSize,
    CrossEntropy objective,
    Adam adam,
    GradientClipping clipping,
    List<Ema> averages)
    implements TrainTask {
  /** Refuses an empty batch, and the same average twice. */
  public ClassifierStep {
    averages = List.copyOf(averages);
    TrainTask.requireStep(batchSize, averages);
  }

  @Override
  public Collection<Parameters.Spec> parameters() {
    return Classifier.parameters(network).specs().values();
  }

  @Override
  public Map<String, TensorType> inputs(int images) {
    Map<String, TensorType> inputs = new LinkedHashMap<>();
    inputs.put(
        IMAGES, TrainTask.pixels(images, network.channels(), network.height(), network.width()));
    inputs.put(CLASS_LABELS, new TensorType(DataType.INT64, Shape.of(images)));
    return inputs;
  }

  @Override
  public long elements() {
    return (long) network.widths().get(0) * network.height() * network.width();
  }

  @Override
  public boolean hasDropout() {
    return false;
  }

  @Override
  public Loss loss(Ops o, Parameters weights, Given given) {
    Value pixels = o.cast(given.inputs().get(IMAGES), DataType.FLOAT);
    Value images = o.add(o.mul(pixels, 2.0 / 255), -1);
    Value logits = Classifier.build(o, network, weights, images).logits();
    Value labels = given.inputs().get(CLASS_LABELS);
    Objective.Loss loss = objective.loss(o, logits, labels, given.sampleWeight());
    return new Loss(logits, loss.perImage(), loss.gradient());
  }
}
