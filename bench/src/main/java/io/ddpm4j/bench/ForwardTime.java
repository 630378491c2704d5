package io.ddpm4j.bench;

import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Locale;

/** Times forward passes of the exported network: one line a pass, milliseconds. */
public final class ForwardTime {
  private ForwardTime() {}

  public static void main(String[] args) throws IOException {
    BenchOptions options = new BenchOptions(args);
    UNetConfig unet = BenchNetwork.config(options);
    int batch = options.number("--batch", 16);
    int warmup = options.number("--warmup", 5);
    int steps = options.number("--steps", 40);
    int threads = options.number("--threads", 2);
    options.end();
    int size = unet.sampleSize();
    int elements = batch * unet.inChannels() * size * size;
    FloatBuffer x = buffer(elements);
    FloatBuffer out = buffer(elements);
    SessionSettings settings = new SessionSettings(Device.cpu(), threads);
    try (OnnxEpsilonModel model =
            OnnxEpsilonModel.open(BenchNetwork.model(unet), "bench", settings);
        BoundModel bound = model.bind(x, out, batch, unet.inChannels(), size, size)) {
      for (int step = 0; step < warmup + steps; step++) {
        long start = System.nanoTime();
        bound.predict(x, batch, step, out);
        if (step >= warmup) {
          System.out.printf(Locale.ROOT, "%.3f%n", (System.nanoTime() - start) / 1e6);
        }
      }
    }
  }

  private static FloatBuffer buffer(int elements) {
    return ByteBuffer.allocateDirect(elements * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
