package io.ddpm4j.exporter.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a U-Net looks like: the fields of {@code config.json} of diffusers' {@code UNet2DModel},
 * with its defaults, and a few more for networks of OpenAI's {@code UNetModel} that it cannot be.
 * Made by {@link #builder} or {@link #fromJson}. Immutable.
 *
 * @param sampleHeight of the images; 0 where the file leaves it open
 * @param sampleWidth of the images; 0 where the file leaves it open
 * @param timeEmbeddingDim width of the time embedding; 0 means four times the first level's
 *     channels
 * @param numTrainTimesteps rows of a learned time embedding; 0 where there is none
 * @param sinusoidDim width of the timestep's sines and cosines; 0 means the first level's channels.
 *     Others are OpenAI's
 * @param timestepScale what timesteps are multiplied with before all; others than 1 are OpenAI's
 * @param midBlock whether there are blocks between the two ways
 * @param addMidAttention whether these hold attention
 * @param blockOutChannels channels of each level, from full resolution down
 * @param layersPerBlock ResNet blocks of a level on the way down; one more on the way up
 * @param resnetDownsample whether levels with attention are made smaller by a ResNet block
 * @param resnetUpsample whether levels with attention are made larger by a ResNet block
 * @param convResample whether sizes change by convolutions where no other block does it; false is
 *     OpenAI's: means of four pixels, and copies of one
 * @param normNumGroups groups of every group norm; 0 where blocks have their own numbers
 * @param attnNormNumGroups groups of the middle attention's norm; 0 means the default
 * @param numClassEmbeds rows of the table of classes; 0 where there is none
 */
public record UNetConfig(
    int sampleHeight,
    int sampleWidth,
    int inChannels,
    int outChannels,
    boolean centerInputSample,
    TimeEmbedding timeEmbedding,
    int timeEmbeddingDim,
    int numTrainTimesteps,
    double freqShift,
    boolean flipSinToCos,
    int sinusoidDim,
    double timestepScale,
    List<BlockType> downBlockTypes,
    List<BlockType> upBlockTypes,
    boolean midBlock,
    boolean addMidAttention,
    List<Integer> blockOutChannels,
    int layersPerBlock,
    double midBlockScaleFactor,
    int downsamplePadding,
    boolean resnetDownsample,
    boolean resnetUpsample,
    boolean convResample,
    AttentionHeads attentionHeads,
    int normNumGroups,
    int attnNormNumGroups,
    double normEps,
    boolean scaleShift,
    ClassEmbedding classEmbedding,
    int numClassEmbeds,
    double dropout,
    Activation activation) {

  /** How the timestep becomes a vector. */
  public enum TimeEmbedding {
    /** Sines and cosines. */
    POSITIONAL("positional"),
    /**
     * Sines and cosines of the timestep's logarithm at random frequencies that belong to the
     * weights; the output is divided by the timestep. For noise levels above 0 (Song et al. 2021).
     */
    FOURIER("fourier"),
    /** A table of weights. */
    LEARNED("learned");

    private final String text;

    TimeEmbedding(String text) {
      this.text = text;
    }

    /** The word of {@code config.json}. */
    String text() {
      return text;
    }
  }

  /**
   * The blocks of a level, the same on both ways: {@code DownBlock2D} and {@code UpBlock2D} are
   * {@link #PLAIN}.
   */
  public enum BlockType {
    /** Residual blocks. */
    PLAIN("DownBlock2D", "UpBlock2D"),
    /** Residual blocks, each with self-attention behind it. */
    ATTENTION("AttnDownBlock2D", "AttnUpBlock2D"),
    /** Residual blocks that change the size too. */
    RESNET("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D"),
    /**
     * Residual blocks that change the size by {@link io.ddpm4j.exporter.graph.FirFilter}, with a
     * small image beside: each level on the way down sees it, each on the way up draws on it (Song
     * et al. 2021, NCSN++).
     */
    SKIP("SkipDownBlock2D", "SkipUpBlock2D"),
    /** As {@link #SKIP}, with self-attention: behind each block, on the way up behind the last. */
    ATTENTION_SKIP("AttnSkipDownBlock2D", "AttnSkipUpBlock2D"),
    /** Residual blocks whose norms the timestep scales and shifts (k-diffusion). */
    K("KDownBlock2D", "KUpBlock2D");

    private final String down;
    private final String up;

    BlockType(String down, String up) {
      this.down = down;
      this.up = up;
    }

    /** The word of {@code config.json} for one of the two ways. */
    String text(boolean onTheWayDown) {
      return onTheWayDown ? down : up;
    }

    boolean hasAttention() {
      return this == ATTENTION || this == ATTENTION_SKIP;
    }

    /** Whether a small image goes beside. */
    boolean isSkip() {
      return this == SKIP || this == ATTENTION_SKIP;
    }
  }

  static final int MANY = 1 << 20; // beyond any network, and far from overflow

  /** Refuses what does not fit together, naming the field. */
  public UNetConfig {
    downBlockTypes = List.copyOf(downBlockTypes);
    upBlockTypes = List.copyOf(upBlockTypes);
    blockOutChannels = List.copyOf(blockOutChannels);
    UNetLevels levels = new UNetLevels(blockOutChannels, downBlockTypes, upBlockTypes);
    range(sampleHeight, 0, MANY, "sample_size");
    range(sampleWidth, sampleHeight == 0 ? 0 : 1, sampleHeight == 0 ? 0 : MANY, "sample_size");
    levels.requireSize(sampleHeight, sampleWidth);
    range(inChannels, 1, MANY, "in_channels");
    range(outChannels, 1, MANY, "out_channels");
    levels.requireImages(inChannels, outChannels);
    range(layersPerBlock, 1, 100, "layers_per_block");
    range(downsamplePadding, 0, 1, "downsample_padding");
    range(normNumGroups, 0, MANY, "norm_num_groups");
    range(attnNormNumGroups, 0, MANY, "attn_norm_num_groups");
    levels.requireGroups(normNumGroups, midBlock);
    int last = blockOutChannels.get(blockOutChannels.size() - 1);
    check(
        attnNormNumGroups == 0 || last % attnNormNumGroups == 0,
        "attn_norm_num_groups",
        "a divisor of the last level's " + last + " channels",
        attnNormNumGroups);
    levels.requireHeads(attentionHeads, midBlock && addMidAttention);
    range(timeEmbeddingDim, 0, MANY, "time_embedding_dim");
    range(sinusoidDim, 0, MANY, "sinusoid_dim");
    range(
        numTrainTimesteps,
        timeEmbedding == TimeEmbedding.LEARNED ? 1 : 0,
        MANY,
        "num_train_timesteps");
    int frequencies = (sinusoidDim > 0 ? sinusoidDim : blockOutChannels.get(0)) / 2;
    check(
        freqShift > -MANY && (freqShift < frequencies || frequencies == 0 && freqShift == 0),
        "freq_shift",
        "a number below half of the first level's channels",
        freqShift);
    range(numClassEmbeds, 0, MANY, "num_class_embeds");
    check(
        numClassEmbeds == 0 || classEmbedding == ClassEmbedding.TABLE,
        "num_class_embeds",
        "null beside class_embed_type " + classEmbedding.text(),
        numClassEmbeds);
    check(normEps > 0 && normEps < 1, "norm_eps", "a number between 0 and 1", normEps);
    check(dropout >= 0 && dropout < 1, "dropout", "a number from 0 to below 1", dropout);
    positive(midBlockScaleFactor, "mid_block_scale_factor");
    positive(timestepScale, "timestep_scale");
  }

  static void range(int value, int least, int most, String field) {
    check(value >= least && value <= most, field, least + " to " + most, value);
  }

  private static void positive(double value, String field) {
    check(value > 0 && value < MANY, field, "a positive number", value);
  }

  static void check(boolean ok, String field, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(
          "U-Net config: " + field + ": expected " + expected + ", found " + found);
    }
  }

  /**
   * Height and width of square images; 0 where the file leaves them open.
   *
   * @throws IllegalArgumentException if the images are no squares
   */
  public int sampleSize() {
    check(sampleHeight == sampleWidth, "sample_size", "a square", sampleHeight + "x" + sampleWidth);
    return sampleHeight;
  }

  /** Whether the images' size is known. */
  public boolean hasSize() {
    return sampleHeight > 0;
  }

  /** Channels of one attention head; 0 where the number of heads is fixed. */
  public int attentionHeadDim() {
    return attentionHeads instanceof AttentionHeads.OfWidth heads ? heads.width() : 0;
  }

  /** Channels of every attention, one for each level and way that has it. */
  List<Integer> attentionChannels() {
    int levels = blockOutChannels.size();
    List<Integer> all = new ArrayList<>();
    for (int level = 0; level < levels; level++) {
      if (downBlockTypes.get(level).hasAttention()) {
        all.add(blockOutChannels.get(level));
      }
      if (upBlockTypes.get(levels - 1 - level).hasAttention()) {
        all.add(blockOutChannels.get(level));
      }
    }
    if (midBlock && addMidAttention) {
      all.add(blockOutChannels.get(levels - 1));
    }
    return all;
  }

  /** Width of the time embedding. */
  public int timeChannels() {
    return timeEmbeddingDim > 0 ? timeEmbeddingDim : 4 * blockOutChannels.get(0);
  }

  /** Whether the network is told a class, in whatever form. */
  public boolean isConditional() {
    return numClassEmbeds > 0 || classEmbedding != ClassEmbedding.TABLE;
  }

  /**
   * A network of plain and attention levels, everything else diffusers' defaults.
   *
   * @param channels of each level
   * @param attention whether the level of that index has attention; the middle always has
   * @param groups of the norms
   * @param numClassEmbeds 0 for an unconditional network
   */
  public static UNetConfig of(
      int sampleSize,
      int imageChannels,
      List<Integer> channels,
      List<Boolean> attention,
      int layersPerBlock,
      int groups,
      int attentionHeadDim,
      int numClassEmbeds) {
    List<BlockType> down = new ArrayList<>();
    for (boolean level : attention) {
      down.add(level ? BlockType.ATTENTION : BlockType.PLAIN);
    }
    List<BlockType> up = new ArrayList<>(down);
    Collections.reverse(up);
    return builder()
        .sampleSize(sampleSize)
        .inChannels(imageChannels)
        .outChannels(imageChannels)
        .downBlockTypes(down)
        .upBlockTypes(up)
        .blockOutChannels(channels)
        .layersPerBlock(layersPerBlock)
        .attentionHeadDim(attentionHeadDim)
        .normNumGroups(groups)
        .numClassEmbeds(numClassEmbeds)
        .build();
  }

  /** The same network with another number of output channels. */
  public UNetConfig withOutChannels(int channels) {
    return toBuilder().outChannels(channels).build();
  }

  /** The same network with another share of elements that training drops. */
  public UNetConfig withDropout(double share) {
    return toBuilder().dropout(share).build();
  }

  /** This network, to be changed field by field. */
  public UNetConfigBuilder toBuilder() {
    return new UNetConfigBuilder(this);
  }

  /** A network of diffusers' defaults, to be changed field by field. */
  public static UNetConfigBuilder builder() {
    return new UNetConfigBuilder();
  }

  /**
   * Reads a {@code config.json}, or what {@link #toJson} wrote.
   *
   * @throws IllegalArgumentException if it is no JSON object, or asks for something that this U-Net
   *     does not have; the message names the field, what was expected and what was found
   */
  public static UNetConfig fromJson(String json) {
    return UNetConfigJson.read(json);
  }

  /**
   * All of it, for {@link #fromJson}: a {@code config.json} of diffusers, with further fields where
   * {@code UNet2DModel} cannot be the network ({@code num_heads}, {@code num_heads_upsample},
   * {@code conv_resample}, {@code sinusoid_dim}, {@code timestep_scale}).
   */
  public String toJson() {
    return UNetConfigWriter.write(this);
  }

  /**
   * A {@code config.json} that diffusers reads.
   *
   * @throws IllegalArgumentException if {@code UNet2DModel} cannot be this network; the message
   *     names the field
   */
  public String toDiffusersJson() {
    return UNetConfigWriter.writeForDiffusers(this);
  }
}
