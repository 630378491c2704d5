package io.ddpm4j.exporter.convert;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How a {@code UNetModel} of improved-diffusion or guided-diffusion is built, as far as the names
 * and shapes of its tensors say it.
 *
 * @param inChannels of the images
 * @param outChannels of the output
 * @param modelChannels width of the timestep's sinusoid
 * @param timeChannels width of the timestep's embedding
 * @param classes 0 for an unconditional network
 * @param channels of each level, from full resolution down
 * @param attention whether a level has it
 * @param resBlocks residual blocks of a level on the way down; one more on the way up
 * @param resample how sizes are halved and doubled
 * @param scaleShift whether the timestep scales and shifts the second norm of a residual block
 */
record OpenAiLayout(
    int inChannels,
    int outChannels,
    int modelChannels,
    int timeChannels,
    int classes,
    List<Integer> channels,
    List<Boolean> attention,
    int resBlocks,
    Resample resample,
    boolean scaleShift) {

  /** How sizes are halved and doubled. */
  enum Resample {
    /** With a convolution. */
    CONVOLUTION,
    /** In a residual block ({@code resblock_updown}). */
    RESIDUAL,
    /** Without parameters ({@code conv_resample=False}). */
    PLAIN
  }

  int levels() {
    return channels.size();
  }

  /** The place in {@code input_blocks} of a residual block; that after the last halves the size. */
  int input(int level, int block) {
    return 1 + level * (resBlocks + 1) + block;
  }

  /** The place in {@code output_blocks} of a residual block; levels count from the lowest. */
  int output(int level, int block) {
    return level * (resBlocks + 1) + block;
  }

  /**
   * Reads names and shapes.
   *
   * @throws ConversionException if they are of another network
   */
  static OpenAiLayout of(Checkpoint checkpoint) throws ConversionException {
    return new Reader(checkpoint).read();
  }

  private record Reader(Checkpoint checkpoint) {

    OpenAiLayout read() throws ConversionException {
      int[] first = checkpoint.shape("input_blocks.0.0.weight", 4);
      int[] time = checkpoint.shape("time_embed.0.weight", 2);
      int outputs = checkpoint.count("output_blocks");
      int resBlocks = resBlocks(outputs);
      if (outputs % (resBlocks + 1) != 0) {
        throw new ConversionException(
            "output_blocks: expected a multiple of "
                + (resBlocks + 1)
                + ", since the first that doubles the size is output_blocks."
                + resBlocks
                + ", found "
                + outputs);
      }
      List<Integer> channels = new ArrayList<>();
      List<Boolean> attention = new ArrayList<>();
      for (int level = 0; level < outputs / (resBlocks + 1); level++) {
        String block = "input_blocks." + (1 + level * (resBlocks + 1));
        channels.add(checkpoint.shape(block + ".0.in_layers.2.weight", 4)[0]);
        attention.add(checkpoint.has(block + ".1.qkv.weight"));
      }
      boolean scaleShift =
          checkpoint.shape("middle_block.0.emb_layers.1.weight", 2)[0]
              == 2 * channels.get(channels.size() - 1);
      return new OpenAiLayout(
          first[1],
          checkpoint.shape("out.2.weight", 4)[0],
          time[1],
          time[0],
          checkpoint.has("label_emb.weight") ? checkpoint.shape("label_emb.weight", 2)[0] : 0,
          channels,
          attention,
          resBlocks,
          resample(resBlocks),
          scaleShift);
    }

    /**
     * The size doubles first behind the last block of the lowest level, of which there is one more.
     */
    private int resBlocks(int outputs) throws ConversionException {
      for (int block = 1; block < outputs; block++) {
        if (doubles("output_blocks." + block)) {
          return block;
        }
      }
      Set<Integer> inputs = checkpoint.indices("input_blocks");
      int gap = checkpoint.count("input_blocks"); // the first that halves without parameters
      Set<Integer> behind = new HashSet<>(inputs);
      behind.removeIf(index -> index < gap);
      int resBlocks = behind.isEmpty() ? outputs - 1 : gap - 1;
      if (resBlocks < 1) {
        throw new ConversionException(
            "expected residual blocks in "
                + checkpoint.prefix()
                + "input_blocks and output_blocks, found "
                + inputs.size()
                + " and "
                + outputs);
      }
      return resBlocks;
    }

    private boolean doubles(String block) {
      for (int layer = 1; layer <= 2; layer++) {
        String name = block + "." + layer;
        if (checkpoint.has(name + ".conv.weight") || checkpoint.has(name + ".in_layers.0.weight")) {
          return true;
        }
      }
      return false;
    }

    private Resample resample(int resBlocks) {
      String halves = "input_blocks." + (1 + resBlocks) + ".0";
      return checkpoint.has(halves + ".op.weight")
          ? Resample.CONVOLUTION
          : checkpoint.has(halves + ".in_layers.0.weight") ? Resample.RESIDUAL : Resample.PLAIN;
    }
  }
}
