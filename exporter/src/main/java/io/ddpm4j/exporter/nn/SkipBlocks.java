package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.nn.UNetBlocks.Residual;
import io.ddpm4j.exporter.nn.UNetBlocks.SelfAttention;

/** What Skip blocks of both ways have in common; most of it no config can change. */
final class SkipBlocks {
  private SkipBlocks() {}

  /** Divides what residual blocks and attention add, so that its variance stays. */
  static final double FACTOR = Math.sqrt(2);

  private static final int ATTENTION_GROUPS = 32;

  static SelfAttention attention(boolean up) {
    return new SelfAttention(ATTENTION_GROUPS, FACTOR, up);
  }

  /** The residual block that changes a level's size. */
  static Residual resampling(int channels, Resampling resampling) {
    int groups = UNetBlocks.ownGroups(channels);
    return new Residual(channels, groups, groups, FACTOR, resampling);
  }
}
