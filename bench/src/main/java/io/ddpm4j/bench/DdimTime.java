package io.ddpm4j.bench;

import io.ddpm4j.exporter.nn.UNetConfig;
import java.io.IOException;
import java.util.Locale;

/** Times whole sampling runs with DDIM: one line a run, milliseconds. */
public final class DdimTime {
  private DdimTime() {}

  public static void main(String[] args) throws IOException {
    BenchOptions options = new BenchOptions(args);
    UNetConfig unet = BenchNetwork.config(options);
    int batch = options.number("--batch", 16);
    int steps = options.number("--steps", 50);
    int threads = options.number("--threads", 2);
    int runs = options.number("--runs", 3);
    options.end();
    try (DdimRun ddim = new DdimRun(unet, batch, steps, threads)) {
      ddim.sample(); // warm-up
      for (int run = 0; run < runs; run++) {
        long start = System.nanoTime();
        ddim.sample();
        System.out.printf(Locale.ROOT, "%.3f%n", (System.nanoTime() - start) / 1e6);
      }
    }
  }
}
