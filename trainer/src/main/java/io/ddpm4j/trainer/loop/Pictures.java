package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.sampling.Cancellation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Draws a run's sample grids. */
final class Pictures {
  private final RunFolder folder;
  private final TrainConfig config;
  private final UNetConfig unet;
  private final DatasetCard data;

  Pictures(RunFolder folder, TrainConfig config, UNetConfig unet, DatasetCard data) {
    this.folder = folder;
    this.config = config;
    this.unet = unet;
    this.data = data;
  }

  /**
   * A grid from the averaged weights, as the exported model would make it.
   *
   * @return its file
   * @throws java.util.concurrent.CancellationException if it was cancelled
   */
  Path sample(Map<String, TensorData> ema, long step, Cancellation cancellation)
      throws IOException {
    try (DiffusionPipeline pipeline = pipeline(ema, step, steps())) {
      GenerationRequest request = request().withCancellation(cancellation);
      Path file = folder.samples(step);
      Files.createDirectories(file.getParent());
      pipeline.generate(request).images().writeGrid(file);
      return file;
    }
  }

  private int steps() {
    return Math.min(config.run().sampleSteps(), config.diffusion().trainTimesteps());
  }

  private DiffusionPipeline pipeline(Map<String, TensorData> ema, long step, int steps)
      throws IOException {
    byte[] model = OnnxWriter.toBytes(RunExporter.model(config, unet, data, ema, step));
    return DiffusionPipeline.open(model, folder.path().toString())
        .threads(config.run().threadCount())
        .steps(steps)
        .build();
  }

  private GenerationRequest request() {
    return GenerationRequest.of(config.run().sampleImages(), config.run().seed());
  }

  /**
   * The seconds that a grid takes, by two of its sampling steps; nothing is written.
   *
   * @throws java.util.concurrent.CancellationException if it was cancelled
   */
  double rehearse(Map<String, TensorData> ema, Cancellation cancellation) throws IOException {
    int some = Math.min(2, steps());
    long begin = System.nanoTime();
    try (DiffusionPipeline pipeline = pipeline(ema, 0, some)) {
      double opening = (System.nanoTime() - begin) / 1e9;
      long opened = System.nanoTime();
      pipeline.generate(request().withCancellation(cancellation));
      return opening + (System.nanoTime() - opened) / 1e9 * steps() / some;
    }
  }
}
