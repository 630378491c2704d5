package io.ddpm4j.exporter.proto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.exporter.graph.Attribute;
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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxWriterTest {
  @TempDir Path folder;

  private static OnnxModel affine(int width) {
    return affine(width, 1);
  }

  private static OnnxModel affine(int width, float value) {
    Graph graph = new Graph("affine", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.named("batch", width));
    float[] values = new float[width * width];
    Arrays.fill(values, value);
    Value weight = graph.constant("weight", TensorData.ofFloats(values, width, width));
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
    OnnxWriter.write(affine(64), file, OUTSIDE);
    List<Path> files = files();
    assertEquals(2, files.size(), files.toString());
    assertEquals(file, files.get(0));
    assertTrue(
        files.get(1).getFileName().toString().matches("m\\.onnx\\.[0-9a-f]{8}\\.data"),
        files.toString());
    assertEquals(64 * 64 * 4, Files.size(files.get(1)));
    assertTrue(Files.size(file) < 1000);
    TensorData x = TensorData.ofFloats(new float[64], 1, 64);
    assertEquals(0.5f, Ort.run(file, Map.of("x", x)).get("y").floats()[63]);
  }

  private static final OnnxWriter.Options OUTSIDE =
      OnnxWriter.Options.DEFAULT.withExternalThreshold(1000);

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  /** What the model in {@code file} makes of 64 ones. */
  private static float ofOnes(Path file) throws Exception {
    float[] ones = new float[64];
    Arrays.fill(ones, 1f);
    return Ort.run(file, Map.of("x", TensorData.ofFloats(ones, 1, 64))).get("y").floats()[0];
  }

  private static StagedModel staged(OnnxModel model, Path file) throws IOException {
    ExternalData external = new ExternalData();
    return StagedModel.stage(OnnxWriter.encode(model, external, false), external, file);
  }

  @Test
  void aRewriteThatStopsBetweenDataAndModelLeavesTheOldModelWithItsData() throws Exception {
    Path file = folder.resolve("m.onnx");
    OnnxWriter.write(affine(64, 1), file, OUTSIDE);
    List<Path> before = files();
    try (StagedModel staged = staged(affine(64, 2), file)) {
      staged.commitData();
      assertEquals(64.5f, ofOnes(file), "as after a crash at this point");
    }
    assertEquals(64.5f, ofOnes(file));
    assertEquals(before, files(), "the new data are gone");

    Path blocked = folder.resolve("blocked.onnx");
    try (StagedModel staged = staged(affine(64, 2), blocked)) {
      staged.commitData();
      Files.createDirectories(blocked.resolve("inside"));
      Exception e = assertThrows(IOException.class, staged::commitModel);
      assertTrue(e.getMessage().startsWith("cannot write " + blocked), e.getMessage());
    }
    assertEquals(before.size() + 1, files().size(), "the folder that was in the way, and no data");
  }

  @Test
  void aRewriteDeletesTheDataOfTheModelThatItReplacesAndNoOther() throws Exception {
    Path file = folder.resolve("m.onnx");
    Path others = folder.resolve("m.onnx.0123abcd.data"); // as ours are named, but nobody's
    Path foreign = folder.resolve("m.onnx.data");
    Files.writeString(others, "of others");
    Files.writeString(foreign, "of others");
    OnnxWriter.write(affine(64, 1), file, OUTSIDE);
    OnnxWriter.write(affine(64, 2), file, OUTSIDE);
    assertEquals(4, files().size(), files().toString());
    assertEquals(128.5f, ofOnes(file));
    OnnxWriter.write(affine(64, 2), file, OUTSIDE);
    assertEquals(4, files().size(), "the same data again");
    assertEquals(128.5f, ofOnes(file));
    OnnxWriter.write(OnnxReader.read(file), file, OUTSIDE); // reads what it replaces
    assertEquals(4, files().size(), files().toString());
    assertEquals(128.5f, ofOnes(file));
    OnnxWriter.write(affine(64, 3), file);
    assertEquals(List.of(file, others, foreign), files(), "all is inside now");
    assertEquals(192.5f, ofOnes(file));
  }

  @Test
  void theThresholdCountsWhatIsEncoded() throws Exception {
    Path file = folder.resolve("m.onnx");
    OnnxModel unused = affine(64, 1);
    unused.graph().constant(TensorData.ofFloats(new float[5000], 5000)); // shared, used by no node
    OnnxWriter.write(
        unused, file, OnnxWriter.Options.DEFAULT.withExternalThreshold(64 * 64 * 4 + 4));
    assertEquals(List.of(file), files());

    Graph graph = new Graph("constant", OpSet.standard());
    float[] values = new float[5000];
    values[4999] = 7;
    Attribute tensor = Attribute.of(TensorData.ofFloats(values, 5000));
    graph.output("y", graph.add("Constant", List.of(), Map.of("value", tensor)).out());
    OnnxWriter.write(OnnxModel.of(graph), file, OUTSIDE);
    assertEquals(2, files().size(), "the attribute's elements lie outside");
    assertArrayEquals(values, Ort.run(file, Map.of()).get("y").floats());
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
