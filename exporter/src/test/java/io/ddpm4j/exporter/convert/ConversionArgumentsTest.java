package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.testing.ForeignNetworks;
import io.ddpm4j.exporter.testing.GraphRunner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What can be inferred need not be given, and what is given must not contradict the tensors. */
class ConversionArgumentsTest {

  /** What no tensor says; everything else is inferred. */
  private static final Set<String> NOT_IN_TENSORS =
      Set.of(
          "image_size",
          "num_heads",
          "num_head_channels",
          "num_heads_upsample",
          "use_new_attention_order",
          "diffusion_steps",
          "noise_schedule",
          "rescale_timesteps",
          "resnet_block_groups",
          "sinusoidal_pos_emb_theta",
          "weight_standardization",
          "flash_attn",
          "objective",
          "beta_schedule",
          "timesteps");

  static List<ForeignNetworks.Case> cases() throws IOException {
    return CheckpointConverterTest.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void whatTheTensorsSayNeedNotBeGiven(ForeignNetworks.Case c) throws IOException {
    boolean headsInTensors =
        c.tensors().names().stream().anyMatch(name -> name.endsWith(".mem_kv"));
    JsonObject few = c.arguments();
    for (String key : c.arguments().keySet()) {
      if (!NOT_IN_TENSORS.contains(key) && (headsInTensors || !key.startsWith("attn_"))) {
        few.remove(key);
      }
    }
    Conversion all = CheckpointConverterTest.convert(c, c.arguments().toString());
    Conversion inferred = CheckpointConverterTest.convert(c, few.toString());
    assertEquals(all.metadata(), inferred.metadata());
    assertArrayEquals(run(all, c), run(inferred, c));
  }

  private static float[] run(Conversion conversion, ForeignNetworks.Case c) {
    return GraphRunner.run(conversion.graph(), c.inputs()).get("out_sample").floats();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void whatContradictsTheTensorsIsRefused(ForeignNetworks.Case c) throws IOException {
    for (Map.Entry<String, JsonElement> argument : c.arguments().entrySet()) {
      if (NOT_IN_TENSORS.contains(argument.getKey()) || argument.getValue().isJsonNull()) {
        continue;
      }
      JsonObject wrong = c.arguments();
      wrong.add(argument.getKey(), other(argument.getValue()));
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> CheckpointConverterTest.convert(c, wrong.toString()),
              wrong.toString());
      assertTrue(
          e.getMessage().contains(argument.getKey())
              || argument.getKey().startsWith("attn_") && e.getMessage().contains("attn_heads"),
          e.getMessage());
      assertTrue(e.getMessage().contains("expected"), e.getMessage());
      assertTrue(e.getMessage().contains("found"), e.getMessage());
    }
  }

  /** Another value of that kind. */
  private static JsonElement other(JsonElement value) {
    if (value instanceof JsonArray array) {
      JsonArray changed = new JsonArray();
      if (array.isEmpty()) {
        changed.add(1);
      }
      array.forEach(element -> changed.add(other(element)));
      return changed;
    }
    JsonPrimitive primitive = value.getAsJsonPrimitive();
    if (primitive.isBoolean()) {
      return new JsonPrimitive(!primitive.getAsBoolean());
    }
    return primitive.isNumber()
        ? new JsonPrimitive(primitive.getAsInt() + 1)
        : new JsonPrimitive("16,16");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void anUnknownArgumentIsNamed(ForeignNetworks.Case c) {
    JsonObject more = c.arguments();
    more.addProperty("heads_num", 3);
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> CheckpointConverterTest.convert(c, more.toString()));
    assertTrue(e.getMessage().contains("\"heads_num\""), e.getMessage());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theSizeIsNamedWhereNothingSaysIt(ForeignNetworks.Case c) throws IOException {
    JsonObject few = c.arguments();
    few.remove("image_size");
    TensorSource tensors = c.tensors();
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                CheckpointConverter.convert(
                    CheckpointConverter.Request.of(tensors).withConfig(few.toString())));
    assertTrue(e.getMessage().startsWith("config: image_size: expected"), e.getMessage());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyMissingAndUnknownTensorIsNamed(ForeignNetworks.Case c) throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    TensorSource source = c.tensors();
    for (String name : source.names()) {
      tensors.put(name, source.data(name));
    }
    List<String> biases =
        tensors.keySet().stream()
            .filter(n -> n.endsWith(".bias") && n.contains("block") && !n.startsWith("online"))
            .toList();
    String missing = biases.get(biases.size() / 2);
    TensorData taken = tensors.remove(missing);
    String unknown = missing + "_of_a_fork";
    tensors.put(unknown, taken);
    int[] sample = c.npy("sample").shape();
    Exception e =
        assertThrows(
            ConversionException.class,
            () ->
                CheckpointConverter.convert(
                    CheckpointConverter.Request.of(TensorSource.of(tensors))
                        .withConfig(c.arguments().toString())
                        .withSize(new ImageSize(sample[2], sample[3]))));
    assertTrue(e.getMessage().contains("1 missing (" + missing + " "), e.getMessage());
    assertTrue(e.getMessage().contains("1 unknown (" + unknown + ")"), e.getMessage());
  }

  @Test
  void headsOfOpenAiAreNamedWhereNothingSaysThem() throws IOException {
    int tried = 0;
    for (ForeignNetworks.Case c : cases()) {
      if (Family.of(c.tensors().names()) == Family.OPENAI) {
        JsonObject few = c.arguments();
        List.of("num_heads", "num_head_channels").forEach(few::remove);
        Exception e =
            assertThrows(
                IllegalArgumentException.class,
                () -> CheckpointConverterTest.convert(c, few.toString()));
        assertTrue(e.getMessage().startsWith("config: num_heads: expected it or num_head_"));
        tried++;
      }
    }
    assertTrue(tried >= 1);
  }

  /** What a scheduler's configuration says need not be said again, and counts more. */
  @Test
  void aSchedulerStandsForTheArgumentsOfTheDiffusion() throws IOException {
    int tried = 0;
    for (ForeignNetworks.Case c : cases()) {
      if (Family.of(c.tensors().names()) != Family.LUCIDRAINS) {
        continue;
      }
      int[] sample = c.npy("sample").shape();
      JsonObject few = c.arguments();
      few.addProperty("timesteps", 7);
      few.remove("beta_schedule");
      few.remove("objective");
      for (String key : List.of("", "objective", "schedule_fn_kwargs")) {
        if (!key.isEmpty()) {
          few.addProperty(key, "whatever");
        }
        Conversion conversion =
            CheckpointConverter.convert(
                CheckpointConverter.Request.of(c.tensors())
                    .withConfig(few.toString())
                    .withSize(new ImageSize(sample[2], sample[3]))
                    .withScheduler("{\"prediction_type\": \"sample\"}"));
        assertEquals(
            "{\"prediction_type\": \"sample\"}", conversion.metadata().get("ddpm4j.scheduler"));
      }
      tried++;
    }
    assertTrue(tried >= 5);
  }

  @Test
  void tablesOfTheDiffusionSayScheduleAndPrediction() throws IOException {
    List<String> predictions = new ArrayList<>();
    for (ForeignNetworks.Case c : cases()) {
      TensorSource tensors = c.tensors();
      for (String name : tensors.names()) {
        if (name.endsWith("betas") && !name.startsWith("online")) {
          JsonObject arguments = c.arguments();
          arguments.remove("objective"); // the weights of the loss say it
          Conversion conversion = CheckpointConverterTest.convert(c, arguments.toString());
          JsonObject scheduler =
              JsonParser.parseString(conversion.metadata().get("ddpm4j.scheduler"))
                  .getAsJsonObject();
          float[] betas = tensors.data(name).floats();
          JsonArray written = scheduler.getAsJsonArray("trained_betas");
          assertEquals(betas.length, written.size());
          for (int t = 0; t < betas.length; t++) {
            assertEquals(betas[t], written.get(t).getAsFloat());
          }
          predictions.add(scheduler.get("prediction_type").getAsString());
        }
      }
    }
    assertEquals(List.of("v_prediction", "sample"), predictions);
  }
}
