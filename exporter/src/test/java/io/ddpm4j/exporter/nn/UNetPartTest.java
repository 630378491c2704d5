package io.ddpm4j.exporter.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ddpm4j.exporter.testing.GoldenUNets;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class UNetPartTest {
  @Test
  void everyParameterIsInOnePart() throws IOException {
    for (GoldenUNets.Case c : GoldenUNets.all()) {
      if (c.config().isPresent()) {
        UNetConfig config = c.config().get();
        long sum = UNetPart.of(config).stream().mapToLong(UNetPart::parameters).sum();
        assertEquals(UNet.parameters(config).count(), sum, c.toString());
      }
    }
  }

  /** 3x3 convolutions of 8 channels have 584 parameters, norms 16, time projections 264. */
  @Test
  void thePartsOfASmallNetwork() {
    UNetConfig config = UNetConfig.of(8, 3, List.of(8, 8), List.of(false, true), 1, 4, 8, 5);
    assertEquals(
        List.of(
            new UNetPart("time_embedding", "timestep and 5 classes", 32, 0, 0, 288 + 1056 + 160),
            new UNetPart("conv_in", "convolution", 8, 8, 8, 3 * 72 + 8),
            new UNetPart("down_blocks.0", "1 ResNet, half the size", 8, 4, 4, 3 * 584 + 32 + 264),
            new UNetPart("down_blocks.1", "1 ResNet with attention", 8, 4, 4, 1464 + 304),
            new UNetPart("mid_block", "2 ResNet, attention", 8, 4, 4, 2 * 1464 + 304),
            new UNetPart(
                "up_blocks.0",
                "2 ResNet with attention, double the size",
                8,
                8,
                8,
                4384 + 2 * 304 + 584),
            new UNetPart("up_blocks.1", "2 ResNet", 8, 8, 8, 2 * (1464 + 16 + 576 + 136)),
            new UNetPart("conv_out", "group norm, convolution", 3, 8, 8, 16 + 3 * 72 + 3)),
        UNetPart.of(config));
  }

  @Test
  void theSizeMustBeKnown() {
    UNetConfig open = UNetConfig.builder().blockOutChannels(List.of(32, 32, 32, 32)).build();
    Exception e = assertThrows(IllegalArgumentException.class, () -> UNetPart.of(open));
    assertEquals(
        "U-Net config: sample_size: expected the images' size, found none", e.getMessage());
  }
}
