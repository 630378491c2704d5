package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.TensorType;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What lies beside a network in the checkpoints that people train and publish. */
class CheckpointTest {
  private static final String CONFIG =
      """
      {"sample_size": 8, "in_channels": 1, "out_channels": 1, "block_out_channels": [4, 4],
       "down_block_types": ["DownBlock2D", "DownBlock2D"], "add_attention": false,
       "up_block_types": ["UpBlock2D", "UpBlock2D"], "layers_per_block": 1,
       "attention_head_dim": 4, "norm_num_groups": 2}
      """;

  private static final TensorData NUMBER = TensorData.scalar(1f);

  private static Map<String, TensorData> network(String prefix, int seed) {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    UNet.parameters(UNetConfig.fromJson(CONFIG))
        .initialize(seed)
        .forEach((name, data) -> tensors.put(prefix + name, data));
    return tensors;
  }

  private static TensorData vector(int length) {
    return TensorData.ofFloats(new float[length], length);
  }

  private static CheckpointConverter.Request request(Map<String, TensorData> tensors) {
    return CheckpointConverter.Request.of(TensorSource.of(tensors)).withConfig(CONFIG);
  }

  /** Which of the networks it is, by its weights. */
  private static int seed(Conversion conversion) throws IOException {
    for (int seed = 1; seed < 4; seed++) {
      Conversion alone = CheckpointConverter.convert(request(network("", seed)));
      if (constants(alone).equals(constants(conversion))) {
        return seed;
      }
    }
    return 0;
  }

  private static List<TensorData> constants(Conversion conversion) {
    return conversion.graph().constants().stream().map(v -> v.data().orElseThrow()).toList();
  }

  private static ConversionException refusal(CheckpointConverter.Request request) {
    ConversionException e =
        assertThrows(ConversionException.class, () -> CheckpointConverter.convert(request));
    assertEquals(1, e.getMessage().lines().count());
    assertTrue(e.getMessage().length() <= 1010, e.getMessage());
    return e;
  }

  // ---- what is left over

  @ParameterizedTest
  @CsvSource({
    "optimizer_state_dict.state.0.exp_avg, the optimizer's state",
    "optimizer_states.0.state.3.exp_avg_sq, the optimizer's state",
    "optimizer_state.state.0.momentum_buffer, the optimizer's state",
    "optim_state.0, the optimizer's state",
    "opt.state.0.exp_avg, the optimizer's state",
    "generator_optimizer.state.0.step, the optimizer's state",
    "lr_scheduler_state_dict.last, the optimizer's state",
    "scheduler_state.x, the optimizer's state",
    "scaler.scale, the optimizer's state",
    "rng_state, the state of a random generator",
    "cuda_rng_state.0, the state of a random generator",
    "random_states.0, the state of a random generator",
    "callbacks.EMA.best, the training loop's state",
    "betas, a table of the noise schedule",
    "diffusion.sqrt_alpha_bar, a table of the noise schedule",
    "alphas, a table of the noise schedule",
    "alphas_cumprod_prev, a table of the noise schedule",
    "sqrt_one_minus_alphas_cumprod, a table of the noise schedule",
    "posterior_log_variance_clipped, a table of the noise schedule",
    "oneover_sqrta, a table of the noise schedule",
    "mab_over_sqrtmab, a table of the noise schedule",
    "ema.shadow_params.7, an average of the weights without their names"
  })
  void isCountedInANote(String name, String what) throws IOException {
    for (String prefix : List.of("", "module.", "state_dict.model.")) {
      Map<String, TensorData> tensors = network(prefix, 1);
      tensors.put(name, vector(10));
      Conversion conversion = CheckpointConverter.convert(request(tensors));
      assertEquals(1, seed(conversion));
      assertTrue(
          conversion.notes().contains(what + ": 1 tensor is left out"),
          conversion.notes().toString());
    }
  }

  @Test
  void numbersBesideTheNetwork() throws IOException {
    Map<String, TensorData> tensors = network("module.", 1);
    List.of("n_averaged", "loss", "best.fid", "epoch").forEach(name -> tensors.put(name, NUMBER));
    assertTrue(
        CheckpointConverter.convert(request(tensors))
            .notes()
            .contains("a number beside the network: 4 tensors are left out"));
  }

  @Test
  void frequenciesThatAreSavedTwice() throws IOException {
    String config = CONFIG.replace("{", "{\"time_embedding_type\": \"fourier\", ");
    for (String prefix : List.of("", "module.")) {
      Map<String, TensorData> tensors = new LinkedHashMap<>();
      UNet.parameters(UNetConfig.fromJson(config))
          .initialize(1)
          .forEach((name, data) -> tensors.put(prefix + name, data));
      tensors.put(prefix + "time_proj.W", tensors.get(prefix + "time_proj.weight"));
      Conversion conversion = CheckpointConverter.convert(request(tensors).withConfig(config));
      assertTrue(
          conversion.notes().contains("a second copy of time_proj.weight: 1 tensor is left out"),
          conversion.notes().toString());
    }
  }

