package io.ddpm4j.bench;

import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.GenerationResult;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.util.Locale;

/**
 * Times whole sampling runs: one line a run, wall time over the time inside ONNX Runtime's session.
 */
public final class SamplingLoopTime {
  private SamplingLoopTime() {}

  public static void main(String[] args) throws IOException {
    UNetConfig unet = BenchNetwork.config(args);
    int batch = BenchNetwork.number(args, "--batch", 16);
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(BenchNetwork.model(unet), "bench")
            .threads(BenchNetwork.number(args, "--threads", 2))
            .steps(BenchNetwork.number(args, "--steps", 100))
            .batchSize(batch)
            .schedulerConfig(SchedulerConfig.ddpm())
            .build()) {
      for (int run = -1; run < BenchNetwork.number(args, "--runs", 5); run++) {
        GenerationResult result = pipeline.generate(GenerationRequest.of(batch, 7));
        if (run >= 0) {
          System.out.printf(
              Locale.ROOT, "%.5f%n", (double) result.wallNanos() / result.sessionNanos());
        }
      }
    }
  }
}
