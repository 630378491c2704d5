package io.ddpm4j.exporter.loop;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Value;

/**
 * The images that leave a loop.
 *
 * @param channels C
 * @param low the value of black in the network's images
 * @param high the value of white, above {@code low}
 * @param format how they leave
 */
public record LoopImages(int channels, double low, double high, Format format) {

  /** How images leave. */
  public enum Format {
    /** Unsigned bytes (N, H, W, C), 0 black to 255 white, as image libraries take them. */
    UINT8,
    /** float32 (N, C, H, W), -1 black to 1 white, not clipped. */
    FLOAT
  }

  private static final int WHITE = 255;

  /** Refuses an empty range. */
  public LoopImages {
    if (channels < 1 || !(low < high)) {
      throw new IllegalArgumentException(
          "images: expected channels and low < high, found %d channels, %s to %s"
              .formatted(channels, low, high));
    }
  }

  /** Images as they leave, of x as the network knows them, (N, C, H, W). */
  Value of(Ops ops, Value x) {
    if (format == Format.FLOAT) {
      return scaled(ops, x, 2 / (high - low), -(high + low) / (high - low));
    }
    double scale = WHITE / (high - low);
    Value nearest = ops.floor(scaled(ops, x, scale, 0.5 - low * scale));
    return ops.transpose(ops.cast(ops.clip(nearest, 0, WHITE), DataType.UINT8), 0, 2, 3, 1);
  }

  private static Value scaled(Ops ops, Value x, double scale, double offset) {
    Value scaled = scale == 1 ? x : ops.mul(x, scale);
    return offset == 0 ? scaled : ops.add(scaled, offset);
  }
}
