package io.ddpm4j.trainer.step;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import io.ddpm4j.exporter.nn.UNetConfig;
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
  private final TrainStepConfig config;
  private final ByteBuffer images;
  private final LongBuffer timesteps;
  private final FloatBuffer noise;
  private final LongBuffer labels;
  private final FloatBuffer sampleWeights;
  private final List<Map<String, OnnxTensor>> feeds = new ArrayList<>(); // [shard]
  private MaskSource masks;

  StepInputs(NativeTensors tensors, StepPlan plan) throws OrtException {
    config = plan.config();
    UNetConfig unet = config.unet();
    Shards shards = plan.shards();
    int n = shards.images();
    long[] shape = {n, unet.inChannels(), unet.sampleSize(), unet.sampleSize()};
    int image = unet.inChannels() * unet.sampleSize() * unet.sampleSize();
    int places = shards.places();
    images = NativeTensors.bytes(Math.multiplyExact(places, image));
    noise = NativeTensors.floats(Math.multiplyExact(places, image));
    timesteps = NativeTensors.longs(places);
    labels = NativeTensors.longs(places);
    sampleWeights = NativeTensors.floats(places); // 0 where there is no image
    for (int i = 0; i < config.batchSize(); i++) {
      sampleWeights.put(i, 1f / config.batchSize());
    }
    for (int shard = 0; shard < shards.count(); shard++) {
      int first = shard * n;
      Map<String, OnnxTensor> of = new LinkedHashMap<>();
      of.put("images", tensors.of(images, first * image, shape));
      of.put("noise", tensors.of(noise, first * image, shape));
      of.put("timestep", tensors.of(timesteps, first, n));
      of.put("sample_weight", tensors.of(sampleWeights, first, n));
      if (unet.numClassEmbeds() > 0) {
        of.put("class_labels", tensors.of(labels, first, n));
      }
      feeds.add(of);
    }
  }

  private int pixels() {
    UNetConfig unet = config.unet();
    return config.batchSize() * unet.inChannels() * unet.sampleSize() * unet.sampleSize();
  }

  /** uint8 (N, C, H, W). */
  public ByteBuffer images() {
    return images.slice(0, pixels());
  }

  /** int64 (N). */
  public LongBuffer timesteps() {
    return timesteps.slice(0, config.batchSize());
  }

  /** float (N, C, H, W). */
  public FloatBuffer noise() {
    return noise.slice(0, pixels());
  }

  /** int64 (N); ignored by an unconditional network. */
  public LongBuffer labels() {
    return labels.slice(0, config.batchSize());
  }

  /** float (N), the weight of each image in the step's loss; 1/N unless written to. */
  public FloatBuffer sampleWeights() {
    return sampleWeights.slice(0, config.batchSize());
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
    for (int i = 0; i < config.batchSize(); i++) {
      loss += (double) sampleWeights.get(i) * sampleLoss.get(i);
    }
    return loss;
  }
}