  /** Names that only look like those of leftovers, and tables that are none. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "PREFIXconv_in.betas",
        "PREFIXconv_in.step",
        "PREFIXmid_block.optimizer.weight",
        "PREFIXconv_in.time_proj.W",
        "PREFIXtime_proj.W",
        "classifier.weight",
        "alphabet",
        "weights"
      })
  void isNotPassedOver(String name) {
    for (String prefix : List.of("", "module.")) {
      Map<String, TensorData> tensors = network(prefix, 1);
      tensors.put(name.replace("PREFIX", prefix), vector(10));
      String message = refusal(request(tensors)).getMessage();
      assertTrue(message.contains("1 unknown (" + name.replace("PREFIX", prefix)), message);
    }
    Map<String, TensorData> tensors = network("module.", 1);
    tensors.put("betas", TensorData.ofFloats(new float[12], 3, 4));
    assertTrue(refusal(request(tensors)).getMessage().contains("1 unknown (betas)"));
  }

  /** Elements that are not read matter only where they are the network's. */
  @Test
  void tensorsOfOtherTypesAreNamedWhereTheyMatter() throws IOException {
    Map<String, String> unread = new LinkedHashMap<>();
    unread.put("optimizer.state.0.exp_avg", "a tensor of F8");
    assertTrue(
        CheckpointConverter.convert(request(network("model.", 1), unread))
            .notes()
            .contains("the optimizer's state: 1 tensor is left out"));
    unread.put("other", "a tensor of F8");
    String message = refusal(request(network("model.", 1), unread)).getMessage();
    assertTrue(message.contains("1 unknown (other, a tensor of F8)"), message);
    unread.remove("other");
    for (String name : List.of("conv_in.weight", "conv_in.bias")) {
      Map<String, TensorData> tensors = network("model.", 1);
      tensors.remove("model." + name);
      unread.put("model." + name, "a tensor of F8");
      message = refusal(request(tensors, unread)).getMessage();
      assertTrue(message.contains("model." + name), message);
      assertTrue(message.contains("found a tensor of F8"), message);
      unread.remove("model." + name);
    }
  }

  private static CheckpointConverter.Request request(
      Map<String, TensorData> tensors, Map<String, String> unread) {
    TensorSource read = TensorSource.of(tensors);
    return CheckpointConverter.Request.of(
            new TensorSource() {
              @Override
              public Set<String> names() {
                return read.names();
              }

              @Override
              public TensorType type(String name) {
                return read.type(name);
              }

              @Override
              public TensorData data(String name) throws IOException {
                return read.data(name);
              }

              @Override
              public Map<String, String> unread() {
                return unread;
              }
            })
        .withConfig(CONFIG);
  }

  // ---- which copy

  @ParameterizedTest
  @CsvSource({
    "model., ema.",
    "model., ema_model.",
    "model., model_ema.",
    "model., ema_state_dict.",
    "state_dict., state_dict_ema.",
    "state_dict.model., state_dict.ema_unet.",
    "model., swa_model.module.",
    "net., netEMA.",
    "model., averaged_model.",
    "ema.online_model.model., ema.ema_model.model.",
    "ema.online_model.model., model.",
    "current_model_state., state_dict."
  })
  void theAverageIsTaken(String raw, String preferred) throws IOException {
    for (boolean first : new boolean[] {true, false}) {
      Map<String, TensorData> tensors = network(first ? preferred : raw, first ? 2 : 1);
      tensors.putAll(network(first ? raw : preferred, first ? 1 : 2));
      Conversion conversion = CheckpointConverter.convert(request(tensors));
      assertEquals(2, seed(conversion));
      assertTrue(conversion.notes().contains("the network is that of \"" + preferred + "\""));
      Conversion other = CheckpointConverter.convert(request(tensors).withPrefix(raw));
      assertEquals(1, seed(other));
    }
  }

  @Test
  void aPrefixNamesACopyAndAllElseIsOfNoAccount() throws IOException {
    Map<String, TensorData> tensors = network("teacher.net.", 1);
    tensors.putAll(network("student.net.", 2));
    tensors.put("classifier.weight", vector(3));
    String message = refusal(request(tensors)).getMessage();
    assertTrue(
        message.endsWith(
            "found one under each of \"teacher.net.\", \"student.net.\";"
                + " --prefix names the one that is meant"),
        message);
    int rest = network("", 1).size() + 1;
    for (String prefix : List.of("student", "student.", "student.net", "student.net.")) {
      Conversion conversion = CheckpointConverter.convert(request(tensors).withPrefix(prefix));
      assertEquals(2, seed(conversion));
      assertTrue(
          conversion
              .notes()
              .contains("everything else in the checkpoint: " + rest + " tensors are left out"),
          conversion.notes().toString());
    }
    tensors.put("student.net.extra", vector(3));
    assertTrue(refusal(request(tensors).withPrefix("student")).getMessage().contains("1 unknown"));
    message = refusal(request(tensors).withPrefix("stud")).getMessage();
    assertTrue(message.startsWith("--prefix stud.: expected"), message);
    tensors.putAll(network("", 3));
    assertEquals(3, seed(CheckpointConverter.convert(request(tensors).withPrefix(""))));
  }

