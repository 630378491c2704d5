package io.ddpm4j.exporter.nn;

/** Into how many heads attention divides its channels. */
public sealed interface AttentionHeads {

  /** A single head, as wide as the channels: diffusers' {@code attention_head_dim} null. */
  AttentionHeads ONE = new Fixed(1, 1);

  /**
   * Heads of a fixed width, as many as fit into the channels: diffusers' {@code
   * attention_head_dim}.
   *
   * @param width channels of one head; fewer channels than that have one head
   */
  record OfWidth(int width) implements AttentionHeads {
    /** Refuses a width below 1. */
    public OfWidth {
      UNetConfig.check(width >= 1, "attention_head_dim", "1 or more", width);
    }

    @Override
    public int count(int channels, boolean up) {
      return Math.max(1, channels / width);
    }

    @Override
    public int width(int channels, boolean up) {
      return width;
    }
  }

  /**
   * A fixed number of heads, each as wide as that leaves: {@code num_heads} and {@code
   * num_heads_upsample} of OpenAI's {@code UNetModel}. Other numbers than 1 no {@code UNet2DModel}
   * has.
   *
   * @param down heads on the way down and in the middle
   * @param up heads on the way up
   */
  record Fixed(int down, int up) implements AttentionHeads {
    /** Refuses numbers below 1. */
    public Fixed {
      UNetConfig.check(down >= 1, "num_heads", "1 or more", down);
      UNetConfig.check(up >= 1, "num_heads_upsample", "1 or more", up);
    }

    @Override
    public int count(int channels, boolean isUp) {
      return isUp ? up : down;
    }

    @Override
    public int width(int channels, boolean isUp) {
      return channels / count(channels, isUp);
    }
  }

  /** Heads of an attention with so many channels. */
  int count(int channels, boolean up);

  /** Channels of each of these heads. */
  int width(int channels, boolean up);
}
