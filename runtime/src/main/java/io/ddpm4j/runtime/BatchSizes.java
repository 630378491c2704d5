package io.ddpm4j.runtime;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import java.lang.management.ManagementFactory;

/** Chooses how many images go through the network at once. */
final class BatchSizes {
  /** Beyond this the processor gains nothing, and steps only become longer to wait for. */
  private static final int MOST_ON_CPU = 16;

  private static final int MOST_ON_CUDA = 64;

  /** For activations; a device's memory is not ours to ask for, and small ones have 4 to 8 GiB. */
  private static final long CUDA_MEMORY = 2L << 30;

  /** Live activations of a U-Net's first level, in feature maps of its width. */
  private static final int LIVE_MAPS = 48;

  /** Attention's scores: as they come, scaled, and after the softmax. */
  private static final int LIVE_SCORES = 3;

  private static final int UNKNOWN_WIDTH = 128;

  private BatchSizes() {}

  /** On the processor a batch whose activations take at most a quarter of the machine's memory. */
  static int choose(ModelMetadata metadata, ImageShape shape, Device device) {
    long perImage = bytesPerImage(metadata, shape);
    return device instanceof Device.Cuda cuda
        ? choose(
            Math.min(CUDA_MEMORY, cuda.memoryLimit().orElse(Long.MAX_VALUE) / 2),
            MOST_ON_CUDA,
            perImage)
        : choose(totalMemory() / 4, MOST_ON_CPU, perImage);
  }

  static int choose(long memory, int most, long perImage) {
    return (int) Math.max(1, Math.min(most, memory / perImage));
  }

  /** What one image's activations take, from the network's configuration where the file has one. */
  static long bytesPerImage(ModelMetadata metadata, ImageShape shape) {
    long width = UNKNOWN_WIDTH;
    long scores = 0;
    try {
      JsonObject unet = JsonParser.parseString(metadata.unet().orElse("{}")).getAsJsonObject();
      width = Math.max(1, unet.getAsJsonArray("block_out_channels").get(0).getAsInt());
      scores = scores(unet, shape);
    } catch (RuntimeException e) {
      // Absent or of another network: an estimate needs no more.
    }
    return (shape.height() * width * shape.width() * LIVE_MAPS + scores * LIVE_SCORES)
        * Float.BYTES;
  }

  /** (H·W)² for every head, at the level where that is most: one attention is live at a time. */
  private static long scores(JsonObject unet, ImageShape shape) {
    JsonArray widths = unet.getAsJsonArray("block_out_channels");
    JsonArray types = unet.getAsJsonArray("down_block_types");
    JsonElement middle = unet.get("add_attention");
    int last = widths.size() - 1;
    long most = 0;
    for (int level = 0; level <= last; level++) { // each half the size of the one before
      boolean attends =
          types.get(level).getAsString().contains("Attn")
              || level == last && (middle == null || middle.getAsBoolean());
      if (attends) {
        long pixels = Math.max(1, (long) shape.height() * shape.width() >> 2 * level);
        most = Math.max(most, heads(unet, widths.get(level).getAsInt()) * pixels * pixels);
      }
    }
    return most;
  }

  /** A head has 8 channels by default; null stands for one head. */
  private static long heads(JsonObject unet, int channels) {
    JsonElement size = unet.get("attention_head_dim");
    if (size == null) {
      return Math.max(1, channels / 8);
    }
    return size.isJsonNull() ? 1 : Math.max(1, channels / Math.max(1, size.getAsInt()));
  }

  private static long totalMemory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : 4 * Runtime.getRuntime().maxMemory();
  }
}
