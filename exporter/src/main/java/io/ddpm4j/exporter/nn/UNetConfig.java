package io.ddpm4j.exporter.nn;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a U-Net looks like: the fields of {@code config.json} of diffusers' {@code UNet2DModel},
 * with its defaults. Immutable.
 *
 * @param sampleSize height and width of the images; 0 where the file leaves it open
 * @param blockOutChannels channels of each level, from full resolution down
 * @param layersPerBlock ResNet blocks of a level on the way down; one more on the way up
 * @param attentionHeadDim channels of one attention head; 0 means one head
 * @param normNumGroups groups of every group norm
 * @param attnNormNumGroups groups of the middle attention's norm; 0 means the default
 * @param timeEmbeddingDim width of the time embedding; 0 means four times the first level's
 *     channels
 * @param numClassEmbeds number of classes; 0 for an unconditional network
 * @param numTrainTimesteps rows of a learned time embedding; 0 where there is none
 */
public record UNetConfig(
    int sampleSize,
    int inChannels,
    int outChannels,
    boolean centerInputSample,
    TimeEmbedding timeEmbedding,
    int timeEmbeddingDim,
    int numTrainTimesteps,
    double freqShift,
    boolean flipSinToCos,
    List<BlockType> downBlockTypes,
    List<BlockType> upBlockTypes,
    boolean addMidAttention,
    List<Integer> blockOutChannels,
    int layersPerBlock,
    double midBlockScaleFactor,
    int downsamplePadding,
    boolean resnetDownsample,
    boolean resnetUpsample,
    int attentionHeadDim,
    int normNumGroups,
    int attnNormNumGroups,
    double normEps,
    boolean scaleShift,
    int numClassEmbeds,
    double dropout) {

  /** How the timestep becomes a vector. */
  public enum TimeEmbedding {
    POSITIONAL("positional"),
    LEARNED("learned");

    private final String text;

    TimeEmbedding(String text) {
      this.text = text;
    }
  }

  /**
   * The blocks of a level, the same on both ways: {@code DownBlock2D} and {@code UpBlock2D} are
   * {@link #PLAIN}.
   */
  public enum BlockType {
    PLAIN("DownBlock2D", "UpBlock2D"),
    ATTENTION("AttnDownBlock2D", "AttnUpBlock2D"),
    RESNET("ResnetDownsampleBlock2D", "ResnetUpsampleBlock2D");

    private final String down;
    private final String up;

    BlockType(String down, String up) {
      this.down = down;
      this.up = up;
    }
  }

  public UNetConfig {
    downBlockTypes = List.copyOf(downBlockTypes);
    upBlockTypes = List.copyOf(upBlockTypes);
    blockOutChannels = List.copyOf(blockOutChannels);
    int levels = blockOutChannels.size();
    check(levels > 0, "block_out_channels", "at least one level", blockOutChannels);
    check(downBlockTypes.size() == levels, "down_block_types", levels + " entries", downBlockTypes);
    check(upBlockTypes.size() == levels, "up_block_types", levels + " entries", upBlockTypes);
    check(inChannels > 0, "in_channels", "at least 1", inChannels);
    check(outChannels > 0, "out_channels", "at least 1", outChannels);
    check(layersPerBlock > 0, "layers_per_block", "at least 1", layersPerBlock);
    check(normNumGroups > 0, "norm_num_groups", "at least 1", normNumGroups);
    check(normEps > 0, "norm_eps", "a positive number", normEps);
    check(sampleSize >= 0, "sample_size", "0 or more", sampleSize);
    check(dropout >= 0 && dropout < 1, "dropout", "a number from 0 to below 1", dropout);
    int shrink = 1 << (levels - 1);
    check(
        sampleSize % shrink == 0,
        "sample_size",
        "a multiple of " + shrink + " for " + levels + " levels",
        sampleSize);
    for (int channels : blockOutChannels) {
      check(
          channels > 0 && channels % normNumGroups == 0,
          "block_out_channels",
          "multiples of norm_num_groups = " + normNumGroups,
          channels);
      check(
          attentionHeadDim <= 0 || channels % attentionHeadDim == 0 || attentionHeadDim > channels,
          "block_out_channels",
          "multiples of attention_head_dim = " + attentionHeadDim,
          channels);
    }
    check(
        timeEmbedding != TimeEmbedding.LEARNED || numTrainTimesteps > 0,
        "num_train_timesteps",
        "at least 1 for a learned time embedding",
        numTrainTimesteps);
  }

  private static void check(boolean ok, String field, String expected, Object found) {
    if (!ok) {
      throw new IllegalArgumentException(
          "U-Net config: " + field + ": expected " + expected + ", found " + found);
    }
  }

  /** Width of the time embedding. */
  public int timeChannels() {
    return timeEmbeddingDim > 0 ? timeEmbeddingDim : 4 * blockOutChannels.get(0);
  }

  /**
   * A network of plain and attention levels, everything else diffusers' defaults.
   *
   * @param channels of each level
   * @param attention whether the level of that index has attention; the middle always has
   * @param groups of the norms
   * @param numClassEmbeds 0 for an unconditional network
   */
  public static UNetConfig of(
      int sampleSize,
      int imageChannels,
      List<Integer> channels,
      List<Boolean> attention,
      int layersPerBlock,
      int groups,
      int attentionHeadDim,
      int numClassEmbeds) {
    List<BlockType> down = new ArrayList<>();
    for (boolean level : attention) {
      down.add(level ? BlockType.ATTENTION : BlockType.PLAIN);
    }
    List<BlockType> up = new ArrayList<>(down);
    java.util.Collections.reverse(up);
    return new UNetConfig(
        sampleSize,
        imageChannels,
        imageChannels,
        false,
        TimeEmbedding.POSITIONAL,
        0,
        0,
        0,
        true,
        down,
        up,
        true,
        channels,
        layersPerBlock,
        1,
        1,
        false,
        false,
        attentionHeadDim,
        groups,
        0,
        1e-5,
        false,
        numClassEmbeds,
        0);
  }

  // --- JSON ------------------------------------------------------------------------------------

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

  /**
   * Reads a {@code config.json}.
   *
   * @throws IllegalArgumentException if it is no JSON object, or asks for something that this U-Net
   *     does not have; the message names the field, what was expected and what was found
   */
  public static UNetConfig fromJson(String json) {
    JsonObject object;
    try {
      object = JsonParser.parseString(json).getAsJsonObject();
    } catch (JsonParseException | IllegalStateException e) {
      throw new IllegalArgumentException(
          "U-Net config: expected a JSON object, found " + shorten(json), e);
    }
    return new Reader(object).read();
  }

  private static String shorten(String text) {
    return text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }

  /** Takes fields one by one, so that what is left over is known. */
  private static final class Reader {
    private final JsonObject object;
    private final List<String> seen = new ArrayList<>();

    Reader(JsonObject object) {
      this.object = object;
    }

    UNetConfig read() {
      require("act_fn", "silu", "silu", "swish");
      require("mid_block_type", "UNetMidBlock2D", "UNetMidBlock2D");
      require("class_embed_type", null);
      String shift = require("resnet_time_scale_shift", "default", "default", "scale_shift");
      String time = require("time_embedding_type", "positional", "positional", "learned");
      String down = require("downsample_type", "conv", "conv", "resnet");
      String up = require("upsample_type", "conv", "conv", "resnet");
      List<Integer> channels = ints("block_out_channels", List.of(224, 448, 672, 896));
      UNetConfig config =
          new UNetConfig(
              integer("sample_size", 0),
              integer("in_channels", 3),
              integer("out_channels", 3),
              bool("center_input_sample", false),
              time.equals("learned") ? TimeEmbedding.LEARNED : TimeEmbedding.POSITIONAL,
              integer("time_embedding_dim", 0),
              integer("num_train_timesteps", 0),
              number("freq_shift", 0),
              bool("flip_sin_to_cos", true),
              blocks("down_block_types", true),
              blocks("up_block_types", false),
              bool("add_attention", true),
              channels,
              integer("layers_per_block", 2),
              number("mid_block_scale_factor", 1),
              integer("downsample_padding", 1),
              down.equals("resnet"),
              up.equals("resnet"),
              has("attention_head_dim") ? integer("attention_head_dim", 8) : absentHeadDim(),
              integer("norm_num_groups", 32),
              integer("attn_norm_num_groups", 0),
              number("norm_eps", 1e-5),
              shift.equals("scale_shift"),
              integer("num_class_embeds", 0),
              number("dropout", 0));
      for (String key : object.keySet()) {
        check(seen.contains(key) || IGNORED.contains(key), key, "a field of UNet2DModel", key);
      }
      return config;
    }

    /** A field that is missing has its default, 8; one that is null means one head. */
    private int absentHeadDim() {
      return object.has("attention_head_dim") ? 0 : 8;
    }

    private boolean has(String key) {
      seen.add(key);
      return object.has(key) && !object.get(key).isJsonNull();
    }

    private String require(String key, String absent, String... legal) {
      String found = has(key) ? primitive(key, "a text") : absent;
      check(
          found == null || List.of(legal).contains(found),
          key,
          legal.length == 0 ? "null" : "one of " + List.of(legal),
          found);
      return found;
    }

    private String primitive(String key, String expected) {
      JsonElement element = object.get(key);
      check(element.isJsonPrimitive(), key, expected, element);
      return element.getAsString();
    }

    private int integer(String key, int absent) {
      if (has(key) && object.get(key).isJsonArray()) { // "sample_size": [32, 32]
        List<Integer> both = ints(key, List.of());
        check(both.size() == 2 && both.get(0).equals(both.get(1)), key, "a square", both);
        return both.get(0);
      }
      double value = number(key, absent);
      check(value == Math.rint(value), key, "an integer", value);
      return (int) value;
    }

    private double number(String key, double absent) {
      if (!has(key)) {
        return absent;
      }
      String text = primitive(key, "a number");
      try {
        return Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "U-Net config: " + key + ": expected a number, found " + text, e);
      }
    }

    private boolean bool(String key, boolean absent) {
      if (!has(key)) {
        return absent;
      }
      String text = primitive(key, "true or false");
      check(text.equals("true") || text.equals("false"), key, "true or false", text);
      return text.equals("true");
    }

    private List<Integer> ints(String key, List<Integer> absent) {
      if (!has(key)) {
        return absent;
      }
      List<Integer> list = new ArrayList<>();
      array(key).forEach(e -> list.add(e.getAsInt()));
      return list;
    }

    private JsonArray array(String key) {
      check(object.get(key).isJsonArray(), key, "a list", object.get(key));
      return object.getAsJsonArray(key);
    }

    private List<BlockType> blocks(String key, boolean down) {
      if (!has(key)) {
        return down
            ? List.of(
                BlockType.PLAIN, BlockType.ATTENTION, BlockType.ATTENTION, BlockType.ATTENTION)
            : List.of(
                BlockType.ATTENTION, BlockType.ATTENTION, BlockType.ATTENTION, BlockType.PLAIN);
      }
      List<BlockType> list = new ArrayList<>();
      for (JsonElement element : array(key)) {
        BlockType found = null;
        List<String> legal = new ArrayList<>();
        for (BlockType type : BlockType.values()) {
          legal.add(down ? type.down : type.up);
          if (legal.get(legal.size() - 1).equals(element.getAsString())) {
            found = type;
          }
        }
        check(found != null, key, "blocks of " + legal, element);
        list.add(found);
      }
      return list;
    }
  }

  /** A {@code config.json} that diffusers reads. */
  public String toJson() {
    JsonObject o = new JsonObject();
    o.addProperty("_class_name", "UNet2DModel");
    o.addProperty("act_fn", "silu");
    o.addProperty("add_attention", addMidAttention);
    o.add("attention_head_dim", number(attentionHeadDim));
    o.add("attn_norm_num_groups", number(attnNormNumGroups));
    o.add("block_out_channels", array(blockOutChannels));
    o.addProperty("center_input_sample", centerInputSample);
    o.add("down_block_types", array(downBlockTypes.stream().map(b -> b.down).toList()));
    o.addProperty("downsample_padding", downsamplePadding);
    o.addProperty("downsample_type", resnetDownsample ? "resnet" : "conv");
    o.addProperty("dropout", dropout);
    o.addProperty("flip_sin_to_cos", flipSinToCos);
    o.addProperty("freq_shift", plain(freqShift));
    o.addProperty("in_channels", inChannels);
    o.addProperty("layers_per_block", layersPerBlock);
    o.addProperty("mid_block_scale_factor", plain(midBlockScaleFactor));
    o.addProperty("norm_eps", normEps);
    o.addProperty("norm_num_groups", normNumGroups);
    o.add("num_class_embeds", number(numClassEmbeds));
    o.add("num_train_timesteps", number(numTrainTimesteps));
    o.addProperty("out_channels", outChannels);
    o.addProperty("resnet_time_scale_shift", scaleShift ? "scale_shift" : "default");
    o.add("sample_size", number(sampleSize));
    o.add("time_embedding_dim", number(timeEmbeddingDim));
    o.addProperty("time_embedding_type", timeEmbedding.text);
    o.add("up_block_types", array(upBlockTypes.stream().map(b -> b.up).toList()));
    o.addProperty("upsample_type", resnetUpsample ? "resnet" : "conv");
    return new GsonBuilder().serializeNulls().create().toJson(o);
  }

  private static JsonElement number(int orNull) {
    return orNull == 0
        ? com.google.gson.JsonNull.INSTANCE
        : new com.google.gson.JsonPrimitive(orNull);
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
