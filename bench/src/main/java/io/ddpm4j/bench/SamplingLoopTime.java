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
    BenchOptions options = new BenchOptions(args);
    UNetConfig unet = BenchNetwork.config(options);
    int batch = options.number("--batch", 16);
    int threads = options.number("--threads", 2);
    int steps = options.number("--steps", 100);
    int runs = options.number("--runs", 5);
    options.end();
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(BenchNetwork.model(unet), "bench")
            .threads(threads)
            .steps(steps)
            .batchSize(batch)
            .schedulerConfig(SchedulerConfig.ddpm())
            .build()) {
      for (int run = -1; run < runs; run++) {
        long start = System.nanoTime();
        GenerationResult result = pipeline.generate(GenerationRequest.of(batch, 7));
        long wall = System.nanoTime() - start;
        if (run >= 0) {
          System.out.printf(Locale.ROOT, "%.5f%n", (double) wall / result.sessionNanos());
        }
      }
    }
  }
}
