package io.ddpm4j.exporter.nn;

import static io.ddpm4j.exporter.nn.UNetConfig.check;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.List;

/** Writes a {@link UNetConfig} as diffusers' {@code config.json}; {@link UNetConfigJson} reads. */
final class UNetConfigWriter {
  private UNetConfigWriter() {}

  /** With fields of our own where diffusers has none for what the network is. */
  static String write(UNetConfig c) {
    JsonObject o = new JsonObject();
    o.addProperty("_class_name", "UNet2DModel");
    o.addProperty("act_fn", c.activation().texts().get(0));
    o.addProperty("add_attention", c.addMidAttention());
    o.add("attention_head_dim", orNull(c.attentionHeadDim()));
    o.add("attn_norm_num_groups", orNull(c.attnNormNumGroups()));
    o.add("block_out_channels", array(c.blockOutChannels()));
    o.addProperty("center_input_sample", c.centerInputSample());
    o.addProperty("class_embed_type", c.classEmbedding().text());
    o.add("down_block_types", array(c.downBlockTypes().stream().map(b -> b.text(true)).toList()));
    o.addProperty("downsample_padding", c.downsamplePadding());
    o.addProperty("downsample_type", c.resnetDownsample() ? "resnet" : "conv");
    o.addProperty("dropout", c.dropout());
    o.addProperty("flip_sin_to_cos", c.flipSinToCos());
    o.addProperty("freq_shift", plain(c.freqShift()));
    o.addProperty("in_channels", c.inChannels());
    o.addProperty("layers_per_block", c.layersPerBlock());
    o.addProperty("mid_block_scale_factor", plain(c.midBlockScaleFactor()));
    o.addProperty("mid_block_type", c.midBlock() ? "UNetMidBlock2D" : null);
    o.addProperty("norm_eps", c.normEps());
    o.add("norm_num_groups", orNull(c.normNumGroups()));
    o.add("num_class_embeds", orNull(c.numClassEmbeds()));
    o.add("num_train_timesteps", orNull(c.numTrainTimesteps()));
    o.addProperty("out_channels", c.outChannels());
    o.addProperty("resnet_time_scale_shift", c.scaleShift() ? "scale_shift" : "default");
    o.add("sample_size", size(c));
    o.add("time_embedding_dim", orNull(c.timeEmbeddingDim()));
    o.addProperty("time_embedding_type", c.timeEmbedding().text());
    o.add("up_block_types", array(c.upBlockTypes().stream().map(b -> b.text(false)).toList()));
    o.addProperty("upsample_type", c.resnetUpsample() ? "resnet" : "conv");
    addOwn(c, o);
    return new GsonBuilder().serializeNulls().create().toJson(o);
  }

  private static void addOwn(UNetConfig c, JsonObject o) {
    if (c.attentionHeads() instanceof AttentionHeads.Fixed fixed
        && !fixed.equals(AttentionHeads.ONE)) {
      o.addProperty("num_heads", fixed.down());
      o.addProperty("num_heads_upsample", fixed.up());
    }
    if (!c.convResample()) {
      o.addProperty("conv_resample", false);
    }
    if (c.sinusoidDim() > 0) {
      o.addProperty("sinusoid_dim", c.sinusoidDim());
    }
    if (c.timestepScale() != 1) {
      o.addProperty("timestep_scale", plain(c.timestepScale()));
    }
  }

  /** Only what diffusers knows. */
  static String writeForDiffusers(UNetConfig c) {
    boolean width = c.attentionHeads() instanceof AttentionHeads.OfWidth;
    check(
        width || c.attentionHeads().equals(AttentionHeads.ONE),
        "num_heads",
        "heads of a fixed width or a single one, as UNet2DModel has",
        c.attentionHeads());
    c.attentionChannels()
        .forEach(
            channels ->
                check(
                    channels >= c.attentionHeadDim(),
                    "attention_head_dim",
                    "at most the " + channels + " channels of an attention, as UNet2DModel needs",
                    c.attentionHeadDim()));
    check(c.convResample(), "conv_resample", "true, as UNet2DModel has it", "false");
    boolean usual = c.sinusoidDim() == 0 || c.sinusoidDim() == c.blockOutChannels().get(0);
    check(usual, "sinusoid_dim", "the first level's channels, as UNet2DModel has", c.sinusoidDim());
    check(c.timestepScale() == 1, "timestep_scale", "1, as UNet2DModel has it", c.timestepScale());
    return write(c.toBuilder().sinusoidDim(0).build());
  }

  private static JsonElement size(UNetConfig c) {
    return c.sampleHeight() == c.sampleWidth()
        ? orNull(c.sampleHeight())
        : array(List.of(c.sampleHeight(), c.sampleWidth()));
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
