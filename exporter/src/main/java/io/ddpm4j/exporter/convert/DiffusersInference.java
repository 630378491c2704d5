package io.ddpm4j.exporter.convert;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Adds to the arguments of a {@code UNet2DModel} those that are not given and that the names and
 * shapes of its tensors say. Others have the constructor's defaults, but for what a network cannot
 * do without.
 */
final class DiffusersInference {
  private static final String SAVED = "_class_name"; // in files that diffusers wrote: all is said

  private final Checkpoint checkpoint;
  private final JsonObject config;

  private DiffusersInference(Checkpoint checkpoint, JsonObject config) {
    this.checkpoint = checkpoint;
    this.config = config;
  }

  /**
   * All arguments that are known.
   *
   * @param given is not changed
   * @throws ConversionException if tensors are missing or of another rank
   * @throws IllegalArgumentException if an argument is missing that no tensor says
   */
  static JsonObject complete(Checkpoint checkpoint, JsonObject given, Optional<ImageSize> size)
      throws ConversionException {
    JsonObject config = known(checkpoint, given);
    size.ifPresent(s -> config.add("sample_size", array(List.of(s.height(), s.width()))));
    if (!config.has("sample_size") || config.get("sample_size").isJsonNull()) {
      throw Arguments.wrong(
          "sample_size", "the images' size, which the tensors do not say", "nothing");
    }
    return config;
  }

  /** As {@link #complete}, but the images' size may stay open. */
  static JsonObject known(Checkpoint checkpoint, JsonObject given) throws ConversionException {
    JsonObject config = given.deepCopy();
    if (!given.has(SAVED)) {
      new DiffusersInference(checkpoint, config).complete();
    }
    return config;
  }

  private void complete() throws ConversionException {
    int levels = checkpoint.count("down_blocks");
    List<Integer> channels = new ArrayList<>();
    for (int level = 0; level < levels; level++) {
      channels.add(checkpoint.shape("down_blocks." + level + ".resnets.0.conv1.weight", 4)[0]);
    }
    if (levels == 0) {
      throw new ConversionException("expected tensors of down_blocks.0, found none");
    }
    absent("in_channels", new JsonPrimitive(checkpoint.shape("conv_in.weight", 4)[1]));
    absent("out_channels", new JsonPrimitive(checkpoint.shape("conv_out.weight", 4)[0]));
    absent("block_out_channels", array(channels));
    absent("layers_per_block", new JsonPrimitive(checkpoint.count("down_blocks.0.resnets")));
    absent("add_attention", new JsonPrimitive(checkpoint.hasAny("mid_block.attentions.0")));
    if (!checkpoint.hasAny("mid_block")) {
      absent("mid_block_type", JsonNull.INSTANCE);
    }
    blocks(levels);
    time(channels.get(0));
    boolean shift =
        checkpoint.has("down_blocks.0.resnets.0.time_emb_proj.weight")
            && checkpoint.shape("down_blocks.0.resnets.0.time_emb_proj.weight", 2)[0]
                == 2 * channels.get(0);
    absent("resnet_time_scale_shift", new JsonPrimitive(shift ? "scale_shift" : "default"));
    heads(levels);
  }

  private void time(int width) throws ConversionException {
    int embedding = checkpoint.shape("time_embedding.linear_1.weight", 2)[0];
    if (embedding != 4 * width) {
      absent("time_embedding_dim", new JsonPrimitive(embedding));
    }
    if (checkpoint.has("time_proj.weight")) {
      boolean table = checkpoint.rank("time_proj.weight") == 2;
      absent("time_embedding_type", new JsonPrimitive(table ? "learned" : "fourier"));
      if (table) {
        int rows = checkpoint.shape("time_proj.weight", 2)[0];
        absent("num_train_timesteps", new JsonPrimitive(rows));
      }
    }
    if (checkpoint.has("class_embedding.weight")) {
      int classes = checkpoint.shape("class_embedding.weight", 2)[0];
      absent("num_class_embeds", new JsonPrimitive(classes));
    } else if (checkpoint.has("class_embedding.linear_1.weight")) {
      absent("class_embed_type", new JsonPrimitive("timestep"));
    }
  }

  private void blocks(int levels) {
    boolean given = config.has("down_block_types") && config.has("up_block_types");
    if (!given && checkpoint.hasAny("down_blocks.0.skip_conv")) {
      throw Arguments.wrong(
          "down_block_types",
          "it and up_block_types, which the tensors of Skip blocks do not say altogether",
          "nothing");
    }
    List<String> down = new ArrayList<>();
    List<String> up = new ArrayList<>();
    for (int level = 0; level < levels; level++) {
      down.add(type("down_blocks." + level, "downsamplers", "Down", "Downsample"));
      up.add(type("up_blocks." + level, "upsamplers", "Up", "Upsample"));
      resampling("downsample_type", "down_blocks." + level, "downsamplers");
      resampling("upsample_type", "up_blocks." + level, "upsamplers");
    }
    absent("down_block_types", array(down));
    absent("up_block_types", array(up));
  }

  /** How blocks with attention change sizes; of others their type says it. */
  private void resampling(String key, String block, String resampler) {
    if (checkpoint.hasAny(block + ".attentions.0") && resamplesInResnet(block, resampler)) {
      absent(key, new JsonPrimitive("resnet"));
    }
  }

  private String type(String block, String resampler, String way, String resnet) {
    if (checkpoint.hasAny(block + ".attentions.0")) {
      return "Attn" + way + "Block2D";
    }
    if (checkpoint.has(block + ".resnets.0.norm1.linear.weight")) {
      return "K" + way + "Block2D";
    }
    return resamplesInResnet(block, resampler) ? "Resnet" + resnet + "Block2D" : way + "Block2D";
  }

  private boolean resamplesInResnet(String block, String resampler) {
    return checkpoint.has(block + "." + resampler + ".0.conv1.weight");
  }

  private void heads(int levels) {
    boolean attention = checkpoint.hasAny("mid_block.attentions.0");
    for (int level = 0; level < levels; level++) {
      attention |= checkpoint.hasAny("down_blocks." + level + ".attentions.0");
    }
    if (attention && !config.has("attention_head_dim")) {
      throw Arguments.wrong(
          "attention_head_dim",
          "channels of one attention head, or null for one head, which the tensors do not say",
          "nothing");
    }
  }

  private void absent(String key, JsonElement value) {
    if (!config.has(key)) {
      config.add(key, value);
    }
  }

  private static JsonArray array(List<?> values) {
    JsonArray array = new JsonArray();
    for (Object value : Collections.unmodifiableList(values)) {
      array.add(
          value instanceof Number n ? new JsonPrimitive(n) : new JsonPrimitive(value.toString()));
    }
    return array;
  }
}