  @Test
  void aPrefixIsProposedWhereItHelps() {
    Map<String, TensorData> tensors = network("model.", 1);
    tensors.put("lpips.weight", vector(3));
    String message = refusal(request(tensors)).getMessage();
    assertTrue(message.endsWith("; --prefix model. leaves out what is not under it"), message);
    tensors.remove("model.conv_in.bias");
    assertFalse(refusal(request(tensors)).getMessage().contains("--prefix"));
  }

  // ---- what is wrong

  @Test
  void everythingThatIsWrongIsSaidAtOnce() {
    Map<String, TensorData> right = network("", 1);
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    TreeSet<String> lines = new TreeSet<>();
    int k = 0;
    for (Map.Entry<String, TensorData> tensor : right.entrySet()) {
      String name = tensor.getKey();
      if (name.startsWith("conv_") || k++ % 3 == 0) {
        tensors.put(name, tensor.getValue());
      } else if (k % 3 == 2) {
        tensors.put(name, NUMBER);
        lines.add(
            "of another type or shape: %s: expected float numbers of shape %s, found FLOAT[]"
                .formatted(name, tensor.getValue().shape()));
      } else {
        tensors.put(name + "x", tensor.getValue());
        lines.add("missing: " + name + " " + tensor.getValue().shape());
        lines.add("unknown: " + name + "x");
      }
    }
    ConversionException e = refusal(request(tensors));
    assertEquals(lines, new TreeSet<>(e.details()));
    long missing = lines.stream().filter(line -> line.startsWith("missing")).count();
    assertTrue(missing > 5);
    assertTrue(e.getMessage().contains("found " + missing + " missing ("), e.getMessage());
    assertTrue(e.getMessage().contains(" and " + (missing - 5) + " more)"), e.getMessage());
    assertTrue(e.getMessage().contains(" unknown ("), e.getMessage());
    assertTrue(e.getMessage().contains(" of another type or shape ("), e.getMessage());
  }

  @Test
  void aThousandLinesAreEnough() {
    Map<String, TensorData> tensors = network("", 1);
    for (int k = 0; k < 3000; k++) {
      tensors.put("x" + k, vector(2));
    }
    List<String> details = refusal(request(tensors)).details();
    assertEquals(1001, details.size());
    assertEquals("... and 2000 more", details.get(1000));
  }

  @Test
  void aNameThatMarksTheNetworkIsNamedWhereItIsMissing() {
    Map<String, TensorData> tensors = network("model.", 1);
    tensors.remove("model.conv_norm_out.weight");
    String message = refusal(request(tensors)).getMessage();
    assertTrue(
        message.endsWith("; UNet2DModel has conv_norm_out.weight beside model.conv_in.weight"),
        message);
  }

  // ---- hostile ones

  @Test
  void manyNetworksInAFileTakeLittleTimeAndOneSentence() {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (int k = 0; k < 20_000; k++) {
      for (String mark : List.of("conv_in", "conv_out", "conv_norm_out")) {
        tensors.put("p" + k + "." + mark + ".weight", NUMBER);
      }
    }
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          String message = refusal(request(tensors)).getMessage();
          assertTrue(message.contains("\"p4.\" and 19995 more;"), message);
          tensors.putAll(network("ema.", 1));
          assertEquals(1, seed(CheckpointConverter.convert(request(tensors))));
          tensors.remove("ema.conv_in.bias");
          assertTrue(refusal(request(tensors)).getMessage().contains("1 missing"));
        });
  }

  @Test
  void manyLevelsTakeLittleTime() {
    Map<String, TensorData> tensors = network("", 1);
    for (int k = 0; k < 2_000; k++) {
      for (int j = 0; j < 20; j++) {
        tensors.put("down_blocks." + k + ".resnets." + j + ".x", NUMBER);
      }
      tensors.put(
          "down_blocks." + k + ".resnets.0.conv1.weight",
          TensorData.ofFloats(new float[1], 1, 1, 1, 1));
    }
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () ->
            assertThrows(
                Exception.class,
                () ->
                    CheckpointConverter.convert(
                        CheckpointConverter.Request.of(TensorSource.of(tensors))
                            .withConfig("{\"sample_size\": 8, \"attention_head_dim\": 4}"))));
  }
}
