package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.nn.ClassEmbedding;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.objective.Objective;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;

/**
 * What one training step computes.
 *
 * @param unet the network; its sample size is the images' height and width
 * @param batchSize images of a step
 * @param objective what the network is trained for
 * @param averages of the weights, at least one, each of another decay; the first is the one to
 *     sample with
 */
public record TrainStepConfig(
    UNetConfig unet,
    int batchSize,
    Objective objective,
    Adam adam,
    GradientClipping clipping,
    List<Ema> averages) {
  /** Refuses an empty batch, a network of unknown image size, and the same average twice. */
  public TrainStepConfig {
    averages = List.copyOf(averages);
    if (averages.isEmpty() || new HashSet<>(averages).size() < averages.size()) {
      throw new IllegalArgumentException(
          "averages: expected at least one, each of another decay, found " + averages);
    }
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size: expected at least 1, found " + batchSize);
    }
    requireTrainable(unet);
    if (unet.sampleSize() < 1) {
      throw new IllegalArgumentException("sample_size: expected a known size, found none");
    }
    int channels = objective.outputChannels(unet.inChannels());
    if (unet.outChannels() != channels) {
      throw new IllegalArgumentException(
          "out_channels: expected "
              + channels
              + (objective.varianceType().isLearned()
                  ? ", twice in_channels, for prediction and variance"
                  : ", as many as in_channels, since the prediction has the image's shape")
              + ", found "
              + unet.outChannels());
    }
  }

  /**
   * Refuses networks that cannot be told what a step tells: a timestep from 0 on, and the number of
   * a class.
   *
   * @throws IllegalArgumentException naming the field of the network's config
   */
  public static void requireTrainable(UNetConfig unet) {
    if (unet.timeEmbedding() == UNetConfig.TimeEmbedding.FOURIER) {
      throw new IllegalArgumentException(
          "U-Net config: time_embedding_type: expected positional or learned for training, found"
              + " fourier, which takes the logarithm of timesteps, and the first one is 0");
    }
    if (unet.classEmbedding() != ClassEmbedding.TABLE) {
      throw new IllegalArgumentException(
          "U-Net config: class_embed_type: expected null for training, since classes are numbers"
              + " of rows in a table, found "
              + unet.classEmbedding().toString().toLowerCase(Locale.ROOT));
    }
    unet.sampleSize(); // of squares only
  }

  /** For L_simple, with one average of the weights. */
  public TrainStepConfig(
      UNetConfig unet,
      int batchSize,
      NoiseSchedule schedule,
      PredictionType predictionType,
      Adam adam,
      GradientClipping clipping,
      Ema ema) {
    this(unet, batchSize, Objective.simple(schedule, predictionType), adam, clipping, List.of(ema));
  }

  /** The same step of another number of images. */
  public TrainStepConfig withBatchSize(int images) {
    return new TrainStepConfig(unet, images, objective, adam, clipping, averages);
  }
}
