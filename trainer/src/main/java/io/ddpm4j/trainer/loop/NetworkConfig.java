package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.trainer.data.ImageDataset;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The U-Net.
 *
 * @param channels of each level, from full resolution down
 * @param attention whether the level of that index has self-attention; the middle always has
 * @param layersPerBlock ResNet blocks of a level on the way down
 * @param groups of the group norms
 * @param attentionHeadDim channels of one attention head
 * @param classConditional whether the data's classes are told to the network
 * @param labelDropout the share of training images whose class is not told, in [0, 1): where it is
 *     above 0 the network has a class more, the null class, for classifier-free guidance (Ho and
 *     Salimans 2022)
 * @param dropout the share of elements that training drops in each ResNet block, in [0, 1)
 * @param unet fields of diffusers' {@code UNet2DModel} that none of the others says, with its names
 *     and values: {@code downsample_padding}, {@code resnet_time_scale_shift}; null for none
 */
public record NetworkConfig(
    List<Integer> channels,
    List<Boolean> attention,
    int layersPerBlock,
    int groups,
    int attentionHeadDim,
    boolean classConditional,
    @MayBeAbsent double labelDropout,
    @MayBeAbsent double dropout,
    @MayBeAbsent JsonObject unet) {

  private static final int MANY = 1 << 16;
  private static final int SKIP_GROUPS = 32; // divide the channels of Skip blocks
  private static final int PICTURE_CHANNELS = 3; // that Skip blocks are made for

  /** What {@link #unet} may not say, for the others do. */
  private static final Set<String> SAID =
      Set.of(
          "sample_size",
          "in_channels",
          "out_channels",
          "block_out_channels",
          "layers_per_block",
          "norm_num_groups",
          "attention_head_dim",
          "num_class_embeds",
          "dropout");

  /** Refuses lists that are not whole or do not fit together. */
  public NetworkConfig {
    require(isWhole(channels), "--widths", "a width for each level", channels);
    require(isWhole(attention), "--attention", "true or false for each level", attention);
    channels = List.copyOf(channels);
    attention = List.copyOf(attention);
    for (int width : channels) {
      require(width > 0, "--widths", "at least 1 channel", width);
    }
    require(
        attention.size() == channels.size(),
        "--attention",
        "true or false for each of " + channels.size() + " levels",
        attention.size());
    require(layersPerBlock > 0, "--layers", "at least 1", layersPerBlock);
    require(groups > 0, "--groups", "at least 1", groups);
    require(attentionHeadDim >= 0, "--head-channels", "0 or more", attentionHeadDim);
    require(
        labelDropout >= 0 && labelDropout < 1,
        "--label-dropout",
        "a number from 0 to below 1",
        labelDropout);
    require(
        labelDropout == 0 || classConditional,
        "--label-dropout",
        "0, since the network is not told the classes",
        labelDropout);
    require(dropout >= 0 && dropout < 1, "--dropout", "a number from 0 to below 1", dropout);
    unet = unet == null || unet.isEmpty() ? null : unet.deepCopy();
    if (unet != null) {
      for (String field : unet.keySet()) {
        require(
            !SAID.contains(field),
            "network.unet." + field,
            "none, since another field of the run says it",
            unet.get(field));
      }
      requireUnet(channels.size(), unet);
    }
  }

  /**
   * Refuses fields that {@code UNet2DModel} does not have or other values than it takes, by a
   * network of as many levels whose widths they all go with: the run's own are none to hold them
   * against, since options may still change those.
   */
  private static void requireUnet(int levels, JsonObject unet) {
    int groups =
        unet.get("attn_norm_num_groups") instanceof JsonPrimitive p && p.isNumber()
            ? p.getAsInt()
            : 0;
    long both = groups > 0 && groups < MANY ? (long) SKIP_GROUPS * groups : 1;
    int unit = both <= MANY ? (int) both : groups;
    int width = MANY / unit * unit;
    UNetConfig any =
        UNetConfig.of(
            1 << (levels - 1),
            PICTURE_CHANNELS,
            Collections.nCopies(levels, width),
            Collections.nCopies(levels, true),
            1,
            1,
            0,
            0);
    try {
      over(any, unet);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          e.getMessage().replaceFirst("^U-Net config: ", "network.unet."), e);
    }
  }

  /** Refuses widths that groups or heads do not divide. */
  public void requireWidths() {
    for (int width : channels) {
      require(width % groups == 0, "--widths", "multiples of --groups (" + groups + ")", width);
      require(
          attentionHeadDim == 0 || width <= attentionHeadDim || width % attentionHeadDim == 0,
          "--widths",
          "multiples of --head-channels (" + attentionHeadDim + ")", // a narrower one has one head
          width);
    }
  }

  /** A network without dropout, in which everything else is diffusers' default. */
  public NetworkConfig(
      List<Integer> channels,
      List<Boolean> attention,
      int layersPerBlock,
      int groups,
      int attentionHeadDim,
      boolean classConditional,
      double labelDropout) {
    this(
        channels,
        attention,
        layersPerBlock,
        groups,
        attentionHeadDim,
        classConditional,
        labelDropout,
        0,
        null);
  }

  /**
   * The options that make a network, but for the outputs of a learned variance, which are the
   * objective's.
   *
   * @throws IllegalArgumentException if there are none: its outputs are not those of its images, or
   *     its norms have no common number of groups
   */
  static NetworkConfig of(UNetConfig network) {
    int channels = network.inChannels();
    require(
        network.outChannels() == channels || network.outChannels() == 2 * channels,
        "out_channels",
        "as many as in_channels, " + channels + ", or twice that with a learned variance",
        network.outChannels());
    require(
        network.normNumGroups() > 0,
        "norm_num_groups",
        "a number, since a run has one",
        "null: each block has its own");
    NetworkConfig plain =
        new NetworkConfig(
            network.blockOutChannels(),
            network.downBlockTypes().stream().map(UNetConfig.BlockType.ATTENTION::equals).toList(),
            network.layersPerBlock(),
            network.normNumGroups(),
            network.attentionHeadDim(),
            network.numClassEmbeds() > 0,
            0);
    JsonObject usual =
        json(plain.unet(network.sampleSize(), network.inChannels(), network.numClassEmbeds()));
    JsonObject others = json(network.withDropout(0).withOutChannels(channels));
    others.keySet().removeIf(field -> others.get(field).equals(usual.get(field)));
    return new NetworkConfig(
        plain.channels,
        plain.attention,
        plain.layersPerBlock,
        plain.groups,
        plain.attentionHeadDim,
        plain.classConditional,
        0,
        network.dropout(),
        others);
  }

  private static JsonObject json(UNetConfig network) {
    return JsonParser.parseString(network.toJson()).getAsJsonObject();
  }

  /** A copy. */
  @Override
  public JsonObject unet() {
    return unet == null ? null : unet.deepCopy();
  }

  /** The same network with another share of labels that are not told. */
  public NetworkConfig withLabelDropout(double share) {
    return new NetworkConfig(
        channels,
        attention,
        layersPerBlock,
        groups,
        attentionHeadDim,
        classConditional,
        share,
        dropout,
        unet);
  }

  /** The same network with another share of elements that are dropped in training. */
  public NetworkConfig withDropout(double share) {
    return new NetworkConfig(
        channels,
        attention,
        layersPerBlock,
        groups,
        attentionHeadDim,
        classConditional,
        labelDropout,
        share,
        unet);
  }

  /**
   * The label that stands for no class, for data of so many classes: the one after theirs.
   *
   * @return empty in a network that is always told the class, or never
   */
  public OptionalInt nullClass(int classes) {
    return labelDropout > 0 ? OptionalInt.of(classes) : OptionalInt.empty();
  }

  private static boolean isWhole(List<?> list) {
    return list != null && !list.isEmpty() && list.stream().allMatch(Objects::nonNull);
  }

  /**
   * The network for images of a data set.
   *
   * @throws IllegalArgumentException if network and images do not fit each other
   */
  public UNetConfig unet(ImageDataset images) {
    require(
        images.height() == images.width(),
        "the images of " + images.name(),
        "squares",
        images.width() + "x" + images.height());
    int classes = classConditional ? images.classNames().size() : 0;
    require(
        labelDropout == 0 || classes > 0,
        "--label-dropout",
        "0, since the images of " + images.name() + " have no classes",
        labelDropout);
    return unet(images.height(), images.channels(), classes);
  }

  /** The network for square images; of the data's classes only a conditional one is told. */
  UNetConfig unet(int size, int imageChannels, int dataClasses) {
    int classes = classConditional ? dataClasses : 0;
    UNetConfig usual =
        UNetConfig.of(
                size,
                imageChannels,
                channels,
                attention,
                layersPerBlock,
                groups,
                attentionHeadDim,
                classes + (nullClass(classes).isPresent() ? 1 : 0))
            .withDropout(dropout);
    return unet == null ? usual : over(usual, unet);
  }

  private static UNetConfig over(UNetConfig usual, JsonObject fields) {
    JsonObject whole = json(usual);
    fields.asMap().forEach(whole::add);
    return UNetConfig.fromJson(whole.toString());
  }
}
