package io.ddpm4j.runtime.random;

import java.util.Arrays;

/**
 * The numbers of PyTorch's CPU generator: draw d of N images is what call d (from 0) of {@code
 * torch.randn(N, C, H, W)} gives after {@code torch.manual_seed(seed)}, in float32. Specified in
 * {@code docs/random.md}.
 *
 * <p>There an image's noise depends on how many images are drawn together. So a source is made for
 * N images, and the batches of a run are slices of its draws. Thread-safe.
 *
 * <p>The generator can only be walked, word after word. Where a draw is asked for in slices, the
 * source keeps for each draw the state near which the next slice starts, 2.5 KB; then all images of
 * a generation, batch after batch, walk the sequence about twice: once to pass over the images of
 * later batches, once to take them. Any other order gives the same numbers and may walk further.
 */
public final class TorchNoise implements NoiseSource {
  private static final int BLOCK = TorchNormal.BLOCK;
  private static final int PAIR = 4; // words

  private final int images;
  private final MersenneTwister start;
  private final MersenneTwister words;
  private int[] endDraws = new int[0]; // rising; those of the ends
  private MersenneTwister[] sliceEnds = new MersenneTwister[0];
  private int ends;
  private final float[] block = new float[BLOCK];
  private long walked;
  private int elements; // of an image, in the draws that the states belong to

  private TorchNoise(long seed, int images) {
    if (images < 1) {
      throw new IllegalArgumentException("images: expected at least 1, found " + images);
    }
    this.images = images;
    this.start = new MersenneTwister((int) seed);
    this.words = new MersenneTwister(start);
  }

  /**
   * The noise of one generation.
   *
   * @param seed as for {@code torch.manual_seed}; PyTorch takes its lower 32 bits
   * @param images N, how many images the generation has
   */
  public static TorchNoise of(long seed, int images) {
    return new TorchNoise(seed, images);
  }

  /** N. */
  public int images() {
    return images;
  }

  /** How many words of the sequence were made so far, over and over where one goes back. */
  long walked() {
    return walked;
  }

  /**
   * Fills {@code target} with a slice of one draw.
   *
   * @throws IllegalArgumentException for images beyond the N of this source
   */
  @Override
  public synchronized void fill(float[] target, long firstImage, int count, int size, int draw) {
    if (firstImage < 0 || firstImage + count > images) {
      throw new IllegalArgumentException(
          "images: expected images 0 to %d, for which this noise was made, found %d to %d"
              .formatted(images - 1, firstImage, firstImage + count - 1));
    }
    if (size != elements) {
      elements = size;
      ends = 0;
      words.set(start);
    }
    long from = firstImage * size;
    long to = from + (long) count * size;
    if ((long) images * size < BLOCK) {
      fillByPairs(target, from, to, draw);
    } else {
      fillByBlocks(target, from, to, draw);
    }
  }

  /** Elements {@code from} to {@code to}, made in pairs that go on from draw to draw. */
  private void fillByPairs(float[] target, long from, long to, int draw) {
    long before = draw * ((long) images * elements);
    long first = before + from;
    long end = before + to;
    walkTo(first / 2 * PAIR, draw);
    for (long at = first / 2 * 2; at < end; at += 2) {
      if (at + 2 >= end) {
        keepFor(draw);
      }
      walked += PAIR;
      double u1 = TorchNormal.uniform(words.next(), words.next());
      double u2 = TorchNormal.uniform(words.next(), words.next());
      for (long i = Math.max(at, first); i < Math.min(at + 2, end); i++) {
        target[(int) (i - first)] = (float) TorchNormal.ofPair(u1, u2, i > at);
      }
    }
  }

  /**
   * Elements {@code from} to {@code to}, made in blocks; where the draw is no whole number of them,
   * its last 16 elements are then made anew.
   */
  private void fillByBlocks(float[] target, long from, long to, int draw) {
    long all = (long) images * elements;
    long redone = all % BLOCK == 0 ? all : all - BLOCK;
    long firstWord = draw * (all == redone ? all : all + BLOCK);
    long end = Math.min(to, redone);
    long at = from / BLOCK * BLOCK;
    walkTo(firstWord + at, draw);
    for (; at < end && from < end; at += BLOCK) {
      if (at + BLOCK >= end && to < all) {
        keepFor(draw);
      }
      nextBlock();
      copyBlock(at, target, from, end);
    }
    if (to > redone) {
      walkTo(firstWord + all, draw);
      nextBlock();
      copyBlock(redone, target, from, to);
    }
  }

  private void nextBlock() {
    walked += BLOCK;
    for (int i = 0; i < BLOCK; i++) {
      block[i] = TorchNormal.uniform(words.next());
    }
    TorchNormal.transform(block);
  }

  /**
   * Of the block that starts at element {@code at}, what lies between {@code from} and {@code to}.
   */
  private void copyBlock(long at, float[] target, long from, long to) {
    long first = Math.max(at, from);
    int count = (int) (Math.min(at + BLOCK, to) - first);
    System.arraycopy(block, (int) (first - at), target, (int) (first - from), count);
  }

  /** Walks to a word of the sequence from the nearest known state before it. */
  private void walkTo(long word, int draw) {
    MersenneTwister nearest = words.position() <= word ? words : start;
    int at = Arrays.binarySearch(endDraws, 0, ends, draw);
    for (int i = at < 0 ? -at - 2 : at; i >= 0; i--) {
      MersenneTwister end = sliceEnds[i];
      if (end.position() <= word) {
        nearest = end.position() > nearest.position() ? end : nearest;
        break;
      }
    }
    if (nearest != words) {
      words.set(nearest);
    }
    walked += word - words.position();
    words.skip(word - words.position());
  }

  private void keepFor(int draw) {
    int at = Arrays.binarySearch(endDraws, 0, ends, draw);
    if (at >= 0) {
      sliceEnds[at].set(words);
      return;
    }
    if (ends == endDraws.length) {
      int length = Math.max(16, 2 * ends);
      endDraws = Arrays.copyOf(endDraws, length);
      sliceEnds = Arrays.copyOf(sliceEnds, length);
    }
    at = -at - 1;
    System.arraycopy(endDraws, at, endDraws, at + 1, ends - at);
    System.arraycopy(sliceEnds, at, sliceEnds, at + 1, ends - at);
    endDraws[at] = draw;
    sliceEnds[at] = new MersenneTwister(words);
    ends++;
  }
}
