package io.ddpm4j.exporter.nn;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.ddpm4j.exporter.nn.UNetConfig.BlockType;
import io.ddpm4j.exporter.nn.UNetConfig.TimeEmbedding;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import java.util.function.IntConsumer;

/**
 * Reads a {@link UNetConfig} from diffusers' {@code config.json}; {@link UNetConfigWriter} writes.
 */
final class UNetConfigJson {
  /** Of an average of weights that was saved; besides, what begins with _ is about the file. */
  private static final Set<String> IGNORED =
      Set.of(
          "decay",
          "inv_gamma",
          "min_decay",
          "optimization_step",
          "power",
          "update_after_step",
          "use_ema_warmup");

  private static final String PREFIX_OF_OLD = "UNetRes"; // of block types, until diffusers 0.3

  /** Block types of diffusers that its {@code UNet2DModel} cannot be made of, and why. */
  private static final Map<String, String> FOREIGN_BLOCKS =
      Map.of(
          "CrossAttn", "which attends to a text",
          "EncoderBlock", "which belongs to an autoencoder",
          "DecoderBlock", "which belongs to an autoencoder");

  private final JsonObject object;
  private final Set<String> seen = new HashSet<>();

  private UNetConfigJson(JsonObject object) {
    this.object = object;
  }

  static UNetConfig read(String json) {
    JsonElement element;
    try {
      JsonReader reader = new JsonReader(new StringReader(json));
      reader.setStrictness(Strictness.STRICT);
      element = JsonParser.parseReader(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        element = JsonNull.INSTANCE;
      }
    } catch (JsonParseException | IOException | IllegalStateException e) {
      element = JsonNull.INSTANCE;
    }
    if (!element.isJsonObject()) {
      throw new IllegalArgumentException(
          "U-Net config: expected a JSON object, found " + shorten(json));
    }
    return new UNetConfigJson(element.getAsJsonObject()).read();
  }

  private static String shorten(String text) {
    String line = text.replaceAll("\\s+", " ");
    return line.length() > 40 ? line.substring(0, 40) + "..." : line;
  }

  /** Takes fields one by one, so that what is left over is known. */
  private UNetConfig read() {
    UNetConfigBuilder config = UNetConfig.builder();
    config.activation(activation());
    config.midBlock(wordOrNull("mid_block_type", "UNetMidBlock2D").isPresent());
    config.classEmbedding(classEmbedding());
    sampleSize(config);
    integer("in_channels", config::inChannels);
    integer("out_channels", config::outChannels);
    bool("center_input_sample", config::centerInputSample);
    String time = word("time_embedding_type", "positional", "fourier", "learned");
    config.timeEmbedding(TimeEmbedding.valueOf(time.toUpperCase(Locale.ROOT)));
    integerOrNull("time_embedding_dim", config::timeEmbeddingDim);
    integerOrNull("num_train_timesteps", config::numTrainTimesteps);
    number("freq_shift", config::freqShift);
    bool("flip_sin_to_cos", config::flipSinToCos);
    blocks("down_block_types", true, config::downBlockTypes);
    blocks("up_block_types", false, config::upBlockTypes);
    bool("add_attention", config::addMidAttention);
    if (has("block_out_channels")) {
      config.blockOutChannels(ints("block_out_channels"));
    }
    integer("layers_per_block", config::layersPerBlock);
    number("mid_block_scale_factor", config::midBlockScaleFactor);
    integer("downsample_padding", config::downsamplePadding);
    config.resnetDownsample(isResnet("downsample_type"));
    config.resnetUpsample(isResnet("upsample_type"));
    heads(config);
    integerOrNull("norm_num_groups", config::normNumGroups);
    integerOrNull("attn_norm_num_groups", config::attnNormNumGroups);
    number("norm_eps", config::normEps);
    String shift = word("resnet_time_scale_shift", "default", "scale_shift");
    config.scaleShift(shift.equals("scale_shift"));
    classes(config);
    bool("conv_resample", config::convResample);
    integer("sinusoid_dim", config::sinusoidDim);
    number("timestep_scale", config::timestepScale);
    number("dropout", config::dropout);
    for (String key : object.keySet()) {
      boolean known = seen.contains(key) || IGNORED.contains(key) || key.startsWith("_");
      check(known, key, "a field of UNet2DModel", key);
    }
    return config.build();
  }

  private static void check(boolean ok, String field, String expected, Object found) {
    UNetConfig.check(ok, field, expected, ok ? "" : shorten(found.toString()));
  }

  private boolean has(String key) {
    seen.add(key);
    return object.has(key);
  }

  /** One of a few words, of which the first is the default. */
  private String word(String key, String... legal) {
    if (!has(key)) {
      return legal[0];
    }
    JsonElement element = object.get(key);
    List<String> words = List.of(legal);
    check(
        isText(element) && words.contains(element.getAsString()), key, "one of " + words, element);
    return element.getAsString();
  }

  /** One of a few words, the first one where there is none; empty for null. */
  private Optional<String> wordOrNull(String key, String... legal) {
    if (has(key) && object.get(key).isJsonNull()) {
      return Optional.empty();
    }
    return Optional.of(word(key, legal));
  }

