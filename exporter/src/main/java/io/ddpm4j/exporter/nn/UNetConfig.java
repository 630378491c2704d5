package io.ddpm4j.exporter.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a U-Net looks like: the fields of {@code config.json} of diffusers' {@code UNet2DModel},
 * with its defaults. Made by {@link #builder} or {@link #fromJson}. Immutable.
 *
 * @param sampleSize height and width of the images; 0 where the file leaves it open
 * @param blockOutChannels channels of each level, from full resolution down
 * @param layersPerBlock ResNet blocks of a level on the way down; one more on the way up
 * @param attentionHeadDim channels of one attention head; 0 means one head
 * @param normNumGroups groups of every group norm
 * @param attnNormNumGroups groups of the middle attention's norm; 0 means the default
 * @param timeEmbeddingDim width of the time embedding; 0 means four times the first level's
 *     channels
 * @param numClassEmbeds number of classes; 0 for an unconditional network
 * @param numTrainTimesteps rows of a learned time embedding; 0 where there is none
 */
public record UNetConfig(
    int sampleSize,
    int inChannels,
    int outChannels,
    boolean centerInputSample,
    TimeEmbedding timeEmbedding,
    int timeEmbeddingDim,
    int numTrainTimesteps,
    double freqShift,
    boolean flipSinToCos,
    List<BlockType> downBlockTypes,
    List<BlockType> upBlockTypes,
    boolean addMidAttention,
    List<Integer> blockOutChannels,
    int layersPerBlock,
    double midBlockScaleFactor,
    int downsamplePadding,
    boolean resnetDownsample,
    boolean resnetUpsample,
    int attentionHeadDim,
    int normNumGroups,
    int attnNormNumGroups,
    double normEps,
    boolean scaleShift,
    int numClassEmbeds,
    double dropout) {

  /** How the timestep becomes a vector. */
  public enum TimeEmbedding {
    /** Sines and cosines. */
    POSITIONAL("positional"),
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
    RESNET("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D");

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
  }

  private static final int MANY = 1 << 20; // beyond any network, and far from overflow
  private static final int MAX_LEVELS = 16;

  /** Refuses what does not fit together, naming the field. */
  public UNetConfig {
    downBlockTypes = List.copyOf(downBlockTypes);
    upBlockTypes = List.copyOf(upBlockTypes);
    blockOutChannels = List.copyOf(blockOutChannels);
    int levels = blockOutChannels.size();
    check(
        levels > 0 && levels <= MAX_LEVELS,
        "block_out_channels",
        "1 to " + MAX_LEVELS + " levels",
        levels + " levels");
    check(downBlockTypes.size() == levels, "down_block_types", levels + " entries", downBlockTypes);
    check(upBlockTypes.size() == levels, "up_block_types", levels + " entries", upBlockTypes);
    range(inChannels, 1, MANY, "in_channels");
    range(outChannels, 1, MANY, "out_channels");
    range(layersPerBlock, 1, 100, "layers_per_block");
    range(normNumGroups, 1, MANY, "norm_num_groups");
    range(sampleSize, 0, MANY, "sample_size");
    range(timeEmbeddingDim, 0, MANY, "time_embedding_dim");
    range(attentionHeadDim, 0, MANY, "attention_head_dim");
    range(numClassEmbeds, 0, MANY, "num_class_embeds");
    range(downsamplePadding, 0, 1, "downsample_padding");
    range(
        numTrainTimesteps,
        timeEmbedding == TimeEmbedding.LEARNED ? 1 : 0,
        MANY,
        "num_train_timesteps");
    check(normEps > 0 && normEps < 1, "norm_eps", "a number between 0 and 1", normEps);
    check(dropout >= 0 && dropout < 1, "dropout", "a number from 0 to below 1", dropout);
    check(
        midBlockScaleFactor > 0 && midBlockScaleFactor < MANY,
        "mid_block_scale_factor",
        "a positive number",
        midBlockScaleFactor);
    int frequencies = blockOutChannels.get(0) / 2;
    check(
        freqShift > -MANY && (freqShift < frequencies || frequencies == 0 && freqShift == 0),
        "freq_shift",
        "a number below half of the first level's channels",
        freqShift);
    int shrink = 1 << (levels - 1);
    check(
        sampleSize % shrink == 0,
        "sample_size",
        "a multiple of " + shrink + " for " + levels + " levels",
        sampleSize);
    for (int channels : blockOutChannels) {
      range(channels, 1, MANY, "block_out_channels");
      check(
          channels % normNumGroups == 0,
          "block_out_channels",
          "multiples of norm_num_groups = " + normNumGroups,
          channels);
      check(
          attentionHeadDim == 0 || channels % attentionHeadDim == 0 || attentionHeadDim > channels,
          "block_out_channels",
          "multiples of attention_head_dim = " + attentionHeadDim,
          channels);
    }
    int last = blockOutChannels.get(levels - 1);
    range(attnNormNumGroups, 0, MANY, "attn_norm_num_groups");
    check(
        attnNormNumGroups == 0 || last % attnNormNumGroups == 0,
        "attn_norm_num_groups",
        "a divisor of the last level's " + last + " channels",
        attnNormNumGroups);
  }

  private static void range(int value, int least, int most, String field) {
    check(value >= least && value <= most, field, least + " to " + most, value);
  }

  static void check(boolean ok, String field, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(
          "U-Net config: " + field + ": expected " + expected + ", found " + found);
    }
  }

  /** Width of the time embedding. */
  public int timeChannels() {
    return timeEmbeddingDim > 0 ? timeEmbeddingDim : 4 * blockOutChannels.get(0);
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
    return builder()
        .sampleSize(sampleSize)
        .inChannels(inChannels)
        .outChannels(outChannels)
        .centerInputSample(centerInputSample)
        .timeEmbedding(timeEmbedding)
        .timeEmbeddingDim(timeEmbeddingDim)
        .numTrainTimesteps(numTrainTimesteps)
        .freqShift(freqShift)
        .flipSinToCos(flipSinToCos)
        .downBlockTypes(downBlockTypes)
        .upBlockTypes(upBlockTypes)
        .addMidAttention(addMidAttention)
        .blockOutChannels(blockOutChannels)
        .layersPerBlock(layersPerBlock)
        .midBlockScaleFactor(midBlockScaleFactor)
        .downsamplePadding(downsamplePadding)
        .resnetDownsample(resnetDownsample)
        .resnetUpsample(resnetUpsample)
        .attentionHeadDim(attentionHeadDim)
        .normNumGroups(normNumGroups)
        .attnNormNumGroups(attnNormNumGroups)
        .normEps(normEps)
        .scaleShift(scaleShift)
        .numClassEmbeds(numClassEmbeds)
        .dropout(dropout);
  }

  /** A network of diffusers' defaults, to be changed field by field. */
  public static UNetConfigBuilder builder() {
    return new UNetConfigBuilder();
  }

  /**
   * Reads a {@code config.json}.
   *
   * @throws IllegalArgumentException if it is no JSON object, or asks for something that this U-Net
   *     does not have; the message names the field, what was expected and what was found
   */
  public static UNetConfig fromJson(String json) {
    return UNetConfigJson.read(json);
  }

  /** A {@code config.json} that diffusers reads. */
  public String toJson() {
    return UNetConfigJson.write(this);
  }
}
