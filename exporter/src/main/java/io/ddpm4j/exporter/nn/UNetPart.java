package io.ddpm4j.exporter.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A part of a U-Net, as a table of the network shows it: a level on the way down or up, the middle,
 * or what comes before and behind.
 *
 * @param name that the names of its parameters begin with: {@code down_blocks.0}
 * @param layers what it is made of, in words
 * @param channels of its output
 * @param size height and width of its output in pixels; 0 for a vector
 * @param parameters trainable numbers in it
 */
public record UNetPart(String name, String layers, int channels, int size, long parameters) {

  /**
   * The parts of a network in the order in which data pass them; their parameters add up to the
   * network's.
   *
   * @throws IllegalArgumentException if the config leaves the images' size open
   */
  public static List<UNetPart> of(UNetConfig config) {
    UNetConfig.check(config.sampleSize() > 0, "sample_size", "the images' size", "none");
    return new Table(config).parts();
  }

  /** Collects the parts. */
  private static final class Table {
    private final UNetConfig config;
    private final Map<String, Parameters.Spec> specs;
    private final List<UNetPart> parts = new ArrayList<>();

    Table(UNetConfig config) {
      this.config = config;
      this.specs = UNet.parameters(config).specs();
    }

    List<UNetPart> parts() {
      List<Integer> channels = config.blockOutChannels();
      int levels = channels.size();
      int size = config.sampleSize();
      String time =
          config.numClassEmbeds() > 0
              ? "timestep and " + config.numClassEmbeds() + " classes"
              : "timestep";
      add(
          "time_embedding",
          time,
          config.timeChannels(),
          0,
          name -> name.startsWith("time_") || name.startsWith("class_embedding."));
      add("conv_in", "convolution", channels.get(0), size);
      for (int level = 0; level < levels; level++) {
        boolean down = level < levels - 1;
        size = down ? size / 2 : size;
        add(
            "down_blocks." + level,
            layers(config.downBlockTypes().get(level), config.layersPerBlock(), down ? "half" : ""),
            channels.get(level),
            size);
      }
      add(
          "mid_block",
          config.addMidAttention() ? "2 ResNet, attention" : "2 ResNet",
          channels.get(levels - 1),
          size);
      List<Integer> reversed = new ArrayList<>(channels);
      Collections.reverse(reversed);
      for (int level = 0; level < levels; level++) {
        boolean up = level < levels - 1;
        size = up ? size * 2 : size;
        add(
            "up_blocks." + level,
            layers(
                config.upBlockTypes().get(level), config.layersPerBlock() + 1, up ? "double" : ""),
            reversed.get(level),
            size);
      }
      add(
          "conv_out",
          "group norm, convolution",
          config.outChannels(),
          size,
          name -> name.startsWith("conv_out.") || name.startsWith("conv_norm_out."));
      return List.copyOf(parts);
    }

    private static String layers(UNetConfig.BlockType type, int resnets, String resize) {
      return resnets
          + " ResNet"
          + (type == UNetConfig.BlockType.ATTENTION ? " with attention" : "")
          + (resize.isEmpty() ? "" : ", " + resize + " the size");
    }

    private void add(String name, String layers, int channels, int size) {
      add(name, layers, channels, size, parameter -> parameter.startsWith(name + "."));
    }

    private void add(
        String name, String layers, int channels, int size, Predicate<String> isInside) {
      long count =
          specs.values().stream()
              .filter(spec -> isInside.test(spec.name()))
              .mapToLong(spec -> spec.shape().elements())
              .sum();
      parts.add(new UNetPart(name, layers, channels, size, count));
    }
  }
}