  private Activation activation() {
    String key = "act_fn";
    if (!has(key)) {
      return Activation.SILU;
    }
    List<String> legal = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      legal.addAll(activation.texts());
      JsonElement element = object.get(key);
      if (isText(element)
          && activation.texts().contains(element.getAsString().toLowerCase(Locale.ROOT))) {
        return activation;
      }
    }
    check(false, key, "one of " + legal, object.get(key));
    return null; // not reached
  }

  /** Null stands for convolutions. */
  private boolean isResnet(String key) {
    return wordOrNull(key, "conv", "resnet").filter("resnet"::equals).isPresent();
  }

  private void sampleSize(UNetConfigBuilder config) {
    String key = "sample_size";
    if (has(key) && object.get(key).isJsonArray()) { // [height, width]
      List<Integer> both = ints(key);
      check(both.size() == 2, key, "a number, or height and width", object.get(key));
      config.sampleSize(both.get(0), both.get(1));
    } else {
      integerOrNull(key, config::sampleSize);
    }
  }

  /** Of a fixed width, or one (null), or a fixed number of OpenAI's. */
  private void heads(UNetConfigBuilder config) {
    integerOrNull("attention_head_dim", config::attentionHeadDim);
    integer(
        "num_heads",
        down -> {
          JsonElement width = object.get("attention_head_dim");
          check(
              width == null || width.isJsonNull(),
              "attention_head_dim",
              "null beside num_heads",
              width);
          config.attentionHeads(new AttentionHeads.Fixed(down, down));
          integer(
              "num_heads_upsample",
              up -> config.attentionHeads(new AttentionHeads.Fixed(down, up)));
        });
  }

  private ClassEmbedding classEmbedding() {
    Optional<String> type =
        has("class_embed_type")
            ? wordOrNull("class_embed_type", "timestep", "identity")
            : Optional.empty();
    return type.map(text -> ClassEmbedding.valueOf(text.toUpperCase(Locale.ROOT)))
        .orElse(ClassEmbedding.TABLE);
  }

  /** Where classes become vectors without a table, diffusers passes over the number of its rows. */
  private void classes(UNetConfigBuilder config) {
    boolean table = classEmbedding() == ClassEmbedding.TABLE;
    integerOrNull("num_class_embeds", rows -> config.numClassEmbeds(table ? rows : 0));
  }

  private static boolean isText(JsonElement element) {
    return element.isJsonPrimitive() && element.getAsJsonPrimitive().isString();
  }

  private void number(String key, DoubleConsumer field) {
    if (has(key)) {
      field.accept(number(key, object.get(key)));
    }
  }

  private static double number(String key, JsonElement element) {
    boolean number = element.isJsonPrimitive() && element.getAsJsonPrimitive().isNumber();
    check(number && Double.isFinite(element.getAsDouble()), key, "a number", element);
    return element.getAsDouble();
  }

  private void integer(String key, IntConsumer field) {
    if (has(key)) {
      field.accept(integer(key, object.get(key)));
    }
  }

  private static int integer(String key, JsonElement element) {
    double value = number(key, element);
    check(value == (int) value, key, "an integer", element);
    return (int) value;
  }

  /** A field whose null stands for 0 in {@link UNetConfig}. */
  private void integerOrNull(String key, IntConsumer field) {
    if (has(key) && object.get(key).isJsonNull()) {
      field.accept(0);
    } else {
      integer(key, field);
    }
  }

  private void bool(String key, Consumer<Boolean> field) {
    if (has(key)) {
      JsonElement element = object.get(key);
      boolean bool = element.isJsonPrimitive() && element.getAsJsonPrimitive().isBoolean();
      check(bool, key, "true or false", element);
      field.accept(element.getAsBoolean());
    }
  }

  private JsonArray array(String key) {
    check(object.get(key).isJsonArray(), key, "a list", object.get(key));
    return object.getAsJsonArray(key);
  }

  private List<Integer> ints(String key) {
    List<Integer> list = new ArrayList<>();
    array(key).forEach(e -> list.add(integer(key, e)));
    return list;
  }

  private void blocks(String key, boolean down, Consumer<List<BlockType>> field) {
    if (!has(key)) {
      return;
    }
    List<String> legal = new ArrayList<>();
    for (BlockType type : BlockType.values()) {
      legal.add(type.text(down));
    }
    List<BlockType> list = new ArrayList<>();
    for (JsonElement element : array(key)) {
      String name = isText(element) ? element.getAsString() : "";
      int index =
          legal.indexOf(
              name.startsWith(PREFIX_OF_OLD) ? name.substring(PREFIX_OF_OLD.length()) : name);
      check(index >= 0, key, "blocks of " + legal, element + reason(name));
      list.add(BlockType.values()[index]);
    }
    field.accept(list);
  }

  /** Why a block of diffusers is none of {@code UNet2DModel}'s. */
  private static String reason(String name) {
    return FOREIGN_BLOCKS.entrySet().stream()
        .filter(foreign -> name.contains(foreign.getKey()))
        .map(foreign -> ", " + foreign.getValue())
        .findFirst()
        .orElse("");
  }
}
