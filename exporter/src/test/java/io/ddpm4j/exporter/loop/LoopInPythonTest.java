package io.ddpm4j.exporter.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.exporter.testing.GraphRunner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Python's ONNX checker accepts loops, and ONNX's reference evaluator computes what ONNX Runtime
 * does; runs where python3 with the package onnx is.
 */
@Tag("slow")
class LoopInPythonTest {
  private static final String SCRIPT =
      """
      import json, numpy as np, onnx, sys
      from onnx.reference import ReferenceEvaluator
      for folder in sys.argv[1:]:
          onnx.checker.check_model(folder + "/loop.onnx", full_check=True)
          feeds = {}
          for name, (type, shape) in json.load(open(folder + "/arrays.json")).items():
              feeds[name] = np.fromfile(folder + "/" + name, type).reshape(shape)
          expected = feeds.pop("images")
          images, = ReferenceEvaluator(folder + "/loop.onnx").run(None, feeds)
          if images.shape != expected.shape or not np.allclose(images, expected, 1e-4, 1e-4):
              print(folder, images.shape, expected.shape, np.abs(images - expected).max())
      """;

  @TempDir Path dir;

  @Test
  void theReferenceEvaluatorComputesTheSame() throws Exception {
    assumeTrue(
        python("-c", "import numpy, onnx.reference").isEmpty(),
        "skipped: no python3 with the package onnx");
    List<Path> folders = new ArrayList<>();
    for (NoiseUse noise : NoiseUse.values()) {
      for (boolean labels : new boolean[] {false, true}) {
        folders.add(write(noise, labels));
      }
    }
    List<String> args = new ArrayList<>(List.of("-c", SCRIPT));
    folders.forEach(folder -> args.add(folder.toString()));
    assertEquals("", python(args.toArray(String[]::new)));
  }

  private Path write(NoiseUse noise, boolean labels) throws IOException {
    Random random = new Random(noise.ordinal());
    SamplerTable table = RandomTables.table(random, new X0Bound.Threshold(0.9, 1.5), noise);
    TinyNetwork network = new TinyNetwork(labels, noise.isLearned(), 0, DataType.INT64);
    Graph loop =
        SamplerGraph.of(
            network.graph(17),
            new SamplerSpec(
                table,
                NetworkRoles.standard(labels),
                labels ? OptionalLong.of(3) : OptionalLong.empty(),
                new LoopImages(TinyNetwork.CHANNELS, -1, 1, LoopImages.Format.FLOAT),
                false));
    Path folder = Files.createDirectory(dir.resolve(noise + "-" + labels));
    OnnxWriter.write(OnnxModel.of(loop), folder.resolve("loop.onnx"));
    Map<String, TensorData> arrays = SamplerGraphTest.inputs(table, 2, 2.5, random);
    arrays.keySet().removeIf(name -> loop.inputs().stream().noneMatch(v -> v.name().equals(name)));
    arrays.put("images", GraphRunner.run(loop, arrays).get("images"));
    StringBuilder json = new StringBuilder("{");
    for (Map.Entry<String, TensorData> array : arrays.entrySet()) {
      TensorData data = array.getValue();
      byte[] bytes = new byte[data.byteSize()];
      data.bytes().get(bytes);
      Files.write(folder.resolve(array.getKey()), bytes);
      json.append(json.length() == 1 ? "" : ", ")
          .append(
              "\"%s\": [\"%s\", %s]"
                  .formatted(
                      array.getKey(),
                      data.dataType() == DataType.INT64 ? "<i8" : "<f4",
                      List.of(data.shape().dims().toArray())));
    }
    Files.writeString(folder.resolve("arrays.json"), json.append("}"));
    return folder;
  }

  /** What python3 printed; empty where it was content. */
  private static String python(String... args) throws InterruptedException {
    List<String> command = new ArrayList<>(List.of("python3"));
    command.addAll(List.of(args));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? said : "failed: " + said;
    } catch (IOException e) {
      return "failed: " + e.getMessage();
    }
  }
}
