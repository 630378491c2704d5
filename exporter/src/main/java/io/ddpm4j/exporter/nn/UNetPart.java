package io.ddpm4j.exporter.nn;

import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import java.util.ArrayList;
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
 * @param height of its output in pixels; 0 for a vector
 * @param width of its output in pixels; 0 for a vector
 * @param parameters trainable numbers in it
 */
public record UNetPart(
    String name, String layers, int channels, int height, int width, long parameters) {

  /**
   * The parts of a network in the order in which data pass them; their parameters add up to the
   * network's.
   *
   * @throws IllegalArgumentException if the config leaves the images' size open
   */
  public static List<UNetPart> of(UNetConfig config) {
    UNetConfig.check(config.hasSize(), "sample_size", "the images' size", "none");
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
      int last = channels.size() - 1;
      add(
          new Output("time_embedding", conditioning(), config.timeChannels(), -1),
          name -> name.startsWith("time_") || name.startsWith("class_embedding."));
      add(new Output("conv_in", "convolution", channels.get(0), 0));
      for (int level = 0; level <= last; level++) {
        String layers = layers(config.downBlockTypes().get(level), config.layersPerBlock());
        add(
            new Output(
                "down_blocks." + level,
                layers + (level < last ? ", half the size" : ""),
                channels.get(level),
                Math.min(level + 1, last)));
      }
      if (config.midBlock()) {
        String layers = config.addMidAttention() ? "2 ResNet, attention" : "2 ResNet";
        add(new Output("mid_block", layers, channels.get(last), last));
      }
      for (int k = 0; k <= last; k++) {
        BlockType type = config.upBlockTypes().get(k);
        boolean isK = type == BlockType.K; // of the next level's width, and a block less
        int blocks = config.layersPerBlock() + (isK ? 0 : 1);
        int next = Math.max(0, last - k - 1);
        add(
            new Output(
                "up_blocks." + k,
                layersUp(type, blocks) + (k < last ? ", double the size" : ""),
                channels.get(isK ? next : last - k),
                next));
      }
      add(
          new Output("conv_out", "group norm, convolution", config.outChannels(), 0),
          name -> name.startsWith("conv_out.") || name.startsWith("conv_norm_out."));
      return List.copyOf(parts);
    }

    private String conditioning() {
      return "timestep"
          + switch (config.classEmbedding()) {
            case TABLE ->
                config.numClassEmbeds() > 0 ? " and " + config.numClassEmbeds() + " classes" : "";
            case TIMESTEP -> " and a class like it";
            case IDENTITY -> " and a class's vector";
          };
    }

    private static String layers(BlockType type, int resnets) {
      return resnets
          + " ResNet"
          + (type.hasAttention() ? " with attention" : "")
          + (type.isSkip() ? ", image beside" : "");
    }

    private static String layersUp(BlockType type, int resnets) {
      return type == BlockType.ATTENTION_SKIP
          ? resnets + " ResNet, attention, image beside"
          : layers(type, resnets);
    }

    /**
     * What a part gives.
     *
     * @param halvings of the size; -1 for a vector
     */
    private record Output(String name, String layers, int channels, int halvings) {}

    private void add(Output output) {
      add(output, parameter -> parameter.startsWith(output.name() + "."));
    }

    private void add(Output output, Predicate<String> isInside) {
      long count =
          specs.values().stream()
              .filter(spec -> isInside.test(spec.name()))
              .mapToLong(spec -> spec.shape().elements())
              .sum();
      boolean vector = output.halvings() < 0;
      parts.add(
          new UNetPart(
              output.name(),
              output.layers(),
              output.channels(),
              vector ? 0 : config.sampleHeight() >> output.halvings(),
              vector ? 0 : config.sampleWidth() >> output.halvings(),
              count));
    }
  }
}
