package io.ddpm4j.exporter.proto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Lowering;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.testing.Ort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxWriterTest {
  @TempDir Path folder;

  private static OnnxModel affine(int width) {
    Graph graph = new Graph("affine", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.named("batch", width));
    float[] ones = new float[width * width];
    java.util.Arrays.fill(ones, 1f);
    Value weight = graph.constant("weight", TensorData.ofFloats(ones, width, width));
    graph.output("y", graph.inScope("mid.linear", () -> ops.add(ops.matMul(x, weight), 0.5)));
    return OnnxModel.of(graph).withMetadata(Map.of("ddpm4j.format", "1"));
  }

  @Test
  void aModelRunsAndItsOutputHasTheDeclaredName() throws Exception {
    Map<String, TensorData> result =
        Ort.run(
            OnnxWriter.toBytes(affine(2)),
            Map.of("x", TensorData.ofFloats(new float[] {1, 2, 3, 4}, 2, 2)));
    assertEquals(List.of("y"), List.copyOf(result.keySet()));
    assertArrayEquals(new float[] {3.5f, 3.5f, 7.5f, 7.5f}, result.get("y").floats());
  }

  @Test
  void theSameModelGivesTheSameBytes() {
    assertArrayEquals(OnnxWriter.toBytes(affine(3)), OnnxWriter.toBytes(affine(3)));
  }

  @Test
  void outputsThatNothingComputesBecomeCopies() throws Exception {
    Graph graph = new Graph("copies", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2));
    Value twice = ops.add(x, x);
    graph.output("a", twice);
    graph.output("b", twice);
    graph.output("c", x);
    graph.output("x", x);
    graph.output("d", ops.scalar(3));
    Map<String, TensorData> result =
        Ort.run(
            OnnxWriter.toBytes(OnnxModel.of(graph)),
            Map.of("x", TensorData.ofFloats(new float[] {1, 2}, 2)));
    assertArrayEquals(new float[] {2, 4}, result.get("a").floats());
    assertArrayEquals(new float[] {2, 4}, result.get("b").floats());
    assertArrayEquals(new float[] {1, 2}, result.get("c").floats());
    assertArrayEquals(new float[] {1, 2}, result.get("x").floats());
    assertArrayEquals(new float[] {3}, result.get("d").floats());
  }

  @Test
  void anOutputMayTakeTheNameOfAnInnerValueButNotOfAnInput() throws Exception {
    Graph graph = new Graph("names", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(1));
    Value inner = ops.exp(x);
    Value outer = ops.add(inner, 1.0);
    graph.output(inner.name(), outer);
    TensorData zero = TensorData.ofFloats(new float[] {0}, 1);
    assertArrayEquals(
        new float[] {2},
        Ort.run(OnnxWriter.toBytes(OnnxModel.of(graph)), Map.of("x", zero))
            .get(inner.name())
            .floats());
    graph.output("x", outer);
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> OnnxWriter.toBytes(OnnxModel.of(graph)));
    assertEquals(
        "graph names: expected an output name that no input or constant has, found x",
        e.getMessage());
  }

  @Test
  void loopAndIfRun() throws Exception {
    Graph graph = new Graph("loop", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2));
    Value step = ops.mul(x, 2.0);
    Graph body = graph.subgraph("body");
    Ops in = new Ops(body);
    body.input("i", DataType.INT64, Shape.SCALAR);
    Value goOn = body.input("go_on", DataType.BOOL, Shape.SCALAR);
    Value sum = body.input("sum", DataType.FLOAT, Shape.of(2));
    Value next = in.add(sum, step); // step belongs to the graph around
    body.output("go_on_out", goOn);
    body.output("y", next);
    body.output("scan", next);
    List<Value> looped = ops.loop(ops.constant(TensorData.scalar(3L)), null, List.of(x), body);
    Value positive = ops.greater(ops.reduceSum(looped.get(0), false), ops.scalar(0));
    Graph then = graph.subgraph("then");
    then.output("y", looped.get(0));
    Graph otherwise = graph.subgraph("else");
    otherwise.output("y", new Ops(otherwise).neg(looped.get(0)));
    graph.output("y", ops.ifThenElse(positive, then, otherwise).get(0));
    graph.output("history", looped.get(1));
    byte[] bytes = OnnxWriter.toBytes(OnnxModel.of(graph));
    assertEquals(Shape.of(3, 2), looped.get(1).shape());
    Map<String, TensorData> up =
        Ort.run(bytes, Map.of("x", TensorData.ofFloats(new float[] {1, 2}, 2)));
    assertArrayEquals(new float[] {7, 14}, up.get("y").floats());
    assertArrayEquals(new float[] {3, 6, 5, 10, 7, 14}, up.get("history").floats());
    Map<String, TensorData> down =
        Ort.run(bytes, Map.of("x", TensorData.ofFloats(new float[] {-1, -2}, 2)));
    assertArrayEquals(new float[] {7, 14}, down.get("y").floats());
  }

  @Test
  void functionsMustBeLoweredFirst() throws Exception {
    Graph graph = new Graph("silu", OpSet.standard());
    Value x = graph.input("x", DataType.FLOAT, Shape.of(1));
    graph.output("y", graph.inScope("mid", () -> new Ops(graph).silu(x)));
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> OnnxWriter.toBytes(OnnxModel.of(graph)));
    assertTrue(
        e.getMessage().contains("node mid/Silu_0: expected an operator of ONNX"), e.getMessage());
    Graph lowered = Lowering.portable().apply(graph, OpSet.standard());
    TensorData zero = TensorData.ofFloats(new float[] {0}, 1);
    assertArrayEquals(
        new float[] {0},
        Ort.run(OnnxWriter.toBytes(OnnxModel.of(lowered)), Map.of("x", zero)).get("y").floats());
  }

  @Test
  void bigConstantsGoToAFileBesideTheModel() throws Exception {
    Path file = folder.resolve("m.onnx");
    OnnxWriter.write(affine(64), file, OnnxWriter.Options.DEFAULT.withExternalThreshold(1000));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          List.of("m.onnx", "m.onnx.data"),
          files.map(p -> p.getFileName().toString()).sorted().toList());
    }
    assertEquals(64 * 64 * 4, Files.size(folder.resolve("m.onnx.data")));
    assertTrue(Files.size(file) < 1000);
    TensorData x = TensorData.ofFloats(new float[64], 1, 64);
    assertEquals(0.5f, Ort.run(file, Map.of("x", x)).get("y").floats()[63]);
  }

  @Test
  void theFileFormatVersionFollowsTheOperatorSet() {
    Graph graph = new Graph("v", OpSet.onnx(17));
    graph.output("y", new Ops(graph).relu(graph.input("x", DataType.FLOAT, Shape.of(1))));
    ModelProto proto = OnnxWriter.encode(OnnxModel.of(graph), TensorEncoder::inline, false);
    assertEquals(8, proto.getIrVersion());
    assertEquals(17, proto.getOpsetImport(0).getVersion());
    assertEquals(7, IrVersions.of(13));
    assertEquals(8, IrVersions.of(18));
    assertEquals(12, IrVersions.of(24));
    assertEquals(13, IrVersions.of(26));
  }

  @Test
  void whatCannotBeWrittenIsOneSentenceAndLeavesNothing() throws Exception {
    Path missing = folder.resolve("none").resolve("m.onnx");
    Exception e = assertThrows(IOException.class, () -> OnnxWriter.write(affine(2), missing));
    assertEquals(
        "cannot write " + missing + ": there is no folder " + missing.getParent(), e.getMessage());
    e = assertThrows(IOException.class, () -> OnnxWriter.write(affine(2), folder));
    assertEquals("cannot write " + folder + ": it exists and is no regular file", e.getMessage());
    Path full = folder.resolve("full.onnx");
    Files.writeString(full, "before");
    e =
        assertThrows(
            IOException.class,
            () ->
                AtomicFile.write(
                    full,
                    out -> {
                      out.write(new byte[100]);
                      throw new IOException("No space left on device");
                    }));
    assertEquals("cannot write " + full + ": No space left on device", e.getMessage());
    assertEquals("before", Files.readString(full));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count(), "only the old file is there");
    }
  }
}
