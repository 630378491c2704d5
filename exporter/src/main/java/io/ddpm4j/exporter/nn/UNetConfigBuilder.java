package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import io.ddpm4j.exporter.nn.UNetConfig.TimeEmbedding;
import java.util.List;

/** Sets the fields of a {@link UNetConfig}; one that is not set has diffusers' default. */
public final class UNetConfigBuilder {
  private int sampleHeight;
  private int sampleWidth;
  private int inChannels = 3;
  private int outChannels = 3;
  private boolean centerInputSample;
  private TimeEmbedding timeEmbedding = TimeEmbedding.POSITIONAL;
  private int timeEmbeddingDim;
  private int numTrainTimesteps;
  private double freqShift;
  private boolean flipSinToCos = true;
  private int sinusoidDim;
  private double timestepScale = 1;
  private List<BlockType> downBlockTypes =
      List.of(BlockType.PLAIN, BlockType.ATTENTION, BlockType.ATTENTION, BlockType.ATTENTION);
  private List<BlockType> upBlockTypes =
      List.of(BlockType.ATTENTION, BlockType.ATTENTION, BlockType.ATTENTION, BlockType.PLAIN);
  private boolean midBlock = true;
  private boolean addMidAttention = true;
  private List<Integer> blockOutChannels = List.of(224, 448, 672, 896);
  private int layersPerBlock = 2;
  private double midBlockScaleFactor = 1;
  private int downsamplePadding = 1;
  private boolean resnetDownsample;
  private boolean resnetUpsample;
  private boolean convResample = true;
  private AttentionHeads attentionHeads = new AttentionHeads.OfWidth(8);
  private int normNumGroups = 32;
  private int attnNormNumGroups;
  private double normEps = 1e-5;
  private boolean scaleShift;
  private ClassEmbedding classEmbedding = ClassEmbedding.TABLE;
  private int numClassEmbeds;
  private double dropout;
  private Activation activation = Activation.SILU;

  UNetConfigBuilder() {}

  UNetConfigBuilder(UNetConfig config) {
    sampleHeight = config.sampleHeight();
    sampleWidth = config.sampleWidth();
    inChannels = config.inChannels();
    outChannels = config.outChannels();
    centerInputSample = config.centerInputSample();
    timeEmbedding = config.timeEmbedding();
    timeEmbeddingDim = config.timeEmbeddingDim();
    numTrainTimesteps = config.numTrainTimesteps();
    freqShift = config.freqShift();
    flipSinToCos = config.flipSinToCos();
    sinusoidDim = config.sinusoidDim();
    timestepScale = config.timestepScale();
    downBlockTypes = config.downBlockTypes();
    upBlockTypes = config.upBlockTypes();
    midBlock = config.midBlock();
    addMidAttention = config.addMidAttention();
    blockOutChannels = config.blockOutChannels();
    layersPerBlock = config.layersPerBlock();
    midBlockScaleFactor = config.midBlockScaleFactor();
    downsamplePadding = config.downsamplePadding();
    resnetDownsample = config.resnetDownsample();
    resnetUpsample = config.resnetUpsample();
    convResample = config.convResample();
    attentionHeads = config.attentionHeads();
    normNumGroups = config.normNumGroups();
    attnNormNumGroups = config.attnNormNumGroups();
    normEps = config.normEps();
    scaleShift = config.scaleShift();
    classEmbedding = config.classEmbedding();
    numClassEmbeds = config.numClassEmbeds();
    dropout = config.dropout();
    activation = config.activation();
  }

  /** Sets height and width of square images; 0 leaves them open. */
  public UNetConfigBuilder sampleSize(int value) {
    return sampleSize(value, value);
  }

  /** Sets {@link UNetConfig#sampleHeight} and {@link UNetConfig#sampleWidth}. */
  public UNetConfigBuilder sampleSize(int height, int width) {
    sampleHeight = height;
    sampleWidth = width;
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

  /** Sets {@link UNetConfig#sinusoidDim}. */
  public UNetConfigBuilder sinusoidDim(int value) {
    sinusoidDim = value;
    return this;
  }

  /** Sets {@link UNetConfig#timestepScale}. */
  public UNetConfigBuilder timestepScale(double value) {
    timestepScale = value;
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

  /** Sets {@link UNetConfig#midBlock}. */
  public UNetConfigBuilder midBlock(boolean value) {
    midBlock = value;
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

  /** Sets {@link UNetConfig#convResample}. */
  public UNetConfigBuilder convResample(boolean value) {
    convResample = value;
    return this;
  }

  /** Sets heads of that width, one head for 0; see {@link UNetConfig#attentionHeads}. */
  public UNetConfigBuilder attentionHeadDim(int value) {
    return attentionHeads(value == 0 ? AttentionHeads.ONE : new AttentionHeads.OfWidth(value));
  }

  /** Sets {@link UNetConfig#attentionHeads}. */
  public UNetConfigBuilder attentionHeads(AttentionHeads value) {
    attentionHeads = value;
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

  /** Sets {@link UNetConfig#classEmbedding}. */
  public UNetConfigBuilder classEmbedding(ClassEmbedding value) {
    classEmbedding = value;
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

  /** Sets {@link UNetConfig#activation}. */
  public UNetConfigBuilder activation(Activation value) {
    activation = value;
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
        sampleHeight,
        sampleWidth,
        inChannels,
        outChannels,
        centerInputSample,
        timeEmbedding,
        timeEmbeddingDim,
        numTrainTimesteps,
        freqShift,
        flipSinToCos,
        sinusoidDim,
        timestepScale,
        downBlockTypes,
        upBlockTypes,
        midBlock,
        addMidAttention,
        blockOutChannels,
        layersPerBlock,
        midBlockScaleFactor,
        downsamplePadding,
        resnetDownsample,
        resnetUpsample,
        convResample,
        attentionHeads,
        normNumGroups,
        attnNormNumGroups,
        normEps,
        scaleShift,
        classEmbedding,
        numClassEmbeds,
        dropout,
        activation);
  }
}
