package io.ddpm4j.exporter.nn;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
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
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import java.util.function.IntConsumer;

/** {@link UNetConfig} as diffusers' {@code config.json}. */
final class UNetConfigJson {
  private static final Set<String> IGNORED =
      Set.of(
          "_class_name",
          "_diffusers_version",
          "_name_or_path",
          "decay",
          "inv_gamma",
          "min_decay",
          "optimization_step",
          "power",
          "update_after_step",
          "use_ema_warmup");

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
    return text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }

  /** Takes fields one by one, so that what is left over is known. */
  private UNetConfig read() {
    UNetConfigBuilder config = UNetConfig.builder();
    word("act_fn", "silu", "swish");
    word("mid_block_type", "UNetMidBlock2D");
    nothing("class_embed_type");
    integerOrNull("sample_size", config::sampleSize);
    integer("in_channels", config::inChannels);
    integer("out_channels", config::outChannels);
    bool("center_input_sample", config::centerInputSample);
    String time = word("time_embedding_type", "positional", "learned");
    config.timeEmbedding(time.equals("learned") ? TimeEmbedding.LEARNED : TimeEmbedding.POSITIONAL);
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
    config.resnetDownsample(word("downsample_type", "conv", "resnet").equals("resnet"));
    config.resnetUpsample(word("upsample_type", "conv", "resnet").equals("resnet"));
    integerOrNull("attention_head_dim", config::attentionHeadDim); // null: one head
    integer("norm_num_groups", config::normNumGroups);
    integerOrNull("attn_norm_num_groups", config::attnNormNumGroups);
    number("norm_eps", config::normEps);
    String shift = word("resnet_time_scale_shift", "default", "scale_shift");
    config.scaleShift(shift.equals("scale_shift"));
    integerOrNull("num_class_embeds", config::numClassEmbeds);
    number("dropout", config::dropout);
    for (String key : object.keySet()) {
      check(seen.contains(key) || IGNORED.contains(key), key, "a field of UNet2DModel", key);
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
    boolean text = element.isJsonPrimitive() && element.getAsJsonPrimitive().isString();
    List<String> words = List.of(legal);
    check(text && words.contains(element.getAsString()), key, "one of " + words, element);
    return element.getAsString();
  }

  private void nothing(String key) {
    check(!has(key) || object.get(key).isJsonNull(), key, "null", object.get(key));
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
      JsonElement element = object.get(key);
      if (element.isJsonArray()) { // "sample_size": [32, 32]
        List<Integer> both = ints(key);
        check(both.size() == 2 && both.get(0).equals(both.get(1)), key, "a square", element);
        field.accept(both.get(0));
      } else {
        field.accept(integer(key, element));
      }
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
      boolean text = element.isJsonPrimitive() && element.getAsJsonPrimitive().isString();
      int index = text ? legal.indexOf(element.getAsString()) : -1;
      check(index >= 0, key, "blocks of " + legal, element);
      list.add(BlockType.values()[index]);
    }
    field.accept(list);
  }

  static String write(UNetConfig c) {
    JsonObject o = new JsonObject();
    o.addProperty("_class_name", "UNet2DModel");
    o.addProperty("act_fn", "silu");
    o.addProperty("add_attention", c.addMidAttention());
    o.add("attention_head_dim", orNull(c.attentionHeadDim()));
    o.add("attn_norm_num_groups", orNull(c.attnNormNumGroups()));
    o.add("block_out_channels", array(c.blockOutChannels()));
    o.addProperty("center_input_sample", c.centerInputSample());
    o.add("down_block_types", array(c.downBlockTypes().stream().map(b -> b.text(true)).toList()));
    o.addProperty("downsample_padding", c.downsamplePadding());
    o.addProperty("downsample_type", c.resnetDownsample() ? "resnet" : "conv");
    o.addProperty("dropout", c.dropout());
    o.addProperty("flip_sin_to_cos", c.flipSinToCos());
    o.addProperty("freq_shift", plain(c.freqShift()));
    o.addProperty("in_channels", c.inChannels());
    o.addProperty("layers_per_block", c.layersPerBlock());
    o.addProperty("mid_block_scale_factor", plain(c.midBlockScaleFactor()));
    o.addProperty("norm_eps", c.normEps());
    o.addProperty("norm_num_groups", c.normNumGroups());
    o.add("num_class_embeds", orNull(c.numClassEmbeds()));
    o.add("num_train_timesteps", orNull(c.numTrainTimesteps()));
    o.addProperty("out_channels", c.outChannels());
    o.addProperty("resnet_time_scale_shift", c.scaleShift() ? "scale_shift" : "default");
    o.add("sample_size", orNull(c.sampleSize()));
    o.add("time_embedding_dim", orNull(c.timeEmbeddingDim()));
    o.addProperty("time_embedding_type", c.timeEmbedding().text());
    o.add("up_block_types", array(c.upBlockTypes().stream().map(b -> b.text(false)).toList()));
    o.addProperty("upsample_type", c.resnetUpsample() ? "resnet" : "conv");
    return new GsonBuilder().serializeNulls().create().toJson(o);
  }

  private static JsonElement orNull(int value) {
    return value == 0 ? JsonNull.INSTANCE : new JsonPrimitive(value);
  }

  private static Number plain(double value) {
    return value == Math.rint(value) ? (Number) (long) value : (Number) value;
  }

  private static JsonArray array(List<?> values) {
    JsonArray array = new JsonArray();
    values.forEach(
        v -> {
          if (v instanceof Number n) {
            array.add(n);
          } else {
            array.add(v.toString());
          }
        });
    return array;
  }
}
