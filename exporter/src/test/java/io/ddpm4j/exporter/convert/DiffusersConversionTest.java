package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.testing.GoldenUNets;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks of diffusers: what their tensors say of them, and under which names. */
class DiffusersConversionTest {
  private static final List<String> IN_TENSORS =
      List.of(
          "_class_name",
          "in_channels",
          "out_channels",
          "block_out_channels",
          "layers_per_block",
          "add_attention",
          "down_block_types",
          "up_block_types",
          "downsample_type",
          "upsample_type",
          "time_embedding_dim",
          "time_embedding_type",
          "num_train_timesteps",
          "num_class_embeds",
          "resnet_time_scale_shift");

  static List<GoldenUNets.Case> cases() throws IOException {
    return GoldenUNets.withStored().stream().filter(c -> c.config().isPresent()).toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theConfigIsCompletedFromTheTensors(GoldenUNets.Case c) throws IOException {
    TensorSource tensors = TensorSource.of(c.weights());
    JsonObject few = JsonParser.parseString(c.json()).getAsJsonObject();
    boolean skips = few.get("down_block_types").toString().contains("Skip");
    for (String key : IN_TENSORS) {
      if (!skips || !key.endsWith("_block_types")) {
        few.remove(key);
      }
    }
    JsonObject completed =
        DiffusersInference.complete(
            Checkpoint.of(Family.of(tensors.names()), tensors), few, Optional.empty());
    UNetConfig inferred = UNetConfig.fromJson(completed.toString());
    assertEquals(
        UNet.portable(c.config().orElseThrow(), c.weights()).toString(),
        UNet.portable(inferred, c.weights()).toString()); // of fields without effect some differ
  }

  @ParameterizedTest
  @MethodSource("cases")
  void whatNoTensorSaysIsNamed(GoldenUNets.Case c) throws IOException {
    TensorSource tensors = TensorSource.of(c.weights());
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> CheckpointConverter.convert(CheckpointConverter.Request.of(tensors)));
    assertTrue(e.getMessage().startsWith("config: "), e.getMessage());
    assertTrue(e.getMessage().contains(" do not say"), e.getMessage());
    assertTrue(e.getMessage().endsWith("found nothing"), e.getMessage());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void earlyNamesOfAttentionAreTheSameNetwork(GoldenUNets.Case c) throws IOException {
    Map<String, TensorData> early = new LinkedHashMap<>();
    c.weights()
        .forEach(
            (name, tensor) ->
                early.put(
                    name.replace(".to_q.", ".query.")
                        .replace(".to_k.", ".key.")
                        .replace(".to_v.", ".value.")
                        .replace(".to_out.0.", ".proj_attn."),
                    tensor));
    Conversion now = convert(c.weights(), c.json());
    Conversion then = convert(early, c.json());
    assertEquals(
        now.graph().constants().stream().map(v -> v.data().orElseThrow()).toList(),
        then.graph().constants().stream().map(v -> v.data().orElseThrow()).toList());
  }

  private static Conversion convert(Map<String, TensorData> tensors, String config)
      throws IOException {
    return CheckpointConverter.convert(
        CheckpointConverter.Request.of(TensorSource.of(tensors)).withConfig(config));
  }
}
