package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.trainer.data.ImageDataset;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

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
 */
public record NetworkConfig(
    List<Integer> channels,
    List<Boolean> attention,
    int layersPerBlock,
    int groups,
    int attentionHeadDim,
    boolean classConditional,
    @MayBeAbsent double labelDropout,
    @MayBeAbsent double dropout) {

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
  }

  /** A network without dropout. */
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
        0);
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
        dropout);
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
        share);
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
    return UNetConfig.of(
            size,
            imageChannels,
            channels,
            attention,
            layersPerBlock,
            groups,
            attentionHeadDim,
            classes + (nullClass(classes).isPresent() ? 1 : 0))
        .withDropout(dropout);
  }
}
