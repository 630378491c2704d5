package io.ddpm4j.trainer.step;

import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;

/**
 * What one training step computes.
 *
 * @param unet the network; its sample size is the images' height and width
 * @param batchSize images of a step
 * @param schedule the forward process
 * @param predictionType what the network is trained to predict
 */
public record TrainStepConfig(
    UNetConfig unet,
    int batchSize,
    NoiseSchedule schedule,
    PredictionType predictionType,
    Adam adam,
    GradientClipping clipping,
    Ema ema) {
  /** Refuses an empty batch and a network of unknown image size. */
  public TrainStepConfig {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size: expected at least 1, found " + batchSize);
    }
    if (unet.sampleSize() < 1) {
      throw new IllegalArgumentException("sample_size: expected a known size, found none");
    }
    if (unet.outChannels() != unet.inChannels()) {
      throw new IllegalArgumentException(
          "out_channels: expected "
              + unet.inChannels()
              + ", as many as in_channels, since the prediction has the image's shape, found "
              + unet.outChannels());
    }
    if (unet.dropout() != 0) {
      throw new IllegalArgumentException(
          "dropout: expected 0, since networks are trained without dropout here, found "
              + unet.dropout());
    }
  }
}
