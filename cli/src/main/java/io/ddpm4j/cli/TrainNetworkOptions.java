package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.NetworkConfig;
import java.util.List;
import java.util.stream.IntStream;
import picocli.CommandLine.Option;

/**
 * Options of {@code ddpm train} under "Network": the U-Net. A field is null where the user said
 * nothing; then the preset decides.
 */
final class TrainNetworkOptions {
  @Option(
      names = "--widths",
      paramLabel = "N",
      split = ",",
      converter = Numbers.Positive.class,
      description =
          "Channels of each level, from full resolution down (default: ${bundle:preset.widths}).")
  private List<Integer> widths;

  @Option(
      names = "--attention",
      paramLabel = "LEVEL",
      split = ",",
      converter = Numbers.NotNegative.class,
      description =
          "Levels with self-attention, from 1; 0 for none but the middle"
              + " (default: ${bundle:preset.attention}).")
  private List<Integer> attention;

  @Option(
      names = "--layers",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "ResNet blocks of a level (default: ${bundle:preset.layers}).")
  private Integer layers;

  @Option(
      names = "--groups",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Groups of the group norms (default: ${bundle:preset.groups}).")
  private Integer groups;

  @Option(
      names = "--head-channels",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description = "Channels of an attention head (default: ${bundle:preset.headChannels}).")
  private Integer headChannels;

  @Option(
      names = "--unconditional",
      description = "Do not tell the network the classes of the data.")
  private boolean unconditional;

  @Option(
      names = "--label-dropout",
      paramLabel = "X",
      description =
          "Share of images whose class is not told, for classifier-free guidance; 0.1 is usual"
              + " (default: ${bundle:preset.labelDropout}).")
  private Double labelDropout;

  @Option(
      names = "--dropout",
      paramLabel = "X",
      description =
          "Share of elements that training drops in each ResNet block (default:"
              + " ${bundle:preset.dropout}).")
  private Double dropout;

  NetworkConfig over(NetworkConfig preset) {
    List<Integer> channels = widths == null ? preset.channels() : widths;
    int groupCount = Said.or(groups, preset.groups());
    int headWidth = Said.or(headChannels, preset.attentionHeadDim());
    try {
      NetworkConfig network =
          new NetworkConfig(
              channels,
              attention(preset, channels.size()),
              Said.or(layers, preset.layersPerBlock()),
              groupCount,
              headWidth,
              preset.classConditional() && !unconditional,
              Said.or(labelDropout, preset.labelDropout()),
              Said.or(dropout, preset.dropout()),
              preset.unet());
      network.requireWidths();
      return network;
    } catch (IllegalArgumentException e) { // names the option
      throw new UsageException(e.getMessage());
    }
  }

  /** Whether an option says something of widths, or of what divides them. */
  boolean saysWidths() {
    return widths != null || groups != null || headChannels != null;
  }

  /**
   * Refuses what contradicts the network of a model that a run begins with.
   *
   * @param name of the model, for the message
   */
  void requireSame(NetworkConfig model, String name) {
    requireSame("--widths", widths, model.channels(), name);
    List<Integer> levels =
        IntStream.rangeClosed(1, model.attention().size())
            .filter(level -> model.attention().get(level - 1))
            .boxed()
            .toList();
    List<Integer> asked =
        attention == null
            ? null
            : attention.stream().filter(level -> level > 0).distinct().sorted().toList();
    requireSame("--attention", asked, levels, name);
    requireSame("--layers", layers, model.layersPerBlock(), name);
    requireSame("--groups", groups, model.groups(), name);
    requireSame("--head-channels", headChannels, model.attentionHeadDim(), name);
    if (unconditional && model.classConditional()) {
      throw new UsageException(
          "--unconditional does not apply: the network of " + name + " is told the class");
    }
  }

  private static void requireSame(String option, Object said, Object model, String name) {
    if (said != null && !said.equals(model)) {
      throw new UsageException(
          "%s: expected %s, as in %s, found %s"
              .formatted(option, joined(model), name, joined(said)));
    }
  }

  /** As the option is written: 32,64. */
  private static String joined(Object value) {
    String text = value.toString().replaceAll("[\\[\\] ]", "");
    return text.isEmpty() ? "0" : text;
  }

  private List<Boolean> attention(NetworkConfig preset, int levels) {
    if (attention == null && preset.attention().size() == levels) {
      return preset.attention();
    }
    // Another number of levels: attention at the coarsest, as in every preset.
    List<Integer> chosen = attention == null ? List.of(levels) : attention;
    for (int level : chosen) {
      if (level > levels) {
        throw new UsageException(
            "--attention: expected levels from 1 to " + levels + ", found " + level);
      }
    }
    return IntStream.rangeClosed(1, levels).mapToObj(chosen::contains).toList();
  }
}
