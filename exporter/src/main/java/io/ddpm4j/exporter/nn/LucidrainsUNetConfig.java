package io.ddpm4j.exporter.nn;

import java.util.List;

/**
 * What a {@code Unet} of the package denoising-diffusion-pytorch looks like, in the terms of its
 * constructor where it has a word for it. Immutable.
 *
 * @param image what goes in
 * @param outDim channels that come out: those of the image, or twice as many with a learned
 *     variance
 * @param time how the timestep becomes a vector
 * @param dims channels of the first convolution ({@code init_dim}), then those that each stage
 *     hands on, from full resolution down
 * @param stages the attention of each stage, the same on both ways; the middle is of the kind of
 *     the last, always full
 * @param groups of the residual blocks' group norms ({@code resnet_block_groups}); 0 where they
 *     have RMS norms
 * @param variant what differs from version to version
 */
public record LucidrainsUNetConfig(
    Image image,
    int outDim,
    Time time,
    List<Integer> dims,
    List<Attention> stages,
    int groups,
    Variant variant) {

  /** The images: sizes in pixels. */
  public record Image(int channels, int height, int width) {}

  /**
   * The embedding of the timestep, whose two layers have 4·dim channels.
   *
   * @param dim the width of the network, and of the sinusoid
   * @param theta the longest period of the sinusoid is 2π·theta
   * @param frequencies how many are weights of the network ({@code learned_sinusoidal_cond}, {@code
   *     random_fourier_features}); 0 where the sinusoid has fixed ones
   */
  public record Time(int dim, double theta, int frequencies) {}

  /**
   * Attention.
   *
   * @param full between all pixels; otherwise linear in their number
   * @param heads its heads
   * @param dimHead channels of a head
   * @param memory keys and values that are weights ({@code num_mem_kv})
   */
  public record Attention(boolean full, int heads, int dimHead, int memory) {
    /** Channels of all heads. */
    public int inner() {
      return heads * dimHead;
    }
  }

  /**
   * What differs from version to version.
   *
   * @param preNorm attention stands inside a {@code Residual} and a {@code PreNorm}, its norms are
   *     layer norms, and linear attention divides values by the number of pixels
   * @param stridedDownsample sizes are halved by a 4x4 convolution; otherwise four pixels become
   *     channels of one
   * @param weightStandardization the residual blocks' weights are used with mean 0 and variance 1
   *     for each output channel (Qiao et al. 2019)
   */
  public record Variant(
      boolean preNorm, boolean stridedDownsample, boolean weightStandardization) {}

  private static final int MANY = 1 << 20; // beyond any network, and far from overflow
  private static final int MAX_STAGES = 16;

  /** Refuses what does not fit together, naming the argument. */
  public LucidrainsUNetConfig {
    dims = List.copyOf(dims);
    stages = List.copyOf(stages);
    range(stages.size(), 1, MAX_STAGES, "dim_mults (stages)");
    check(dims.size() == stages.size() + 1, "dims", (stages.size() + 1) + " entries", dims.size());
    range(image.channels(), 1, MANY, "channels");
    int shrink = 1 << (stages.size() - 1);
    for (int extent : new int[] {image.height(), image.width()}) {
      check(
          extent > 0 && extent <= MANY && extent % shrink == 0,
          "image_size",
          "a multiple of " + shrink + " for " + stages.size() + " stages",
          extent);
    }
    range(outDim, 1, MANY, "out_dim");
    range(time.dim(), 4, MANY, "dim");
    range(time.frequencies(), 0, MANY, "learned_sinusoidal_dim");
    check(
        time.theta() > 1 && Double.isFinite(time.theta()),
        "sinusoidal_pos_emb_theta",
        "a number above 1",
        time.theta());
    range(groups, 0, MANY, "resnet_block_groups");
    for (int dim : dims) {
      range(dim, 1, MANY, "dim");
      check(
          groups == 0 || dim % groups == 0,
          "resnet_block_groups",
          "a divisor of every stage's channels, such as " + dim,
          groups);
    }
    for (Attention attention : stages) {
      range(attention.heads(), 1, MANY, "attn_heads");
      range(attention.dimHead(), 1, MANY, "attn_dim_head");
      range(attention.memory(), 0, MANY, "num_mem_kv");
      check(
          (long) attention.heads() * attention.dimHead() <= MANY,
          "attn_heads",
          "at most " + MANY + " channels of all heads",
          attention);
    }
  }

  private static void range(int value, int least, int most, String argument) {
    check(value >= least && value <= most, argument, least + " to " + most, value);
  }

  private static void check(boolean ok, String argument, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(
          "Unet: " + argument + ": expected " + expected + ", found " + found);
    }
  }
}
