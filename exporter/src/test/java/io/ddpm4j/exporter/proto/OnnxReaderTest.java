package io.ddpm4j.exporter.proto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Node;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.FunctionProto;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.OperatorSetIdProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import io.ddpm4j.exporter.proto.onnx.TensorShapeProto;
import io.ddpm4j.exporter.proto.onnx.TypeProto;
import io.ddpm4j.exporter.proto.onnx.ValueInfoProto;
import io.ddpm4j.exporter.testing.Numbers;
import io.ddpm4j.exporter.testing.Ort;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class OnnxReaderTest {
  @TempDir Path folder;

  private static void refuses(String message, Executable body) {
    assertEquals(message, assertThrows(OnnxFormatException.class, body).getMessage());
  }

  private static OnnxModel linear() {
    Graph graph = new Graph("linear", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.named("batch", 32));
    float[] values = new float[32 * 32];
    for (int k = 0; k < values.length; k++) {
      values[k] = k % 7;
    }
    Value weight = graph.constant("w", TensorData.ofFloats(values, 32, 32));
    graph.output("y", ops.reduceSum(ops.matMul(x, weight), true, 1));
    return OnnxModel.of(graph)
        .withMetadata(Map.of("ddpm4j.format", "1"))
        .withProducer("maker", "2.0")
        .withDocString("a test");
  }

  @Test
  void badFilesAreOneSentence() throws Exception {
    Path file = folder.resolve("m.onnx");
    String start = file + ": expected an ONNX model, found ";
    refuses(start + "no such file", () -> OnnxReader.read(file));
    refuses(folder + ": expected an ONNX model, found a folder", () -> OnnxReader.read(folder));
    Files.write(file, new byte[0]);
    refuses(start + "an empty file", () -> OnnxReader.read(file));
    for (String other : List.of("hello world, no model", "\u0089PNG\r\n\u001a\n", "{\"a\": 1}")) {
      Files.writeString(file, other);
      refuses(start + "a file of another kind", () -> OnnxReader.read(file));
    }
    Files.write(file, new byte[1000]);
    refuses(start + "a file of another kind", () -> OnnxReader.read(file));
  }

  @Test
  void everyTruncationIsRefused() throws Exception {
    byte[] whole = OnnxWriter.toBytes(linear().withMetadata(Map.of()));
    int inGraph = whole.length - 10;
    refuses(
        "cut: expected an ONNX model, found one that is cut short or damaged ("
            + inGraph
            + " bytes)",
        () -> OnnxReader.read(Arrays.copyOf(whole, inGraph), "cut"));
    for (int length = 0; length < whole.length; length += length < 200 ? 1 : 97) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThrows(OnnxFormatException.class, () -> OnnxReader.read(cut, "cut"), "at " + length);
    }
  }

  @Test
  void whatIsReadIsWrittenBackWithFieldsOfLaterVersions() throws Exception {
    ModelProto odd =
        ModelProto.newBuilder()
            .setIrVersion(99)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("x.y").setVersion(3))
            .addFunctions(
                FunctionProto.newBuilder()
                    .setName("F")
                    .setDomain("x.y")
                    .addNode(NodeProto.newBuilder().setOpType("Strange")))
            .setGraph(GraphProto.newBuilder().setName("g"))
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(777, UnknownFieldSet.Field.newBuilder().addVarint(5).build())
                    .build())
            .build();
    OnnxFile file = OnnxReader.read(odd.toByteArray(), "odd");
    assertArrayEquals(odd.toByteArray(), OnnxWriter.toBytes(file));
    assertEquals(List.of("F"), file.summary().functions());
    assertEquals(Map.of("Strange", 1), file.summary().operators());
  }

  @Test
  void aWrittenModelIsImportedWithAllThatItSays() throws Exception {
    OnnxModel before = linear();
    OnnxModel after = OnnxReader.read(OnnxWriter.toBytes(before), "m").toModel();
    assertEquals(before.metadata(), after.metadata());
    assertEquals("maker", after.producerName());
    assertEquals("2.0", after.producerVersion());
    assertEquals("a test", after.docString());
    assertEquals(Shape.named("batch", 1), after.graph().outputs().get("y").shape());
    assertEquals(
        before.graph().nodes().stream().map(Node::op).toList(),
        after.graph().nodes().stream().map(Node::op).toList());
    assertEquals(
        before.graph().value("w").orElseThrow().data(),
        after.graph().value("w").orElseThrow().data());
  }

  @Test
  void everyFormOfStorageIsRead() throws Exception {
    assertNumbers(DataType.FLOAT, b -> b.addFloatData(1.5f).addFloatData(-2), 1.5, -2);
    assertNumbers(DataType.DOUBLE, b -> b.addDoubleData(1.5).addDoubleData(-2), 1.5, -2);
    assertNumbers(DataType.INT64, b -> b.addInt64Data(1L << 40).addInt64Data(-2), 1L << 40, -2);
    assertNumbers(DataType.UINT64, b -> b.addUint64Data(7).addUint64Data(8), 7, 8);
    assertNumbers(DataType.UINT32, b -> b.addUint64Data(4000000000L).addUint64Data(8), 4e9, 8);
    assertNumbers(DataType.INT32, b -> b.addInt32Data(-70000).addInt32Data(8), -70000, 8);
    assertNumbers(DataType.INT16, b -> b.addInt32Data(-300).addInt32Data(8), -300, 8);
    assertNumbers(DataType.UINT16, b -> b.addInt32Data(60000).addInt32Data(8), 60000, 8);
    assertNumbers(DataType.INT8, b -> b.addInt32Data(-3).addInt32Data(8), -3, 8);
    assertNumbers(DataType.UINT8, b -> b.addInt32Data(200).addInt32Data(8), 200, 8);
    assertNumbers(DataType.BOOL, b -> b.addInt32Data(1).addInt32Data(0), 1, 0);
    assertNumbers(DataType.FLOAT16, b -> b.addInt32Data(0x3c00).addInt32Data(0xc000), 1, -2);
    assertNumbers(DataType.BFLOAT16, b -> b.addInt32Data(0x3f80).addInt32Data(0xc000), 1, -2);
    byte[] raw = {0, 0, (byte) 0x80, 0x3f, 0, 0, 0, (byte) 0xc0};
    assertNumbers(DataType.FLOAT, b -> b.setRawData(ByteString.copyFrom(raw)), 1, -2);
    refuses(
        "m: tensor t: expected 8 bytes for FLOAT[2], found 4",
        () -> assertNumbers(DataType.FLOAT, b -> b.addFloatData(1), 1, 1));
    refuses(
        "m: tensor t: ONNX element type 22 is not supported; expected 1 (FLOAT) to 16 (BFLOAT16)",
        () -> assertNumbers(DataType.FLOAT, b -> b.setDataType(22), 1, 1));
    refuses(
        "m: tensor t: expected dims of 0 or more, found [2, -1]",
        () -> assertNumbers(DataType.FLOAT, b -> b.addDims(-1), 1, 1));
    refuses(
        "m: tensor t: expected dims that fit into memory, found [2, " + Long.MAX_VALUE + "]",
        () -> assertNumbers(DataType.FLOAT, b -> b.addDims(Long.MAX_VALUE), 1, 1));
  }

  private static void assertNumbers(
      DataType type, UnaryOperator<TensorProto.Builder> fill, double first, double second)
      throws Exception {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName("t").setDataType(type.onnx()).addDims(2);
    TensorData data = new TensorDecoder("m", null, null).decode(fill.apply(tensor).build());
    assertArrayEquals(new double[] {first, second}, Numbers.of(data), type.toString());
  }

  @Test
  void externalDataAreFoundMovedInsideAndMovedOutAgain() throws Exception {
    Path outside = folder.resolve("a.onnx");
    OnnxWriter.write(linear(), outside, OnnxWriter.Options.DEFAULT.withExternalThreshold(0));
    OnnxFile file = OnnxReader.read(outside);
    String external = file.summary().externalData().toString();
    assertTrue(
        external.matches("\\[a\\.onnx\\.[0-9a-f]{8}\\.data: 4096 bytes, 4096 bytes used\\]"),
        external);
    assertEquals(1024, file.summary().parameters());
    assertEquals(6, file.initializers().get("w").floats()[6]);

    Path inside = folder.resolve("b.onnx");
    OnnxWriter.write(file, inside);
    assertEquals(List.of(), OnnxReader.read(inside).summary().externalData());
    Path again = folder.resolve("c.onnx");
    OnnxWriter.write(
        OnnxReader.read(inside), again, OnnxWriter.Options.DEFAULT.withExternalThreshold(0));
    Path copied = folder.resolve("d.onnx");
    OnnxWriter.write(file, copied, OnnxWriter.Options.DEFAULT.withExternalThreshold(0));
    Map<String, TensorData> x = Map.of("x", TensorData.ofFloats(new float[32], 1, 32));
    float[] expected = Ort.run(OnnxWriter.toBytes(linear()), x).get("y").floats();
    for (Path path : List.of(outside, inside, again, copied)) {
      assertArrayEquals(expected, Ort.run(path, x).get("y").floats(), path.toString());
      byte[] imported = OnnxWriter.toBytes(OnnxReader.read(path).toModel());
      assertArrayEquals(expected, Ort.run(imported, x).get("y").floats(), path.toString());
    }
  }

  @Test
  void externalDataThatAreMissingShortOrElsewhereAreRefused() throws Exception {
    Path file = folder.resolve("a.onnx");
    OnnxWriter.write(linear(), file, OnnxWriter.Options.DEFAULT.withExternalThreshold(0));
    String location = OnnxReader.read(file).summary().externalData().get(0).location();
    Path data = folder.resolve(location);
    Files.write(data, new byte[100]);
    String start = file + ": external tensor w: expected ";
    refuses(
        start + "4096 bytes at offset 0 of " + data + ", found a file of 100 bytes",
        () -> OnnxReader.read(file).toModel());
    Files.delete(data);
    refuses(
        start + "its data in " + data + ", found no such file",
        () -> OnnxReader.read(file).initializers());
    assertEquals(
        "[" + location + ": missing, 4096 bytes used]",
        OnnxReader.read(file).summary().externalData().toString());
    ModelProto proto = OnnxReader.read(file).proto();
    for (String outside : List.of("../a", "/etc/passwd", "x/../../a", "", "..\\a", ".")) {
      ModelProto.Builder evil = proto.toBuilder();
      evil.getGraphBuilder()
          .getInitializerBuilder(0)
          .setExternalData(0, ExternalData.entry("location", outside));
      Files.write(file, evil.build().toByteArray());
      refuses(
          start + "a location inside the model's folder, found \"" + outside + "\"",
          () -> OnnxReader.read(file).toModel());
      assertThrows(OnnxFormatException.class, () -> OnnxReader.read(file).summary());
    }
  }

  @Test
  void whatTheGraphDoesNotKnowIsRefusedByName() {
    byte[] strange = sample("Strange", "x.y").build().toByteArray();
    refuses(
        "m: node Strange n: operator x.y:Strange is not known in operator set 17",
        () -> OnnxReader.read(strange, "m").toModel());
    byte[] dangling = sample("Relu", "").setGraph(noInput("Relu")).build().toByteArray();
    refuses(
        "m: node Relu n: expected a value that an earlier node computes, found \"x\"",
        () -> OnnxReader.read(dangling, "m").toModel());
  }

  @Test
  void whatIsWrongInAGraphIsSaidWithTheFilesName() {
    ModelProto.Builder late = sample("Relu", "");
    TypeProto.Tensor.Builder pair =
        TypeProto.Tensor.newBuilder()
            .setElemType(DataType.FLOAT.onnx())
            .setShape(
                TensorShapeProto.newBuilder()
                    .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(2)));
    ValueInfoProto x =
        ValueInfoProto.newBuilder()
            .setName("x")
            .setType(TypeProto.newBuilder().setTensorType(pair))
            .build();
    ValueInfoProto y = ValueInfoProto.newBuilder().setName("y").build();
    NodeProto relu = noInput("Relu").getNode(0);
    GraphProto graph = noInput("Relu").toBuilder().addInput(x).addOutput(y).build();
    refusesGraph(
        "graph g: a value needs a name, found an empty one",
        graph.toBuilder().setInput(0, x.toBuilder().setName("")));
    refusesGraph("output y is declared twice in graph g", graph.toBuilder().addOutput(y));
    refusesGraph(
        "input: expected a name that no other value has, found \"x\"",
        graph.toBuilder().addInput(x));
    refusesGraph(
        "node Relu n: expected a name that no other value has, found \"y\"",
        graph.toBuilder().addNode(relu));
    NodeProto.Builder constant = NodeProto.newBuilder().setName("n").setOpType("Constant");
    AttributeProto.Builder one =
        AttributeProto.newBuilder()
            .setName("value_int")
            .setType(AttributeProto.AttributeType.INT)
            .setI(1);
    constant.addAttribute(one);
    refusesGraph(
        "node Constant n: Constant: expected 1 to 1 outputs, found 0",
        graph.toBuilder().addNode(constant));
    constant.addOutput("c").addAttribute(one);
    refusesGraph(
        "node Constant n: expected each attribute once, found value_int twice",
        graph.toBuilder().addNode(constant));
    GraphProto.Builder body = GraphProto.newBuilder().setName("body");
    for (String name : List.of("i", "go", "a", "b")) {
      body.addInput(ValueInfoProto.newBuilder().setName(name).setType(x.getType()));
    }
    NodeProto.Builder loop =
        NodeProto.newBuilder()
            .setName("n")
            .setOpType("Loop")
            .addAllInput(List.of("", "", "", "x"))
            .addOutput("out")
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("body")
                    .setType(AttributeProto.AttributeType.GRAPH)
                    .setG(body));
    refusesGraph(
        "node Loop n: Loop: input 2 (v_initial): expected a value, found none",
        graph.toBuilder().addNode(loop));
    late.setOpsetImport(0, OperatorSetIdProto.newBuilder().setVersion(1L << 40)).setGraph(graph);
    refuses(
        "m: operator set version: expected an int, found 1099511627776",
        () -> OnnxReader.read(late.build().toByteArray(), "m").toModel());
  }

  private static void refusesGraph(String message, GraphProto.Builder graph) {
    byte[] bytes = sample("Relu", "").setGraph(graph).build().toByteArray();
    refuses("m: " + message, () -> OnnxReader.read(bytes, "m").toModel());
  }

  private static GraphProto noInput(String op) {
    return GraphProto.newBuilder()
        .setName("g")
        .addNode(NodeProto.newBuilder().setName("n").setOpType(op).addInput("x").addOutput("y"))
        .build();
  }

  private static ModelProto.Builder sample(String op, String domain) {
    NodeProto node =
        NodeProto.newBuilder().setName("n").setOpType(op).setDomain(domain).addOutput("y").build();
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(17))
        .setGraph(GraphProto.newBuilder().setName("g").addNode(node));
  }
}
