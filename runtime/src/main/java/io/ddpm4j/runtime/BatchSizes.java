package io.ddpm4j.runtime;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.model.ModelMetadata;
import java.lang.management.ManagementFactory;

/** Chooses how many images go through the network at once. */
final class BatchSizes {
  /** Beyond this the processor gains nothing, and steps only become longer to wait for. */
  private static final int MOST = 16;

  /** Live activations of a U-Net's first level, in feature maps of its width. */
  private static final int LIVE_MAPS = 48;

  private static final int UNKNOWN_WIDTH = 128;

  private BatchSizes() {}

  /** A batch whose activations take at most a quarter of the machine's memory. */
  static int choose(ModelMetadata metadata, ModelMetadata.ImageShape shape) {
    return choose(totalMemory(), width(metadata), shape);
  }

  static int choose(long memory, int width, ModelMetadata.ImageShape shape) {
    long perImage = (long) shape.height() * shape.width() * width * Float.BYTES * LIVE_MAPS;
    return (int) Math.max(1, Math.min(MOST, memory / 4 / perImage));
  }

  /** The network's first width, from its configuration where the file has one. */
  static int width(ModelMetadata metadata) {
    try {
      JsonObject unet = JsonParser.parseString(metadata.unet().orElse("{}")).getAsJsonObject();
      JsonArray widths = unet.getAsJsonArray("block_out_channels");
      return Math.max(1, widths.get(0).getAsInt());
    } catch (RuntimeException e) {
      return UNKNOWN_WIDTH; // an estimate needs no more
    }
  }

  private static long totalMemory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : 4 * Runtime.getRuntime().maxMemory();
  }
}
