package io.ddpm4j.exporter.nn;

/**
 * What a network of OpenAI's {@code UNetModel} can have that {@code UNet2DModel} cannot, and no
 * {@code config.json} says.
 *
 * @param heads of each attention on the way down and in the middle, whatever its channels; 0 where
 *     the config says how many channels a head has
 * @param upHeads of each attention on the way up; 0 as {@code heads}
 * @param sinusoidChannels width of the timestep's sinusoid; 0 for that of the first level
 * @param plainResampling whether sizes are halved by the mean of four pixels and doubled by
 *     repeating one, without a convolution
 * @param timestepScale what the timestep is multiplied with
 */
public record UNetVariant(
    int heads, int upHeads, int sinusoidChannels, boolean plainResampling, double timestepScale) {

  /** A network that {@code UNet2DModel} can be. */
  public static final UNetVariant NONE = new UNetVariant(0, 0, 0, false, 1);

  /** Refuses negative numbers. */
  public UNetVariant {
    if (heads < 0 || upHeads < 0 || sinusoidChannels < 0 || !(timestepScale > 0)) {
      throw new IllegalArgumentException(
          "U-Net variant: expected numbers of at least 0, found heads "
              + heads
              + ", heads on the way up "
              + upHeads
              + ", channels of the sinusoid "
              + sinusoidChannels
              + ", scale of timesteps "
              + timestepScale);
    }
  }
}
