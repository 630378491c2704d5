package io.ddpm4j.exporter.proto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.AtomicFile;
import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written piece by piece has the bytes that Protobuf gives the whole message. */
class EncodedModelTest {
  private static final long SEED = 20240611;

  @TempDir Path folder;

  private static TensorData on(Function<Integer, ByteBuffer> memory, int floats) {
    Random random = new Random(SEED + floats);
    ByteBuffer bytes = memory.apply(floats * Float.BYTES);
    byte[] content = new byte[floats * Float.BYTES];
    random.nextBytes(content);
    bytes.put(content).flip();
    return TensorData.wrap(DataType.FLOAT, Shape.of(floats), bytes);
  }

  /** Constants below and above all bounds: in the graph, in a branch, as attributes of nodes. */
  private static OnnxModel model(Function<Integer, ByteBuffer> memory) {
    Graph graph = new Graph("sizes", OpSet.standard());
    Ops ops = new Ops(graph);
    Value sum = ops.scalar(0);
    for (int floats : new int[] {1, 31, 1024, 1025, 5000, 600_000, 0}) {
      Value weight = graph.constant("weight." + floats, on(memory, floats));
      sum = ops.add(sum, ops.reduceSum(weight, false));
    }
    Attribute attribute = Attribute.of(on(memory, 40_000));
    Value constant = graph.add("Constant", List.of(), Map.of("value", attribute)).out();
    Graph then = graph.subgraph("then");
    Value inner = then.constant("inner", on(memory, 3000));
    then.output("y", new Ops(then).reduceSum(inner, false));
    Graph otherwise = graph.subgraph("else");
    otherwise.output("y", new Ops(otherwise).reduceSum(constant, false));
    graph.output("y", ops.ifThenElse(ops.greater(sum, ops.scalar(0)), then, otherwise).get(0));
    graph.output("sum", sum);
    return OnnxModel.of(graph).withMetadata(Map.of("key", "value"));
  }

  @Test
  void theBytesAreThoseOfTheWholeMessage() throws IOException {
    for (Function<Integer, ByteBuffer> memory :
        List.<Function<Integer, ByteBuffer>>of(ByteBuffer::allocate, ByteBuffer::allocateDirect)) {
      OnnxModel model = model(memory);
      byte[] whole = OnnxWriter.encode(model, TensorEncoder::inline, false).toByteArray();
      assertArrayEquals(whole, OnnxWriter.toBytes(model));

      HeldTensors held = new HeldTensors();
      ModelProto proto = OnnxWriter.encode(model, held, false);
      assertFalse(held.held().isEmpty());
      assertTrue(proto.getSerializedSize() < 50_000, "the message itself is small");
      EncodedModel encoded = new EncodedModel(proto, held.held());
      assertEquals(whole.length, encoded.size());
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      encoded.writeTo(stream);
      assertArrayEquals(whole, stream.toByteArray());

      Path file = folder.resolve("m.onnx");
      OnnxWriter.write(model, file);
      assertArrayEquals(whole, Files.readAllBytes(file));
    }
  }

  @Test
  void aModelWithoutConstantsIsItsMessage() {
    Graph graph = new Graph("none", OpSet.standard());
    graph.output("y", new Ops(graph).relu(graph.input("x", DataType.FLOAT, Shape.of(1))));
    OnnxModel model = OnnxModel.of(graph);
    byte[] whole = OnnxWriter.encode(model, TensorEncoder::inline, false).toByteArray();
    assertArrayEquals(whole, OnnxWriter.toBytes(model));
  }

  /** 128 MiB of mapped zeros. The test counts what it allocates. */
  @Test
  void mappedConstantsAreNotCopiedToTheHeap() throws IOException {
    int bytes = 1 << 27;
    Path zeros = folder.resolve("zeros");
    try (FileChannel channel =
        FileChannel.open(
            zeros,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.SPARSE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), bytes - 1);
      ByteBuffer map = channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes);
      Graph graph = new Graph("large", OpSet.standard());
      TensorData data = TensorData.wrap(DataType.FLOAT, Shape.of(bytes / 4), map);
      graph.output("y", new Ops(graph).reduceSum(graph.constant("w", data), false));
      HeldTensors held = new HeldTensors();
      ModelProto proto = OnnxWriter.encode(OnnxModel.of(graph), held, false);
      EncodedModel encoded = new EncodedModel(proto, held.held());
      assertTrue(encoded.size() > bytes);
      long before = allocated();
      Path out = folder.resolve("out.onnx");
      AtomicFile.write(out, encoded::writeTo);
      assertTrue(allocated() - before < 8 << 20, "allocated " + (allocated() - before));
      assertEquals(encoded.size(), Files.size(out));
    }
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean)
            java.lang.management.ManagementFactory.getThreadMXBean())
        .getThreadAllocatedBytes(Thread.currentThread().getId());
  }
}
