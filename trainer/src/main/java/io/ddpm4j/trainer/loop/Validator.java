package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.evaluate.QuarterLosses;
import io.ddpm4j.trainer.evaluate.Validation;
import java.io.IOException;
import java.util.Map;

/** Measures a run's averaged weights on its held-out images, as the exported model would be. */
final class Validator {
  private final TrainConfig config;
  private final UNetConfig unet;
  private final DatasetCard data;
  private final Validation validation;

  /**
   * @param data the images that the run trains on
   * @param heldOut the others
   */
  Validator(TrainConfig config, UNetConfig unet, DatasetCard data, ImageDataset heldOut) {
    this.config = config;
    this.unet = unet;
    this.data = data;
    SchedulerConfig scheduler = config.diffusion().scheduler();
    this.validation =
        new Validation(
            heldOut,
            new Validation.Settings(
                scheduler.noiseSchedule(),
                scheduler.predictionType(),
                config.reporting().validationImages(),
                config.run().seed()));
  }

  /** Whether it is to be measured after that step: at regular steps and after the last. */
  boolean isDue(long step) {
    return step % config.reporting().validationEvery() == 0 || step == config.run().steps();
  }

  /**
   * The losses.
   *
   * @throws java.util.concurrent.CancellationException if it was cancelled
   */
  QuarterLosses measure(Map<String, TensorData> ema, long step, Cancellation cancellation)
      throws IOException {
    byte[] model = OnnxWriter.toBytes(RunExporter.model(config, unet, data, ema, step));
    SessionSettings settings = new SessionSettings(Device.cpu(), config.run().threadCount());
    try (OnnxEpsilonModel open =
        OnnxEpsilonModel.open(model, "the model of step " + step, settings)) {
      return validation.measure(open, cancellation);
    }
  }
}
