package io.ddpm4j.exporter.nn;

import static io.ddpm4j.exporter.nn.UNetConfig.check;
import static io.ddpm4j.exporter.nn.UNetConfig.range;

import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;

/**
 * The levels of a U-Net, and what must fit together for them to be one.
 *
 * @param channels of each level, from full resolution down
 * @param down block types in that order
 * @param up block types, from the lowest resolution up
 */
record UNetLevels(List<Integer> channels, List<BlockType> down, List<BlockType> up) {
  private static final int MAX_LEVELS = 16;
  private static final int COLOURS = 3; // of the small images of Skip blocks, which diffusers fixes

  /** Refuses other than as many types as channels, naming the field. */
  UNetLevels {
    int levels = channels.size();
    check(
        levels > 0 && levels <= MAX_LEVELS,
        "block_out_channels",
        "1 to " + MAX_LEVELS + " levels",
        levels + " levels");
    check(down.size() == levels, "down_block_types", levels + " entries", down);
    check(up.size() == levels, "up_block_types", levels + " entries", up);
    channels.forEach(c -> range(c, 1, UNetConfig.MANY, "block_out_channels"));
  }

  private int last() {
    return channels.size() - 1;
  }

  /** Both ways' types at a level, counted from full resolution down. */
  private boolean anyAt(int level, Predicate<BlockType> is) {
    return is.test(down.get(level)) || is.test(up.get(last() - level));
  }

  /**
   * Sizes that are halved at every level but the last and doubled on the way up must come out as
   * they were: what is halved to a fraction has no counterpart to be joined with.
   */
  void requireSize(int height, int width) {
    int shrink = 1 << last();
    check(
        height % shrink == 0 && width % shrink == 0,
        "sample_size",
        "a multiple of " + shrink + " for " + channels.size() + " levels",
        height == width ? height : height + "x" + width);
  }

  /** Skip blocks hand a small image of three colours from one to the next. */
  void requireImages(int inChannels, int outChannels) {
    int first = 0;
    while (first < last() && down.get(first).isSkip()) {
      first++;
    }
    List<BlockType> halving = down.subList(0, last());
    check(
        halving.subList(Math.min(first, last()), last()).stream().noneMatch(BlockType::isSkip),
        "down_block_types",
        "before a Skip block that halves the size only Skip blocks",
        texts(true));
    check(
        first == 0 || inChannels == COLOURS,
        "in_channels",
        COLOURS + ", the colours that Skip blocks know",
        inChannels);
    int from = 0;
    while (from < last() && !up.get(from).isSkip()) {
      from++;
    }
    check(
        from == last() || up.subList(from, up.size()).stream().allMatch(BlockType::isSkip),
        "up_block_types",
        "behind a Skip block that doubles the size only Skip blocks",
        texts(false));
    check(
        from == last() || outChannels == COLOURS,
        "out_channels",
        COLOURS + ", the colours that Skip blocks draw",
        outChannels);
    requireJoints();
  }

  private List<String> texts(boolean way) {
    return (way ? down : up).stream().map(type -> type.text(way)).toList();
  }

  /**
   * K blocks hand over, and take, less than others: what each level on the way up takes must come
   * from its own level.
   */
  private void requireJoints() {
    if (!down.contains(BlockType.K) && !up.contains(BlockType.K)) {
      return;
    }
    // By level of its size: the end of the first convolution, what the blocks of each level give,
    // and what leads from one level to the next.
    Deque<Integer> handed = new ArrayDeque<>(List.of(0));
    for (int level = 0; level <= last(); level++) {
      handed.push(level);
      if (level < last() && down.get(level) != BlockType.K) {
        handed.push(level + 1);
      }
    }
    int width = channels.get(last());
    boolean fits = true;
    for (int level = last(); level >= 0; level--) {
      boolean isK = up.get(last() - level) == BlockType.K;
      fits &= takes(handed, level) && (isK ? width == channels.get(level) : takes(handed, level));
      width = channels.get(isK ? Math.max(0, level - 1) : level);
    }
    check(
        fits,
        "up_block_types",
        "blocks that take what those of the way down hand over, as K blocks do from K blocks",
        texts(false) + " for " + texts(true));
  }

  private static boolean takes(Deque<Integer> handed, int level) {
    return !handed.isEmpty() && handed.pop() == level;
  }

  /** Of most blocks the config says the number of groups; Skip and K blocks have their own. */
  void requireGroups(int groups, boolean midBlock) {
    for (int level = 0; level <= last(); level++) {
      boolean needed = anyAt(level, type -> !type.isSkip() && type != BlockType.K);
      check(
          groups > 0 || !needed,
          "norm_num_groups",
          "a number, since only Skip and K blocks have their own",
          "null");
      boolean normed = needed || level == 0 || midBlock && level == last();
      check(
          groups == 0 || !normed || channels.get(level) % groups == 0,
          "block_out_channels",
          "multiples of norm_num_groups = " + groups,
          channels.get(level));
    }
  }

  /** A fixed number of heads divides the channels of every attention. */
  void requireHeads(AttentionHeads heads, boolean inTheMiddle) {
    if (heads instanceof AttentionHeads.Fixed fixed) {
      for (int level = 0; level <= last(); level++) {
        int c = channels.get(level);
        boolean downwards = down.get(level).hasAttention() || inTheMiddle && level == last();
        check(
            !downwards || c % fixed.down() == 0,
            "num_heads",
            "a divisor of " + c + " channels",
            fixed.down());
        check(
            !up.get(last() - level).hasAttention() || c % fixed.up() == 0,
            "num_heads_upsample",
            "a divisor of " + c + " channels",
            fixed.up());
      }
    }
  }
}
