package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.nn.LucidrainsUNetConfig;
import io.ddpm4j.exporter.nn.LucidrainsUNetConfig.Attention;
import io.ddpm4j.exporter.nn.LucidrainsUNetConfig.Image;
import io.ddpm4j.exporter.nn.LucidrainsUNetConfig.Time;
import io.ddpm4j.exporter.nn.LucidrainsUNetConfig.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Finds out what {@code Unet} of denoising-diffusion-pytorch a checkpoint holds. Nearly everything
 * can be seen in the shapes of its tensors; the rest are arguments of its constructor.
 */
final class LucidrainsNetwork {
  /** Of the constructor; without influence on what the network computes. */
  private static final Set<String> WITHOUT_EFFECT = Set.of("flash_attn", "dropout");

  private static final int DEFAULT_HEADS = 4;
  private static final int DEFAULT_DIM_HEAD = 32;
  private static final int DEFAULT_GROUPS = 8;
  private static final double DEFAULT_THETA = 10000;

  private final Checkpoint checkpoint;
  private final Arguments arguments;

  private LucidrainsNetwork(Checkpoint checkpoint, Arguments arguments) {
    this.checkpoint = checkpoint;
    this.arguments = arguments;
  }

  /**
   * Channels of the network.
   *
   * @param image of a picture
   * @param input of the first convolution: the picture's, behind as many for the network's last
   *     prediction if it is conditioned on that
   * @param output of the last convolution
   */
  private record Channels(int image, int input, int output) {}

  /**
   * The network.
   *
   * @throws ConversionException if tensors are missing or of another rank
   * @throws IllegalArgumentException if an argument is missing, wrong, or not what the tensors say
   */
  static LucidrainsUNetConfig infer(Checkpoint checkpoint, Arguments arguments, ImageSize size)
      throws ConversionException {
    arguments.ignore(WITHOUT_EFFECT);
    return new LucidrainsNetwork(checkpoint, arguments).infer(size);
  }

  /** Where a parameter of the network comes from. */
  static Origin origin(LucidrainsUNetConfig config, int inputChannels, String parameter) {
    if (parameter.equals("init_conv.weight") && inputChannels != config.image().channels()) {
      return new Origin(parameter, new InputChannels(inputChannels));
    }
    if (config.variant().weightStandardization() && parameter.endsWith(".proj.weight")) {
      return new Origin(parameter, new WeightStandardization());
    }
    return parameter.matches("downs\\.\\d+\\.3\\.1\\.weight")
        ? new Origin(parameter, Transform.PIXEL_UNSHUFFLE)
        : Origin.of(parameter);
  }

  private LucidrainsUNetConfig infer(ImageSize size) throws ConversionException {
    Channels channels = channels();
    boolean preNorm = checkpoint.has("mid_attn.fn.norm.g");
    Time time = time();
    List<Integer> dims = dims(time.dim());
    int stages = dims.size() - 1;
    boolean strided = checkpoint.has("downs.0.3.weight") && stages > 1;
    return new LucidrainsUNetConfig(
        new Image(channels.image(), size.height(), size.width()),
        channels.output(),
        time,
        dims,
        stages(stages, preNorm),
        groups(),
        new Variant(preNorm, strided, weightStandardization(preNorm, strided)));
  }

  private Channels channels() throws ConversionException {
    int input = checkpoint.shape("init_conv.weight", 4)[1];
    int output = checkpoint.shape("final_conv.weight", 4)[0];
    boolean learnedVariance = arguments.bool("learned_variance").orElse(false);
    int picture = arguments.integer("channels").orElse(learnedVariance ? output / 2 : output);
    boolean conditioned =
        arguments.bool("self_condition").orElse(input != picture && input == 2 * picture);
    int image = conditioned ? input / 2 : input;
    boolean fits = output == image || output == 2 * image;
    fits &= !conditioned || input == 2 * image;
    if (arguments.has("self_condition") && !fits) {
      throw Arguments.wrong(
          "self_condition",
          "what fits " + input + " input and " + output + " output channels, as the tensors are",
          String.valueOf(conditioned));
    }
    arguments.agree("channels", image);
    if (!fits) {
      throw new ConversionException(
          "tensor final_conv.weight: expected "
              + image
              + " output channels, as the images have, or twice as many with a learned variance,"
              + " found "
              + output);
    }
    arguments.agree("learned_variance", output == 2 * image);
    arguments.agree("out_dim", output);
    return new Channels(image, input, output);
  }

  private Time time() throws ConversionException {
    int dim = checkpoint.shape("time_mlp.3.weight", 2)[0] / 4;
    int frequencies =
        checkpoint.has("time_mlp.0.weights") ? checkpoint.shape("time_mlp.0.weights", 1)[0] : 0;
    arguments.agree("dim", dim);
    boolean said =
        arguments.has("learned_sinusoidal_cond") | arguments.has("random_fourier_features");
    boolean asked =
        arguments.bool("learned_sinusoidal_cond").orElse(false)
            | arguments.bool("random_fourier_features").orElse(false);
    if (said && asked != frequencies > 0) {
      throw Arguments.wrong(
          "learned_sinusoidal_cond or random_fourier_features",
          frequencies > 0 ? "true, as the tensors are" : "false, as the tensors are",
          String.valueOf(asked));
    }
    if (frequencies > 0) {
      arguments.agree("learned_sinusoidal_dim", 2 * frequencies);
    }
    arguments.ignore(Set.of("learned_sinusoidal_dim")); // a default that is not used
    double theta = arguments.number("sinusoidal_pos_emb_theta").orElse(DEFAULT_THETA);
    return new Time(dim, theta, frequencies);
  }

