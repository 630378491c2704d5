package io.ddpm4j.exporter.convert;

import io.ddpm4j.exporter.convert.OpenAiLayout.Resample;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is said of a {@code UNetModel} beside its tensors, with the names of its constructor's
 * arguments or of the options of OpenAI's scripts.
 *
 * @param size of the images
 * @param headChannels of one attention head; 0 where the number of heads is fixed
 * @param heads of each attention on the way down and in the middle; 0 where their channels are
 *     fixed
 * @param upHeads of each attention on the way up
 * @param headsFirst the order of rows in {@code qkv}, see {@link QkvRows}
 */
record OpenAiArguments(
    ImageSize size, int headChannels, int heads, int upHeads, boolean headsFirst) {

  /** Without influence on what the network computes. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("dropout", "use_checkpoint", "use_fp16", "model_path");

  /** What the scripts take where {@code channel_mult} is empty, by {@code image_size}. */
  private static final Map<Integer, List<Double>> CHANNEL_MULTS =
      Map.of(
          512, List.of(0.5, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0),
          256, List.of(1.0, 1.0, 2.0, 2.0, 4.0, 4.0),
          128, List.of(1.0, 1.0, 2.0, 3.0, 4.0),
          64, List.of(1.0, 2.0, 3.0, 4.0),
          32, List.of(1.0, 2.0, 2.0, 2.0));

  /**
   * Takes the arguments, and refuses those that the tensors contradict.
   *
   * @param given the images' size if it is given otherwise
   * @throws IllegalArgumentException naming the argument
   */
  static OpenAiArguments of(Arguments arguments, OpenAiLayout layout, Optional<ImageSize> given) {
    arguments.ignore(WITHOUT_EFFECT);
    OptionalInt said = arguments.integer("image_size");
    Checks checks = new Checks(arguments, layout, said);
    checks.all();
    ImageSize size =
        given.orElseGet(
            () -> {
              int extent =
                  said.orElseThrow(
                      () ->
                          Arguments.wrong(
                              "image_size",
                              "the images' size, which the tensors do not say",
                              "nothing"));
              arguments.require(extent > 0, "image_size", "at least 1", extent);
              return new ImageSize(extent, extent);
            });
    boolean headsFirst = !arguments.bool("use_new_attention_order").orElse(false);
    int channels = positive(arguments, "num_head_channels");
    int heads = positive(arguments, "num_heads");
    int upHeads = positive(arguments, "num_heads_upsample");
    if (channels > 0) {
      return new OpenAiArguments(size, channels, 0, 0, headsFirst);
    }
    if (heads == 0) {
      throw Arguments.wrong(
          "num_heads", "it or num_head_channels, which the tensors do not say", "nothing");
    }
    return new OpenAiArguments(size, 0, heads, upHeads > 0 ? upHeads : heads, headsFirst);
  }

  /** Heads of an attention. */
  int heads(int channels, boolean up) {
    return headChannels > 0 ? channels / headChannels : up ? upHeads : heads;
  }

  /** 0 for what is absent or -1, as the constructor has it. */
  private static int positive(Arguments arguments, String key) {
    int value = arguments.integer(key).orElse(-1);
    arguments.require(value == -1 || value >= 1, key, "at least 1, or -1 for none", value);
    return Math.max(0, value);
  }

  /** Compares arguments with what the tensors say. */
  private record Checks(Arguments arguments, OpenAiLayout layout, OptionalInt imageSize) {

    void all() {
      arguments.agree("in_channels", layout.inChannels());
      arguments.agree("out_channels", layout.outChannels());
      arguments.agree("learn_sigma", layout.outChannels() == 2 * layout.inChannels());
      arguments.agree("model_channels", layout.modelChannels());
      arguments.agree("num_channels", layout.modelChannels());
      arguments.agree("num_res_blocks", layout.resBlocks());
      arguments.agree("class_cond", layout.classes() > 0);
      arguments.agree("use_scale_shift_norm", layout.scaleShift());
      arguments.agree("dims", 2);
      if (arguments.has("num_classes") || arguments.mentions("num_classes")) {
        int classes = arguments.integer("num_classes").orElse(0);
        arguments.require(
            classes == layout.classes(),
            "num_classes",
            layout.classes() + ", as the tensors are",
            classes);
      }
      boolean resamples = layout.levels() > 1;
      if (resamples) {
        arguments.agree("resblock_updown", layout.resample() == Resample.RESIDUAL);
      }
      if (resamples && layout.resample() != Resample.RESIDUAL) { // which has none to learn
        arguments.agree("conv_resample", layout.resample() == Resample.CONVOLUTION);
      }
      arguments.ignore(Set.of("resblock_updown", "conv_resample"));
      channelMult();
      attention();
    }

    private void channelMult() {
      List<Double> inTensors =
          layout.channels().stream().map(c -> (double) c / layout.modelChannels()).toList();
      String key = "channel_mult";
      boolean mentioned = arguments.mentions(key);
      List<Double> given = null;
      if (arguments.isText(key) && !arguments.text(key).orElseThrow().isBlank()) {
        given = texts(key, arguments.text(key).orElseThrow());
      } else if (arguments.has(key) && !arguments.isText(key)) {
        given = arguments.numbers(key).orElseThrow();
      } else if (mentioned && imageSize.isPresent()) {
        given = CHANNEL_MULTS.get(imageSize.getAsInt());
      }
      arguments.require(
          given == null || given.equals(inTensors),
          key,
          inTensors + ", as the tensors are",
          String.valueOf(given));
    }

    /** A list has how much smaller the images are; a text, or one number, how large. */
    private void attention() {
      String key = "attention_resolutions";
      if (!arguments.has(key)) {
        return;
      }
      List<Double> given =
          arguments.isText(key)
              ? texts(key, arguments.text(key).orElseThrow())
              : arguments.numbers(key).orElseThrow();
      boolean sizes = arguments.isText(key) || arguments.isNumber(key);
      if (sizes && imageSize.isEmpty()) {
        return; // nothing to hold it against
      }
      Set<Integer> rates = new TreeSet<>();
      for (double number : given) {
        arguments.require(number >= 1, key, "numbers of at least 1", number);
        rates.add(sizes ? imageSize.getAsInt() / (int) number : (int) number);
      }
      for (int level = 0; level < layout.levels(); level++) {
        boolean inTensors = layout.attention().get(level);
        arguments.require(
            rates.contains(1 << level) == inTensors,
            key,
            (inTensors ? "" : "no ")
                + "attention at 1/"
                + (1 << level)
                + " of the size, as the tensors are",
            given);
      }
    }

    private static List<Double> texts(String key, String text) {
      try {
        return Arrays.stream(text.split(",")).map(String::strip).map(Double::valueOf).toList();
      } catch (NumberFormatException e) {
        throw Arguments.wrong(key, "numbers with commas between them", "\"" + text + "\"");
      }
    }
  }
}
