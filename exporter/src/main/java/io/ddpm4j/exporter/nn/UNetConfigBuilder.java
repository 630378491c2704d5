package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import io.ddpm4j.exporter.nn.UNetConfig.TimeEmbedding;
import java.util.List;

/** Sets the fields of a {@link UNetConfig}; one that is not set has diffusers' default. */
public final class UNetConfigBuilder {
  private int sampleSize;
  private int inChannels = 3;
  private int outChannels = 3;
  private boolean centerInputSample;
  private TimeEmbedding timeEmbedding = TimeEmbedding.POSITIONAL;
  private int timeEmbeddingDim;
  private int numTrainTimesteps;
  private double freqShift;
  private boolean flipSinToCos = true;
  private List<BlockType> downBlockTypes =
      List.of(BlockType.PLAIN, BlockType.ATTENTION, BlockType.ATTENTION, BlockType.ATTENTION);
  private List<BlockType> upBlockTypes =
      List.of(BlockType.ATTENTION, BlockType.ATTENTION, BlockType.ATTENTION, BlockType.PLAIN);
  private boolean addMidAttention = true;
  private List<Integer> blockOutChannels = List.of(224, 448, 672, 896);
  private int layersPerBlock = 2;
  private double midBlockScaleFactor = 1;
  private int downsamplePadding = 1;
  private boolean resnetDownsample;
  private boolean resnetUpsample;
  private int attentionHeadDim = 8;
  private int normNumGroups = 32;
  private int attnNormNumGroups;
  private double normEps = 1e-5;
  private boolean scaleShift;
  private int numClassEmbeds;
  private double dropout;

  UNetConfigBuilder() {}

  /** Sets {@link UNetConfig#sampleSize}. */
  public UNetConfigBuilder sampleSize(int value) {
    sampleSize = value;
    return this;
  }

  /** Sets {@link UNetConfig#inChannels}. */
  public UNetConfigBuilder inChannels(int value) {
    inChannels = value;
    return this;
  }

  /** Sets {@link UNetConfig#outChannels}. */
  public UNetConfigBuilder outChannels(int value) {
    outChannels = value;
    return this;
  }

  /** Sets {@link UNetConfig#centerInputSample}. */
  public UNetConfigBuilder centerInputSample(boolean value) {
    centerInputSample = value;
    return this;
  }

  /** Sets {@link UNetConfig#timeEmbedding}. */
  public UNetConfigBuilder timeEmbedding(TimeEmbedding value) {
    timeEmbedding = value;
    return this;
  }

  /** Sets {@link UNetConfig#timeEmbeddingDim}. */
  public UNetConfigBuilder timeEmbeddingDim(int value) {
    timeEmbeddingDim = value;
    return this;
  }

  /** Sets {@link UNetConfig#numTrainTimesteps}. */
  public UNetConfigBuilder numTrainTimesteps(int value) {
    numTrainTimesteps = value;
    return this;
  }

  /** Sets {@link UNetConfig#freqShift}. */
  public UNetConfigBuilder freqShift(double value) {
    freqShift = value;
    return this;
  }

  /** Sets {@link UNetConfig#flipSinToCos}. */
  public UNetConfigBuilder flipSinToCos(boolean value) {
    flipSinToCos = value;
    return this;
  }

  /** Sets {@link UNetConfig#downBlockTypes}. */
  public UNetConfigBuilder downBlockTypes(List<BlockType> value) {
    downBlockTypes = value;
    return this;
  }

  /** Sets {@link UNetConfig#upBlockTypes}. */
  public UNetConfigBuilder upBlockTypes(List<BlockType> value) {
    upBlockTypes = value;
    return this;
  }

  /** Sets {@link UNetConfig#addMidAttention}. */
  public UNetConfigBuilder addMidAttention(boolean value) {
    addMidAttention = value;
    return this;
  }

  /** Sets {@link UNetConfig#blockOutChannels}. */
  public UNetConfigBuilder blockOutChannels(List<Integer> value) {
    blockOutChannels = value;
    return this;
  }

  /** Sets {@link UNetConfig#layersPerBlock}. */
  public UNetConfigBuilder layersPerBlock(int value) {
    layersPerBlock = value;
    return this;
  }

  /** Sets {@link UNetConfig#midBlockScaleFactor}. */
  public UNetConfigBuilder midBlockScaleFactor(double value) {
    midBlockScaleFactor = value;
    return this;
  }

  /** Sets {@link UNetConfig#downsamplePadding}. */
  public UNetConfigBuilder downsamplePadding(int value) {
    downsamplePadding = value;
    return this;
  }

  /** Sets {@link UNetConfig#resnetDownsample}. */
  public UNetConfigBuilder resnetDownsample(boolean value) {
    resnetDownsample = value;
    return this;
  }

  /** Sets {@link UNetConfig#resnetUpsample}. */
  public UNetConfigBuilder resnetUpsample(boolean value) {
    resnetUpsample = value;
    return this;
  }

  /** Sets {@link UNetConfig#attentionHeadDim}. */
  public UNetConfigBuilder attentionHeadDim(int value) {
    attentionHeadDim = value;
    return this;
  }

  /** Sets {@link UNetConfig#normNumGroups}. */
  public UNetConfigBuilder normNumGroups(int value) {
    normNumGroups = value;
    return this;
  }

  /** Sets {@link UNetConfig#attnNormNumGroups}. */
  public UNetConfigBuilder attnNormNumGroups(int value) {
    attnNormNumGroups = value;
    return this;
  }

  /** Sets {@link UNetConfig#normEps}. */
  public UNetConfigBuilder normEps(double value) {
    normEps = value;
    return this;
  }

  /** Sets {@link UNetConfig#scaleShift}. */
  public UNetConfigBuilder scaleShift(boolean value) {
    scaleShift = value;
    return this;
  }

  /** Sets {@link UNetConfig#numClassEmbeds}. */
  public UNetConfigBuilder numClassEmbeds(int value) {
    numClassEmbeds = value;
    return this;
  }

  /** Sets {@link UNetConfig#dropout}. */
  public UNetConfigBuilder dropout(double value) {
    dropout = value;
    return this;
  }

  /**
   * The network.
   *
   * @throws IllegalArgumentException if the fields do not fit together; the message names the
   *     field, what was expected and what was found
   */
  public UNetConfig build() {
    return new UNetConfig(
        sampleSize,
        inChannels,
        outChannels,
        centerInputSample,
        timeEmbedding,
        timeEmbeddingDim,
        numTrainTimesteps,
        freqShift,
        flipSinToCos,
        downBlockTypes,
        upBlockTypes,
        addMidAttention,
        blockOutChannels,
        layersPerBlock,
        midBlockScaleFactor,
        downsamplePadding,
        resnetDownsample,
        resnetUpsample,
        attentionHeadDim,
        normNumGroups,
        attnNormNumGroups,
        normEps,
        scaleShift,
        numClassEmbeds,
        dropout);
  }
}
