package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.ddpm4j.exporter.graph.TensorType;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The inputs of one step in direct buffers, row-major; owned by the {@link TrainSession} that made
 * them.
 */
public final class StepInputs {
  private final TrainTask task;
  private final ByteBuffer images;
  private final LongBuffer timesteps;
  private final FloatBuffer noise;
  private final LongBuffer labels;
  private final FloatBuffer sampleWeights;
  private final List<Map<String, OnnxTensor>> feeds = new ArrayList<>(); // [shard]
  private MaskSource masks;

  StepInputs(NativeTensors tensors, StepPlan plan) throws OrtException {
    task = plan.task();
    Shards shards = plan.shards();
    int n = shards.images();
    int places = shards.places();
    Map<String, TensorType> inputs = task.inputs(n);
    long[] shape = inputs.get(TrainTask.IMAGES).shape().sizes();
    int image = Math.toIntExact(inputs.get(TrainTask.IMAGES).shape().elements() / n);
    boolean noisy = inputs.containsKey("noise");
    images = NativeTensors.bytes(Math.multiplyExact(places, image));
    noise = NativeTensors.floats(noisy ? Math.multiplyExact(places, image) : 0);
    timesteps = NativeTensors.longs(noisy ? places : 0);
    labels = NativeTensors.longs(places);
    sampleWeights = NativeTensors.floats(places); // 0 where there is no image
    for (int i = 0; i < task.batchSize(); i++) {
      sampleWeights.put(i, 1f / task.batchSize());
    }
    for (int shard = 0; shard < shards.count(); shard++) {
      int first = shard * n;
      Map<String, OnnxTensor> of = new LinkedHashMap<>();
      of.put(TrainTask.IMAGES, tensors.of(images, first * image, shape));
      if (noisy) {
        of.put("noise", tensors.of(noise, first * image, shape));
        of.put("timestep", tensors.of(timesteps, first, n));
      }
      of.put("sample_weight", tensors.of(sampleWeights, first, n));
      if (inputs.containsKey(TrainTask.CLASS_LABELS)) {
        of.put(TrainTask.CLASS_LABELS, tensors.of(labels, first, n));
      }
      feeds.add(of);
    }
  }

  private int pixels() {
    return Math.toIntExact(task.inputs(task.batchSize()).get(TrainTask.IMAGES).shape().elements());
  }

  /** uint8 (N, C, H, W). */
  public ByteBuffer images() {
    return images.slice(0, pixels());
  }

  /**
   * int64 (N).
   *
   * @throws IndexOutOfBoundsException if the task has no timesteps
   */
  public LongBuffer timesteps() {
    return timesteps.slice(0, task.batchSize());
  }

  /**
   * float (N, C, H, W).
   *
   * @throws IndexOutOfBoundsException if the task has no noise
   */
  public FloatBuffer noise() {
    return noise.slice(0, pixels());
  }

  /** int64 (N); ignored by a network that is told none. */
  public LongBuffer labels() {
    return labels.slice(0, task.batchSize());
  }

  /** float (N), the weight of each image in the step's loss; 1/N unless written to. */
  public FloatBuffer sampleWeights() {
    return sampleWeights.slice(0, task.batchSize());
  }

  /** Where a network with dropout has its masks from; others do not need any. */
  public void masks(MaskSource source) {
    masks = source;
  }

  /** Null where none was given. */
  MaskSource masks() {
    return masks;
  }

  /** The inputs of the gradient graph that belong to a shard, but for weights and masks. */
  Map<String, OnnxTensor> feeds(int shard) {
    return feeds.get(shard);
  }

  /**
   * The weighted sum of the images' losses.
   *
   * @param sampleLoss of each image, (N)
   */
  double loss(FloatBuffer sampleLoss) {
    double loss = 0;
    for (int i = 0; i < task.batchSize(); i++) {
      loss += (double) sampleWeights.get(i) * sampleLoss.get(i);
    }
    return loss;
  }
}