  private List<Integer> dims(int dim) throws ConversionException {
    List<Integer> dims = new ArrayList<>();
    dims.add(checkpoint.shape("init_conv.weight", 4)[0]);
    List<Integer> multiples = new ArrayList<>();
    int stages = checkpoint.count("downs");
    for (int stage = 0; stage < stages; stage++) {
      String name = "downs." + stage + ".3";
      String weight = checkpoint.has(name + ".weight") ? name + ".weight" : name + ".1.weight";
      dims.add(checkpoint.shape(weight, 4)[0]);
      multiples.add(dims.get(stage + 1) / Math.max(1, dim));
    }
    arguments.agree("init_dim", dims.get(0));
    arguments.agree("dim_mults", multiples);
    return dims;
  }

  private int groups() {
    boolean rootMeanSquare = checkpoint.has("mid_block1.block1.norm.g");
    if (rootMeanSquare && arguments.has("resnet_block_groups")) {
      throw Arguments.wrong(
          "resnet_block_groups",
          "none, as the tensors are of a version with RMS norms",
          String.valueOf(arguments.integer("resnet_block_groups").getAsInt()));
    }
    return rootMeanSquare ? 0 : arguments.integer("resnet_block_groups").orElse(DEFAULT_GROUPS);
  }

  /**
   * Versions before 1.0 have the same tensors with and without it. All that have pixels as channels
   * and pre-norms have it, and none without pre-norms.
   */
  private boolean weightStandardization(boolean preNorm, boolean strided) {
    String key = "weight_standardization";
    if (!preNorm || !strided) {
      arguments.agree(key, preNorm);
      return preNorm;
    }
    return arguments
        .bool(key)
        .orElseThrow(
            () ->
                Arguments.wrong(
                    key,
                    "true or false, which the tensors of this version do not say"
                        + " (whether Block has WeightStandardizedConv2d)",
                    "nothing"));
  }

  private List<Attention> stages(int count, boolean preNorm) throws ConversionException {
    List<Integer> heads = arguments.integers("attn_heads", count).orElse(List.of());
    List<Integer> dimHeads = arguments.integers("attn_dim_head", count).orElse(List.of());
    requireCount("attn_heads", heads, count);
    requireCount("attn_dim_head", dimHeads, count);
    List<Attention> stages = new ArrayList<>();
    for (int stage = 0; stage < count; stage++) {
      String name = "downs." + stage + ".2" + (preNorm ? ".fn.fn" : "");
      stages.add(
          attention(
              name,
              heads.isEmpty() ? 0 : heads.get(stage),
              dimHeads.isEmpty() ? 0 : dimHeads.get(stage)));
    }
    List<Boolean> full = stages.stream().map(Attention::full).toList();
    boolean byDefault = // what "if not full_attn" of the constructor passes over
        !arguments.has("full_attn")
            || arguments.bools("full_attn", 1).orElseThrow().equals(List.of(false));
    if (!byDefault) {
      List<Boolean> given = arguments.bools("full_attn", count).orElseThrow();
      arguments.require(
          given.isEmpty() || given.equals(full), "full_attn", full + ", as the tensors are", given);
    }
    return stages;
  }

  private void requireCount(String key, List<Integer> given, int stages) {
    arguments.require(
        given.isEmpty() || given.size() == stages, key, stages + " entries, one a stage", given);
  }

  /** With 0 for what is not given. */
  private Attention attention(String name, int givenHeads, int givenDimHead)
      throws ConversionException {
    boolean full = checkpoint.has(name + ".to_out.weight");
    int inner = checkpoint.shape(name + ".to_qkv.weight", 4)[0] / 3;
    if (checkpoint.has(name + ".mem_kv")) {
      int[] memory = checkpoint.shape(name + ".mem_kv", 4);
      int dimHead = full ? memory[3] : memory[2];
      requireSame("attn_heads", memory[1], givenHeads);
      requireSame("attn_dim_head", dimHead, givenDimHead);
      return new Attention(full, memory[1], dimHead, full ? memory[2] : memory[3]);
    }
    int heads =
        givenHeads > 0 ? givenHeads : givenDimHead > 0 ? inner / givenDimHead : DEFAULT_HEADS;
    int dimHead =
        givenDimHead > 0 ? givenDimHead : givenHeads > 0 ? inner / heads : DEFAULT_DIM_HEAD;
    if (heads * dimHead != inner) {
      boolean given = givenHeads > 0 || givenDimHead > 0;
      throw Arguments.wrong(
          "attn_heads",
          "heads with attn_dim_head channels that make up the " + inner + " of " + name + ".to_qkv",
          given ? heads + " of " + dimHead + " channels" : "neither");
    }
    return new Attention(full, heads, dimHead, 0);
  }

  private static void requireSame(String key, int inTensors, int given) {
    if (given > 0 && given != inTensors) {
      throw Arguments.wrong(key, inTensors + ", as the tensors are", String.valueOf(given));
    }
  }
}
