package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.testing.NpyFile;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code ddpm convert}. */
class ConvertCommandTest {
  @TempDir Path dir;

  private static final UNetConfig CONFIG = TestModels.config(1, 0);

  private static Map<String, TensorData> weights() {
    return UNet.parameters(CONFIG).initialize(5);
  }

  private static void write(Path file, Map<String, TensorData> tensors) throws IOException {
    Files.createDirectories(file.getParent());
    try (OutputStream out = Files.newOutputStream(file)) {
      new Safetensors(tensors, Map.of()).write(out);
    }
  }

  private Path pipeline() throws IOException {
    Path folder = dir.resolve("pipeline");
    write(folder.resolve("unet/diffusion_pytorch_model.safetensors"), weights());
    Files.writeString(folder.resolve("unet/config.json"), CONFIG.toJson());
    Files.createDirectories(folder.resolve("scheduler"));
    Files.writeString(
        folder.resolve("scheduler/scheduler_config.json"),
        "{\"_class_name\": \"DDPMScheduler\", \"num_train_timesteps\": 20, \"beta_end\": 0.3}");
    return folder;
  }

  private void leavesNothingBehind() throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      assertFalse(files.anyMatch(file -> file.getFileName().toString().startsWith(".ddpm-")));
    }
  }

  @Test
  void aPipelineBecomesAModelThatSamples() throws IOException {
    Path model = dir.resolve("model.onnx");
    CommandRun.of("convert", pipeline(), "-o", model)
        .succeeds()
        .prints("UNet2DModel", "runs:", model);
    CommandRun.of("inspect", model).succeeds().prints("linear, 20 timesteps");
    CommandRun.of("sample", model, "-n", 1, "--steps", 2, "-o", dir.resolve("out.png")).succeeds();
    Path same = TestModels.write(dir.resolve("same.onnx"), 1, List.of(), Map.of());
    CommandRun.of("diff", model, same).succeeds().prints("both predict the same");
    leavesNothingBehind();
  }

  @Test
  void theNetworkAloneAndAFileWithItsConfig() throws IOException {
    Path unet = pipeline().resolve("unet");
    Path a = dir.resolve("new/a.onnx");
    Path b = dir.resolve("b.onnx");
    CommandRun.of("convert", unet, "-o", a).succeeds();
    Path file = unet.resolve("diffusion_pytorch_model.safetensors");
    CommandRun.of("convert", file, "--config", unet.resolve("config.json"), "-o", b).succeeds();
    CommandRun.of("diff", a, b).succeeds();
    CommandRun.of("convert", file, "-o", b).succeeds();
    Path alone = Files.move(file, dir.resolve("alone.safetensors"));
    CommandRun.of("convert", alone, "-o", b).failsSaying(alone, "attention_head_dim");
  }

  /** The file says what is known, so that no more than the schedule need be given later. */
  @Test
  void aNetworkWithoutAScheduleSaysTheRest() throws IOException {
    Path pipeline = pipeline();
    Path scheduler = pipeline.resolve("scheduler/scheduler_config.json");
    Path network = Files.move(pipeline.resolve("unet"), dir.resolve("network"));
    Path folder = Files.createDirectories(dir.resolve("alone"));
    Path model = folder.resolve("model.onnx");
    CommandRun.of("convert", network, "-o", model)
        .succeeds()
        .prints("note: nothing says with which noise schedule");
    assertEquals(
        Set.of("ddpm4j.format", "ddpm4j.image", "ddpm4j.unet"),
        OnnxReader.read(model).metadata().keySet());
    CommandRun.of("inspect", model)
        .succeeds()
        .prints("height 8, width 8", "schedule      none in the file");
    Path picture = dir.resolve("out.png");
    CommandRun.of("sample", model, "-o", picture)
        .failsSaying(model + ": expected a noise schedule", "--scheduler FILE");
    Object[] few = {"sample", model, "-n", 1, "--steps", 2, "-o", picture};
    Object[] given = Arrays.copyOf(few, few.length + 2);
    given[few.length] = "--scheduler";
    given[few.length + 1] = scheduler;
    CommandRun.of(given).succeeds();

    Path back = dir.resolve("back");
    CommandRun.of("export", model, "--diffusers", back)
        .failsSaying(
            model + ": expected a noise schedule in the file or as --scheduler FILE, found");
    CommandRun.of("export", model, "--diffusers", back, "--scheduler", scheduler).succeeds();
    Path again = dir.resolve("again.onnx");
    CommandRun.of("convert", back, "-o", again).succeeds();
    CommandRun.of("diff", model, again).succeeds().prints("both predict the same");

    Files.copy(scheduler, folder.resolve("scheduler_config.json"));
    CommandRun.of("sample", folder, "-n", 1, "--steps", 2, "-o", picture).succeeds();
    CommandRun.of("inspect", folder).succeeds().prints("linear, 20 timesteps");
  }

  /** A vector for each of 5 timesteps, and a schedule of 20. */
  @Test
  void aTableOfTimestepsEndsBeforeTheSchedule() throws IOException {
    JsonObject json = JsonParser.parseString(CONFIG.toJson()).getAsJsonObject();
    json.addProperty("time_embedding_type", "learned");
    json.addProperty("num_train_timesteps", 5);
    UNetConfig config = UNetConfig.fromJson(json.toString());
    Path network = dir.resolve("network");
    write(
        network.resolve("diffusion_pytorch_model.safetensors"),
        UNet.parameters(config).initialize(5));
    Files.writeString(network.resolve("config.json"), json.toString());
    Path twenty = pipeline().resolve("scheduler/scheduler_config.json");
    Path five = dir.resolve("five.json");
    Files.writeString(five, "{\"_class_name\": \"DDPMScheduler\", \"num_train_timesteps\": 5}");
    Path model = dir.resolve("model.onnx");
    String found =
        ": expected a noise schedule of at most 5 timesteps, as many as the network has learned a"
            + " vector for, found one of 20";
    CommandRun.of("convert", network, "-o", model, "--scheduler", twenty)
        .failsSaying(twenty + found);
    assertFalse(Files.exists(model));
    CommandRun.of("convert", network, "-o", model).succeeds();
    Path out = dir.resolve("out.png");
    CommandRun.of("sample", model, "--scheduler", twenty, "-o", out).failsSaying(model + found);
    Path loop = dir.resolve("loop.onnx");
    CommandRun.of("export", model, "--scheduler", twenty, "--sampler", "ddim", "-o", loop)
        .failsSaying(model + found);
    CommandRun.of("diff", model, model).succeeds();
    CommandRun.of("diff", model, model, "--timesteps", "0,5")
        .isWrongUsage("--timesteps: expected numbers below 5, as many as", "found 5");
    CommandRun.of("convert", network, "-o", model, "--scheduler", five).succeeds();
    CommandRun.of("sample", model, "-n", 1, "-o", out).succeeds();
    CommandRun.of("export", model, "--sampler", "ddim", "-o", loop).succeeds();
  }

  @Test
  void variantsAndShards() throws IOException {
    Path folder = dir.resolve("unet");
    Map<String, TensorData> weights = weights();
    write(folder.resolve("diffusion_pytorch_model.fp16.safetensors"), weights);
    Files.writeString(folder.resolve("config.json"), CONFIG.toJson());
    Path model = dir.resolve("model.onnx");
    CommandRun.of("convert", folder, "-o", model).succeeds();
    CommandRun.of("convert", folder, "--variant", "fp16", "-o", model).succeeds();
    CommandRun.of("convert", folder, "--variant", "bf16", "-o", model)
        .failsSaying(folder, "diffusion_pytorch_model.bf16", "found", "fp16");

    Map<String, TensorData> first = new LinkedHashMap<>();
    Map<String, TensorData> second = new LinkedHashMap<>();
    JsonObject map = new JsonObject();
    weights.forEach(
        (name, data) -> {
          boolean left = first.size() <= second.size();
          (left ? first : second).put(name, data);
          map.addProperty(name, left ? "one.safetensors" : "two.safetensors");
        });
    Path sharded = dir.resolve("sharded");
    write(sharded.resolve("one.safetensors"), first);
    write(sharded.resolve("two.safetensors"), second);
    JsonObject index = new JsonObject();
    index.add("weight_map", map);
    Files.writeString(
        sharded.resolve("diffusion_pytorch_model.safetensors.index.json"), index.toString());
    Files.writeString(sharded.resolve("config.json"), CONFIG.toJson());
    Path other = dir.resolve("other.onnx");
    CommandRun.of("convert", sharded, "-o", other).succeeds();
    CommandRun.of("diff", model, other).succeeds().prints("0 with other numbers");
  }

  @Test
  void whatWasThereStaysWhereTheNewModelFails() throws IOException {
    Path model = Files.writeString(dir.resolve("model.onnx"), "the old one");
    Path folder = pipeline();
    Path verify = Files.createDirectories(dir.resolve("verify"));
    CommandRun.of("convert", folder, "-o", model, "--verify", verify)
        .failsSaying("--verify " + verify, "sample.npy and output.npy");
    npy(verify.resolve("sample.npy"), new float[64], 1, 1, 8, 8);
    npy(verify.resolve("output.npy"), new float[64], 1, 1, 8, 8);
    CommandRun.of("convert", folder, "-o", model, "--verify", verify)
        .failsSaying("timestep.npy", "found none");
    npy(verify.resolve("timestep.npy"), new float[] {3}, 1);
    CommandRun.of("convert", folder, "-o", model, "--verify", verify)
        .failsSaying(verify.resolve("output.npy"), "numbers beyond");
    assertEquals("the old one", Files.readString(model));
    leavesNothingBehind();
    CommandRun.of("convert", folder, "-o", model, "--verify", verify, "--atol", 100)
        .succeeds()
        .prints("agrees with");
    assertTrue(Files.size(model) > 1000);
    leavesNothingBehind();
  }

  private static void npy(Path file, float[] values, long... shape) throws IOException {
    NumpyArray.of(values, shape).write(file);
  }

  @Test
  void missingAndUnknownTensorsAreNamed() throws IOException {
    Path folder = pipeline();
    Map<String, TensorData> weights = weights();
    TensorData bias = weights.remove("conv_out.bias");
    weights.put("conv_out.bais", bias);
    Path file = folder.resolve("unet/diffusion_pytorch_model.safetensors");
    write(file, weights);
    CommandRun.of("convert", folder, "-o", dir.resolve("m.onnx"))
        .failsSaying(file, "conv_out.bias", "conv_out.bais");
    assertFalse(Files.exists(dir.resolve("m.onnx")));
  }

  @Test
  void allThatIsWrongIsListedWhereTheSentenceCannot() throws IOException {
    Path folder = pipeline();
    Map<String, TensorData> weights = new LinkedHashMap<>();
    weights().forEach((name, data) -> weights.put(name.replace("resnets", "resnet"), data));
    int renamed = (int) weights.keySet().stream().filter(name -> name.contains("resnet.")).count();
    write(folder.resolve("unet/diffusion_pytorch_model.safetensors"), weights);
    CommandRun run =
        CommandRun.of("convert", folder, "-o", dir.resolve("m.onnx"))
            .failsListing(2 * renamed, renamed + " missing (", renamed + " unknown (");
    assertTrue(run.err().contains("  unknown: mid_block.resnet.1.norm2.bias\n"), run.err());
    assertTrue(run.err().contains("  missing: mid_block.resnets.1.norm2.bias [8]\n"), run.err());
  }

  @Test
  void whatIsReadIsNotWritten() throws IOException {
    Path folder = pipeline();
    Path unet = folder.resolve("unet");
    Path file = unet.resolve("diffusion_pytorch_model.safetensors");
    Path verify = Files.createDirectories(dir.resolve("verify"));
    for (String name : List.of("sample", "timestep", "output")) {
      npy(verify.resolve(name + ".npy"), new float[64], 1, 1, 8, 8);
    }
    Path other = Files.copy(unet.resolve("config.json"), dir.resolve("other.json"));
    Path link = Files.createSymbolicLink(dir.resolve("link"), file);
    Path around = dir.resolve("verify/../pipeline/unet").resolve(file.getFileName());
    Path scheduler = folder.resolve("scheduler/scheduler_config.json");
    for (Path output :
        List.of(
            file,
            link,
            around,
            unet.resolve("config.json"),
            scheduler,
            other,
            verify.resolve("output.npy"))) {
      byte[] before = Files.readAllBytes(output);
      for (Path source : List.of(folder, unet, file, link)) {
        boolean read =
            source.equals(folder)
                || source.equals(unet)
                || !output.equals(scheduler) && !output.equals(unet.resolve("config.json"));
        if (read) {
          CommandRun.of(
                  "convert",
                  source,
                  "-o",
                  output,
                  "--verify",
                  verify,
                  output.equals(other) || !Files.isDirectory(source) ? "--config" : "--scheduler",
                  output.equals(other) || !Files.isDirectory(source) ? other : scheduler)
              .isWrongUsage("-o: expected another file than those that are read, found");
        }
        assertArrayEquals(before, Files.readAllBytes(output));
      }
    }
    leavesNothingBehind();
  }

  @Test
  void filesOfAnIndexAreNotWrittenEither() throws IOException {
    Path shard = dir.resolve("one.safetensors");
    write(shard, weights());
    JsonObject map = new JsonObject();
    weights().keySet().forEach(name -> map.addProperty(name, "one.safetensors"));
    JsonObject json = new JsonObject();
    json.add("weight_map", map);
    Path index = Files.writeString(dir.resolve("index.json"), json.toString());
    Path config = Files.writeString(dir.resolve("c.json"), CONFIG.toJson());
    for (Path output : List.of(shard, index, config)) {
      CommandRun.of("convert", index, "--config", config, "-o", output)
          .isWrongUsage("-o: expected");
    }
    CommandRun.of("convert", index, "--config", config, "-o", dir.resolve("m.onnx")).succeeds();
  }

  @Test
  void aSchedulerIsCheckedBeforeAnythingIsWritten() throws IOException {
    Path folder = pipeline();
    Path model = dir.resolve("m.onnx");
    Path given = dir.resolve("given.json");
    for (String bad :
        List.of("<html>", "[]", "{\"num_train_timesteps\": \"many\"}", "{\"beta_start\": [1]}")) {
      Files.writeString(given, bad);
      CommandRun.of("convert", folder, "--scheduler", given, "-o", model)
          .failsSaying(given, "expected");
      assertFalse(Files.exists(model));
    }
    CommandRun.of("convert", folder, "-o", model).succeeds();
    Path own = folder.resolve("scheduler/scheduler_config.json");
    Files.writeString(own, "{\"_class_name\": \"NoScheduler\"}");
    CommandRun.of("convert", folder, "-o", model).failsSaying(own, "_class_name");
    Files.writeString(given, "{\"num_train_timesteps\": 30}");
    CommandRun.of("convert", folder, "--scheduler", given, "-o", model).succeeds();
  }

  @Test
  void aPrefixNamesTheCopy() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (String copy : List.of("teacher.", "student.")) {
      weights().forEach((name, data) -> tensors.put(copy + name, data));
    }
    Path file = dir.resolve("both.safetensors");
    write(file, tensors);
    Path config = Files.writeString(dir.resolve("c.json"), CONFIG.toJson());
    Path model = dir.resolve("m.onnx");
    CommandRun.of("convert", file, "--config", config, "-o", model)
        .failsSaying(file, "\"teacher.\", \"student.\"", "--prefix");
    CommandRun.of("convert", file, "--config", config, "-o", model, "--prefix", "student")
        .succeeds()
        .prints("the network is that of \"student.\"", "everything else in the checkpoint: ");
    CommandRun.of("convert", file, "--config", config, "-o", model, "--prefix", "x")
        .failsSaying(file, "--prefix x.: expected");
  }

  @Test
  void ofATrainingTheAverageIsConvertedWithANote() throws IOException {
    Path folder = pipeline();
    Path average = folder.resolve("unet_ema/diffusion_pytorch_model.safetensors");
    write(average, UNet.parameters(CONFIG).initialize(6));
    Files.copy(folder.resolve("unet/config.json"), average.resolveSibling("config.json"));
    Files.writeString(folder.resolve("model_index.json"), "{\"vae\": [\"diffusers\", \"X\"]}");
    Path a = dir.resolve("a.onnx");
    Path b = dir.resolve("b.onnx");
    CommandRun.of("convert", folder, "-o", a)
        .succeeds()
        .prints("note: the network is that of " + average.getParent(), "note: the model predicts");
    CommandRun.of("convert", folder.resolve("unet"), "-o", b).succeeds();
    CommandRun.of("diff", a, b).failsSaying("found differences");
  }

  /** Of such networks the logarithm of 0 would be asked for. */
  @Test
  void networksOfTheLogarithmOfTheTimestepAreTriedOutAboveZero() throws IOException {
    for (String label : List.of("null", "\"timestep\"")) {
      JsonObject json = JsonParser.parseString(CONFIG.toJson()).getAsJsonObject();
      json.addProperty("time_embedding_type", "fourier");
      json.add("class_embed_type", JsonParser.parseString(label));
      UNetConfig config = UNetConfig.fromJson(json.toString());
      Path file = dir.resolve("fourier/model.safetensors");
      write(file, UNet.parameters(config).initialize(5));
      Files.writeString(file.resolveSibling("config.json"), json.toString());
      Path model = dir.resolve("fourier.onnx");
      for (List<String> form : List.of(List.<String>of(), List.of("--fp16", "--fp16-io"))) {
        List<Object> command = new ArrayList<>(List.of("convert", file, "-o", model));
        command.addAll(form);
        CommandRun.of(command.toArray()).succeeds().prints("runs:");
        CommandRun.of("diff", model, model, "--atol", 1e-3)
            .succeeds()
            .prints("t = 1:", "t = 999:", "both predict the same");
      }
      CommandRun.of("diff", model, model, "--timesteps", "0,5").isWrongUsage("--timesteps");
    }
  }

  @Test
  void weightsOfFewDigitsAreHintedAtWhereAComparisonFails() throws IOException {
    Map<String, TensorData> half = new LinkedHashMap<>();
    weights()
        .forEach(
            (name, data) -> {
              ByteBuffer bits =
                  ByteBuffer.allocate(data.byteSize() / 2).order(ByteOrder.LITTLE_ENDIAN);
              for (float value : data.floats()) {
                bits.putShort((short) (Float.floatToRawIntBits(value) >> 16));
              }
              half.put(name, TensorData.wrap(DataType.BFLOAT16, data.shape(), bits.flip()));
            });
    Path folder = pipeline();
    Path verify = Files.createDirectories(dir.resolve("verify"));
    npy(verify.resolve("sample.npy"), new float[64], 1, 1, 8, 8);
    npy(verify.resolve("output.npy"), new float[64], 1, 1, 8, 8);
    npy(verify.resolve("timestep.npy"), new float[] {3}, 1);
    Path model = dir.resolve("m.onnx");
    String hint = "the checkpoint's weights are bfloat16";
    String err = CommandRun.of("convert", folder, "-o", model, "--verify", verify).err();
    assertTrue(err.contains("numbers beyond") && !err.contains(hint), err);
    write(folder.resolve("unet/diffusion_pytorch_model.safetensors"), half);
    CommandRun.of("convert", folder, "-o", model, "--verify", verify)
        .failsSaying("numbers beyond", hint, "--atol");
  }

  @Test
  void storedArraysAreMissedBeforeTheWork() throws IOException {
    Path verify = Files.createDirectories(dir.resolve("verify"));
    npy(verify.resolve("sample.npy"), new float[64], 1, 1, 8, 8);
    npy(verify.resolve("output.npy"), new float[64], 1, 1, 8, 8);
    Path none = dir.resolve("none"); // the folder is seen first
    CommandRun.of("convert", none, "-o", dir.resolve("m.onnx"), "--verify", verify)
        .failsSaying("--verify " + verify, "timestep.npy", "found none");
  }

  @Test
  void wrongUsageAndOtherFiles() throws IOException {
    Path model = dir.resolve("m.onnx");
    CommandRun.of("convert", dir.resolve("none.pt"), "-o", model).failsSaying("none.pt", "found");
    CommandRun.of("convert", dir, "-o", model).failsSaying(dir, "diffusion_pytorch_model");
    CommandRun.of("convert", dir).isWrongUsage("-o");
    CommandRun.of("convert", dir, "-o", model, "--size", "0").isWrongUsage("--size");
    Path text = Files.writeString(dir.resolve("x.pt"), "some text");
    CommandRun.of("convert", text, "-o", model).failsSaying(text, "found a file that begins with");
    CommandRun.of("convert", text, "-o", model, "--variant", "fp16").isWrongUsage("--variant");
    Path run = Files.createDirectory(dir.resolve("run"));
    Files.writeString(run.resolve("run.json"), "{}");
    CommandRun.of("convert", run, "-o", model, "--size", 8, "--variant", "fp16")
        .isWrongUsage(
            "--size: expected no options of a checkpoint for a training run", "--size, --variant");
  }

  @Test
  void formsAreOfCheckpointsAndOfRuns() throws IOException {
    Path model = dir.resolve("m.onnx");
    Path folder = pipeline();
    CommandRun.of("convert", folder, "-o", model, "--fp16", "--batch", 2, "--opset", 18).succeeds();
    CommandRun.of("inspect", model)
        .succeeds()
        .prints("ai.onnx 18", "sample: float[2, 1, 8, 8]", "weights float16, batch 2");
    CommandRun.of("sample", model, "-n", 3, "--steps", 2, "-o", dir.resolve("out.png")).succeeds();
    CommandRun.of("convert", folder, "-o", model, "--fp16", "--int8").isWrongUsage("--int8");
    CommandRun.of("convert", folder, "-o", model, "--fp16-io").isWrongUsage("--fp16-io");
    CommandRun.of("convert", folder, "-o", model, "--opset", 22).isWrongUsage("--opset");

    Path verify = Files.createDirectories(dir.resolve("verify"));
    npy(verify.resolve("sample.npy"), new float[2 * 64], 2, 1, 8, 8);
    npy(verify.resolve("output.npy"), new float[2 * 64], 2, 1, 8, 8);
    npy(verify.resolve("timestep.npy"), new float[] {3}, 1);
    CommandRun.of("convert", folder, "-o", model, "--verify", verify, "--batch", 3, "--atol", 99)
        .succeeds()
        .prints("agrees with", "allowed 99 + 0.0001 * |expected|");
    npy(verify.resolve("output.npy"), new float[3 * 64], 3, 1, 8, 8);
    CommandRun.of("convert", folder, "-o", model, "--verify", verify, "--batch", 2)
        .failsSaying("--verify " + verify + ": shape: expected that of float32[3,1,8,8]");
    leavesNothingBehind();
  }

  // ---- the stored networks of all code bases, from their files to what they predict

  private static String refusal(Path config) throws IOException {
    try {
      UNetConfig.fromJson(Files.readString(config));
      return "";
    } catch (IllegalArgumentException e) {
      return e.getMessage();
    }
  }

  static List<Path> goldens() throws IOException {
    if (!SharedData.exists("golden/unets")) {
      return List.of(Path.of("none"));
    }
    try (Stream<Path> folders = Files.list(SharedData.path("golden/unets"))) {
      return folders.filter(folder -> Files.exists(folder.resolve("info.json"))).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void storedNetworksPredictTheSame(Path folder) throws IOException {
    Path model = dir.resolve("model.onnx");
    JsonObject info = info(folder);
    double tolerance =
        info.has("f32_vs_f64_max_abs") ? 3 * info.get("f32_vs_f64_max_abs").getAsDouble() : 3e-6;
    List<Object> command = command(folder, "-o", model, "--atol", tolerance, "--rtol", 0);
    String refusal = info.has("args") ? "" : refusal(folder.resolve("config.json"));
    if (!refusal.isEmpty()) { // of a kind of network that we do not have
      CommandRun.of(command.toArray()).failsSaying(refusal);
      return;
    }
    CommandRun.of(command.toArray()).succeeds().prints("agrees with");
    assertArrayEquals(new byte[] {8}, Arrays.copyOf(Files.readAllBytes(model), 1));
  }

  /** What is said of a form's tolerance holds for networks of all kinds. */
  @ParameterizedTest
  @MethodSource("goldens")
  void storedNetworksPredictAlmostTheSameInOtherForms(Path folder) throws IOException {
    if (!info(folder).has("args") && !refusal(folder.resolve("config.json")).isEmpty()) {
      return; // as above
    }
    Path model = dir.resolve("model.onnx");
    Object[] half = {"--fp16", "--fp16-io", "--opset", 21, "--batch", 2, "--external-data"};
    Object[] small = {"--int8", "--opset", 13, "--batch", 1};
    CommandRun.of(command(folder, "-o", model, half).toArray())
        .succeeds()
        .prints("agrees with", "allowed 0.02 + 0.02 * |expected| for float16", "of data beside it");
    CommandRun.of("inspect", model)
        .succeeds()
        .prints("ai.onnx 21", "float16[2, ", "weights float16, inputs float16, batch 2");
    CommandRun.of(command(folder, "-o", model, small).toArray())
        .succeeds()
        .prints("agrees with", "allowed 0.1 + 0.1 * |expected| for int8");
    CommandRun.of("inspect", model).succeeds().prints("ai.onnx 13", "weights int8, batch 1");
  }

  private static JsonObject info(Path folder) throws IOException {
    SharedData.path("golden/unets");
    return JsonParser.parseString(Files.readString(folder.resolve("info.json"))).getAsJsonObject();
  }

  /** {@code convert}, compared with what the network computed elsewhere. */
  private List<Object> command(Path folder, Object option, Object value, Object... more)
      throws IOException {
    List<Object> command = new ArrayList<>(List.of("convert"));
    JsonObject info = info(folder);
    if (info.has("args")) {
      int[] shape = NpyFile.read(folder.resolve("sample.npy")).shape();
      Path config = Files.writeString(dir.resolve("args.json"), info.get("args").toString());
      command.add(folder.resolve("model.pt"));
      command.addAll(List.of("--config", config, "--size", shape[2] + "x" + shape[3]));
    } else {
      command.add(folder);
    }
    command.addAll(List.of("--verify", folder, option, value));
    command.addAll(List.of(more));
    return command;
  }
}
