package io.ddpm4j.exporter.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.testing.GoldenUNets;
import io.ddpm4j.exporter.testing.OnnxNodeCase;
import io.ddpm4j.exporter.testing.Python;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Python's ONNX checker accepts what we write; runs where python3 with the package onnx is. */
@Tag("slow")
class OnnxCheckerTest {
  private static final OnnxWriter.Options EXTERNAL =
      OnnxWriter.Options.DEFAULT.withExternalThreshold(0);

  @TempDir Path folder;

  @Test
  void theFullCheckAcceptsEveryFile() throws Exception {
    assumeTrue(Python.hasOnnx(), "skipped: no python3 with the package onnx");
    List<Path> files = new ArrayList<>();
    files.add(write("functions", OnnxModel.of(functions()), OnnxWriter.Options.DEFAULT));
    files.add(
        write(
            "valueinfo",
            OnnxModel.of(functions()).withMetadata(Map.of("ddpm4j.format", "1")),
            OnnxWriter.Options.DEFAULT.withValueInfo(true)));
    files.add(write("external", OnnxModel.of(functions()), EXTERNAL));
    files.add(write("control", OnnxModel.of(control()), OnnxWriter.Options.DEFAULT));
    files.addAll(networks());
    files.addAll(filesOfOthers());
    for (OnnxNodeCase one : OnnxNodeCase.all()) {
      OnnxFile file = OnnxReader.read(one.model(), one.name());
      Path copy = folder.resolve(one.name() + "_copy.onnx");
      OnnxWriter.write(file, copy);
      files.add(copy);
      if (!OnnxNodeCasesTest.REFUSED.containsKey(one.name())) {
        OnnxModel model = OnnxReader.read(one.filled().model(), one.name()).toModel();
        files.add(write(one.name(), model, OnnxWriter.Options.DEFAULT.withValueInfo(true)));
      }
    }
    Path list = folder.resolve("list.txt");
    Files.write(list, files.stream().map(Path::toString).toList());
    assertEquals("", Python.check(list), "what the checker says");
  }

  /** Every reference network that our U-Net covers, and each with its data outside. */
  private List<Path> networks() throws IOException {
    List<Path> files = new ArrayList<>();
    for (GoldenUNets.Case c : GoldenUNets.all()) {
      if (c.config().isPresent()) {
        OnnxModel model = OnnxModel.of(UNet.portable(c.config().get(), c.weights()));
        files.add(write("unet_" + c, model, OnnxWriter.Options.DEFAULT));
        files.add(write("unet_external_" + c, model, EXTERNAL));
      }
    }
    assertTrue(files.size() >= 12, "covered: " + files);
    return files;
  }

  /** Files that PyTorch wrote and the model that the project ships, rewritten in every way. */
  private List<Path> filesOfOthers() throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> golden = Files.list(SharedData.path("golden/unets/onnx"))) {
      golden.filter(p -> p.toString().endsWith(".onnx")).sorted().forEach(found::add);
    }
    assertTrue(found.size() >= 2, "found: " + found);
    Path shipped =
        Path.of(System.getProperty("ddpm4j.root", "..")).resolve("models/fashion-mnist/model.onnx");
    if (Files.exists(shipped)) {
      found.add(shipped);
    }
    List<Path> files = new ArrayList<>();
    for (Path path : found) {
      OnnxFile file = OnnxReader.read(path);
      for (OnnxWriter.Options options : List.of(OnnxWriter.Options.DEFAULT, EXTERNAL)) {
        String name = "other_" + files.size();
        Path copy = folder.resolve(name + "_copy.onnx");
        OnnxWriter.write(file, copy, options);
        files.add(copy);
        files.add(write(name, file.toModel(), options.withValueInfo(true)));
      }
    }
    return files;
  }

  private Path write(String name, OnnxModel model, OnnxWriter.Options options) throws IOException {
    Path file = folder.resolve(name + ".onnx");
    OnnxWriter.write(model, file, options);
    return file;
  }

  private static Graph functions() {
    Graph graph = new Graph("functions", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("sample", DataType.FLOAT, Shape.named("batch", 32, 8, 8));
    Value weight =
        graph.constant("conv.weight", TensorData.ofFloats(new float[32 * 32 * 9], 32, 32, 3, 3));
    Value scale = graph.constant("norm.weight", TensorData.ofFloats(new float[32], 32));
    Value bias = graph.constant("norm.bias", TensorData.ofFloats(new float[32], 32));
    Value h = graph.inScope("down.0", () -> ops.silu(ops.groupNorm(x, scale, bias, 8, 1e-5)));
    Value y = ops.upsampleNearest(ops.conv(h, weight, null, 2, 1, 1, 1, 1), 2);
    Value tokens = ops.transpose(ops.reshape(y, 0, 4, 8, -1), 0, 1, 3, 2);
    Value mixed = ops.attention(tokens, tokens, tokens, 0.3);
    graph.output("out_sample", ops.reshape(ops.transpose(mixed, 0, 1, 3, 2), -1, 32, 8, 8));
    graph.output("copy", x);
    return Lowering.portable().apply(graph, OpSet.standard());
  }

  private static Graph control() {
    Graph graph = new Graph("control", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2));
    Graph body = graph.subgraph("body");
    body.input("i", DataType.INT64, Shape.SCALAR);
    Value goOn = body.input("go_on", DataType.BOOL, Shape.SCALAR);
    Value sum = body.input("sum", DataType.FLOAT, Shape.of(2));
    body.output("go_on_out", goOn);
    body.output("x", new Ops(body).add(sum, x)); // a name that the graph around has
    List<Value> looped = ops.loop(ops.constant(TensorData.scalar(3L)), null, List.of(x), body);
    Graph then = graph.subgraph("then");
    then.output("y", looped.get(0));
    Graph otherwise = graph.subgraph("else");
    otherwise.output("y", new Ops(otherwise).neg(looped.get(0)));
    Value positive = ops.greater(ops.reduceSum(x, false), ops.scalar(0));
    graph.output("y", ops.ifThenElse(positive, then, otherwise).get(0));
    return graph;
  }
}
