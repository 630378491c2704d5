package io.ddpm4j.exporter.proto;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.proto.onnx.AttributeProto;
import io.ddpm4j.exporter.proto.onnx.GraphProto;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.NodeProto;
import io.ddpm4j.exporter.proto.onnx.OperatorSetIdProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import io.ddpm4j.exporter.proto.onnx.TensorShapeProto;
import io.ddpm4j.exporter.proto.onnx.TypeProto;
import io.ddpm4j.exporter.proto.onnx.ValueInfoProto;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Nodes that no program writes: every operator with inputs, attributes and outputs at random, from
 * a fixed seed. The importer refuses them by the declared exception, or accepts them.
 */
class RandomNodesTest {
  private static final long SEED = 20240608;
  private static final int NODES = 10; // of each operator
  private static final long[] NUMBERS = {0, 1, 2, 3, 4, -1, -2, 100, 1L << 33, Long.MAX_VALUE};

  @Test
  void everyOperatorRefusesWhatItCannotTakeInASentence() {
    List<OpSchema> schemas = new ArrayList<>(OpSet.onnx(OpSet.DEFAULT_VERSION).all());
    schemas.sort(Comparator.comparing(OpSchema::name));
    Random random = new Random(SEED);
    GraphProto values = values();
    int refused = 0;
    for (OpSchema schema : schemas) {
      for (int k = 0; k < NODES; k++) {
        GraphProto graph = values.toBuilder().addNode(node(schema, values, random)).build();
        ModelProto model =
            ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OpSet.DEFAULT_VERSION))
                .setGraph(graph)
                .build();
        try {
          OnnxReader.read(model.toByteArray(), "random.onnx").toModel();
        } catch (OnnxFormatException e) {
          refused++;
          assertTrue(e.getMessage().startsWith("random.onnx: "), e.getMessage());
        } catch (Exception | StackOverflowError | OutOfMemoryError e) {
          throw new AssertionError("node " + k + " of seed " + SEED + ": " + graph.getNode(0), e);
        }
      }
    }
    assertTrue(refused > schemas.size() * NODES / 4, refused + " were refused");
  }

  /** Inputs and constants of several types and shapes. */
  private static GraphProto values() {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("g");
    List<long[]> shapes =
        List.of(new long[0], new long[] {3}, new long[] {2, 3}, new long[] {-1, 4, 6, 6});
    for (DataType type : List.of(DataType.FLOAT, DataType.INT64, DataType.BOOL)) {
      for (long[] shape : shapes) {
        TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
        for (long size : shape) {
          TensorShapeProto.Dimension.Builder dim = TensorShapeProto.Dimension.newBuilder();
          dims.addDim(size < 0 ? dim.setDimParam("batch") : dim.setDimValue(size));
        }
        graph.addInput(
            ValueInfoProto.newBuilder()
                .setName("in_" + graph.getInputCount())
                .setType(
                    TypeProto.newBuilder()
                        .setTensorType(
                            TypeProto.Tensor.newBuilder()
                                .setElemType(type.onnx())
                                .setShape(dims))));
      }
    }
    for (int size = 0; size < 5; size++) {
      for (long first : NUMBERS) {
        TensorProto.Builder tensor =
            TensorProto.newBuilder()
                .setName("constant_" + graph.getInitializerCount())
                .setDataType(DataType.INT64.onnx())
                .addDims(size);
        for (int k = 0; k < size; k++) {
          tensor.addInt64Data(k == 0 ? first : k);
        }
        graph.addInitializer(tensor);
      }
    }
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName("scales")
            .setDataType(DataType.FLOAT.onnx())
            .addDims(4)
            .addFloatData(1)
            .addFloatData(Float.NaN)
            .addFloatData(-2)
            .addFloatData(1e30f));
    return graph.build();
  }

  private static NodeProto node(OpSchema schema, GraphProto values, Random random) {
    NodeProto.Builder node = NodeProto.newBuilder().setName("n").setOpType(schema.name());
    int inputs = schema.inputs().size() + (random.nextInt(4) == 0 ? 1 + random.nextInt(2) : 0);
    for (int k = 0; k < inputs; k++) {
      int index = random.nextInt(values.getInputCount() + values.getInitializerCount());
      node.addInput(
          random.nextInt(6) == 0
              ? ""
              : index < values.getInputCount() || random.nextInt(3) == 0
                  ? values.getInput(index % values.getInputCount()).getName()
                  : values.getInitializer(index - values.getInputCount()).getName());
    }
    int outputs = random.nextInt(3) == 0 ? random.nextInt(4) : Math.max(1, schema.minOutputs());
    for (int k = 0; k < outputs; k++) {
      node.addOutput(random.nextInt(10) == 0 ? "" : "out_" + k);
    }
    schema
        .attributes()
        .forEach(
            (name, kind) -> {
              if (schema.requiredAttributes().contains(name) || random.nextBoolean()) {
                node.addAttribute(attribute(name, kind, values, random));
              }
            });
    return node.build();
  }

  private static AttributeProto attribute(
      String name, OpSchema.AttributeKind kind, GraphProto values, Random random) {
    AttributeProto.Builder proto = AttributeProto.newBuilder().setName(name);
    switch (kind) {
      case INT -> proto.setType(AttributeProto.AttributeType.INT).setI(number(random));
      case FLOAT -> proto.setType(AttributeProto.AttributeType.FLOAT).setF(number(random));
      case TEXT ->
          proto.setType(AttributeProto.AttributeType.STRING).setS(ByteString.copyFromUtf8("odd"));
      case INTS -> {
        proto.setType(AttributeProto.AttributeType.INTS);
        for (int n = random.nextInt(5); n > 0; n--) {
          proto.addInts(number(random));
        }
      }
      case TENSOR ->
          proto
              .setType(AttributeProto.AttributeType.TENSOR)
              .setT(values.getInitializer(random.nextInt(values.getInitializerCount())));
      case BODY -> {
        GraphProto.Builder body = GraphProto.newBuilder().setName("body");
        for (int n = random.nextInt(5); n > 0; n--) {
          body.addInput(values.getInput(random.nextInt(9)).toBuilder().setName("b" + n));
        }
        for (int n = random.nextInt(4); n > 0; n--) {
          body.addOutput(
              ValueInfoProto.newBuilder()
                  .setName(n > 1 && body.getInputCount() >= n ? "b" + n : "in_" + 3 * n));
        }
        proto.setType(AttributeProto.AttributeType.GRAPH).setG(body);
      }
      default -> proto.setType(AttributeProto.AttributeType.INT).setI(1);
    }
    return proto.build();
  }

  private static long number(Random random) {
    return NUMBERS[random.nextInt(NUMBERS.length)];
  }
}
