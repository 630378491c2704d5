package io.ddpm4j.exporter.proto;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files large enough to be mapped are read and written as small ones are. */
class MappedModelTest {
  private static final int MANY = 3 << 20; // floats: 12 MB, so that two are mapped

  @TempDir Path dir;

  private Path file;
  private TensorData first;
  private TensorData inLoop;

  /** Weights in the main graph and in a loop's body, large and small. */
  @BeforeEach
  void write() throws IOException {
    first = numbers(1);
    inLoop = numbers(2);
    Graph graph = new Graph("large", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(MANY));
    Value start = ops.add(x, graph.constant("first", first));
    Graph body = graph.subgraph("step");
    body.input("k", DataType.INT64, Shape.SCALAR);
    Value goOn = body.input("go_on", DataType.BOOL, Shape.SCALAR);
    Value now = body.input("now", DataType.FLOAT, Shape.of(MANY));
    Ops inside = new Ops(body);
    body.output("go_on_next", goOn);
    Value small = body.constant("small", TensorData.ofFloats(new float[] {3}, 1));
    Value sum = inside.add(inside.add(now, body.constant("second", inLoop)), small);
    body.output("next", sum);
    Value trips = ops.constant(TensorData.scalar(2L));
    Value always = ops.constant(TensorData.ofBools(new boolean[] {true}));
    graph.output(
        "y",
        graph.add("Loop", List.of(trips, always, start), Map.of("body", Attribute.of(body))).out());
    file = dir.resolve("large.onnx");
    OnnxWriter.write(OnnxModel.of(graph), file);
    assertTrue(Files.size(file) > 2L * MANY * Float.BYTES);
  }

  private static TensorData numbers(int seed) {
    float[] numbers = new float[MANY];
    for (int k = 0; k < MANY; k++) {
      numbers[k] = k * 0.001f + seed;
    }
    return TensorData.ofFloats(numbers, MANY);
  }

  @Test
  void weightsAreThoseOfTheFileAndNotOnTheHeap() throws IOException {
    OnnxFile read = OnnxReader.read(file);
    Map<String, TensorData> constants = read.constants();
    assertEquals(first, constants.get("first"));
    assertEquals(inLoop, constants.get("step/second"));
    assertEquals(3, constants.get("step/small").floats()[0]);
    assertTrue(constants.get("first").bytes().isDirect(), "mapped");
    assertTrue(constants.get("step/second").bytes().isDirect(), "mapped");
    assertTrue(read.proto().getSerializedSize() < 10_000, "no elements in the message");
    assertEquals(Files.size(file), read.summary().fileBytes());
    assertEquals(List.of(), read.summary().externalData());
  }

  @Test
  void whatIsWrittenAgainIsTheSame() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    Path copy = dir.resolve("copy.onnx");
    OnnxWriter.write(OnnxReader.read(file), copy);
    assertArrayEquals(bytes, Files.readAllBytes(copy));
    OnnxWriter.write(OnnxReader.read(file).toModel(), copy);
    Map<String, TensorData> constants = OnnxReader.read(copy).constants();
    assertEquals(first, constants.get("first"));
    assertEquals(inLoop, constants.get("step/second"));
    assertArrayEquals(bytes, OnnxWriter.toBytes(OnnxReader.read(file)));
    OnnxWriter.write(OnnxReader.read(file), file); // in its own place
    assertArrayEquals(bytes, Files.readAllBytes(file));
    Path beside = dir.resolve("beside.onnx");
    OnnxWriter.write(
        OnnxReader.read(file), beside, OnnxWriter.Options.DEFAULT.withExternalThreshold(0));
    OnnxFile external = OnnxReader.read(beside);
    assertEquals(1, external.summary().externalData().size());
    assertEquals(inLoop, external.constants().get("step/second"));
    Path back = dir.resolve("back.onnx");
    OnnxWriter.write(external, back);
    assertEquals(first, OnnxReader.read(back).constants().get("first"));
    assertEquals(List.of(), OnnxReader.read(back).summary().externalData());
  }

  @Test
  void damagedFilesAreRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    for (int cut : new int[] {1, MANY, 7 * (MANY / 2)}) {
      byte[] part = Arrays.copyOf(bytes, bytes.length - cut);
      Path damaged = Files.write(dir.resolve("cut.onnx"), part);
      String message =
          assertThrows(OnnxFormatException.class, () -> OnnxReader.read(damaged)).getMessage();
      assertTrue(
          message.contains("cut.onnx: expected an ONNX model, found one that is cut"), message);
    }
    Path noise = Files.write(dir.resolve("noise.onnx"), new byte[1 << 25]);
    assertThrows(OnnxFormatException.class, () -> OnnxReader.read(noise));
  }

  /** The marks of mapped tensors mean nothing in a file. */
  @Test
  void aMarkInAFileIsNoPlace() throws IOException {
    byte[] marked = MappedModel.message(ByteBuffer.wrap(Files.readAllBytes(file)));
    Path hostile = Files.write(dir.resolve("marked.onnx"), marked);
    String message =
        assertThrows(OnnxFormatException.class, () -> OnnxReader.read(hostile).constants())
            .getMessage();
    assertTrue(message.contains("expected a location inside the model's folder"), message);
  }
}
