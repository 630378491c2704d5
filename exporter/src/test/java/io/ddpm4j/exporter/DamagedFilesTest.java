package io.ddpm4j.exporter;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.Attribute;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxFile;
import io.ddpm4j.exporter.proto.OnnxFormatException;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.OnnxWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever is wrong in a file is said by the declared exception, in a sentence that names the file:
 * files damaged at random, from a fixed seed.
 */
class DamagedFilesTest {
  private static final long SEED = 20240607;

  @TempDir Path folder;

  /** Reads a damaged file; gives back the message of the declared exception, or null. */
  private interface Subject {
    String read(byte[] damaged) throws Exception;
  }

  /** Runs the subject on mutants of a file; each failure can be repeated from what it says. */
  private static void fuzz(String what, byte[] whole, int mutants, Subject subject) {
    Random random = new Random(SEED);
    int refused = 0;
    for (int k = 0; k < mutants; k++) {
      byte[] damaged = damage(whole, random);
      String message;
      try {
        message = subject.read(damaged);
      } catch (Exception | StackOverflowError | OutOfMemoryError e) {
        throw new AssertionError(
            what + ": mutant " + k + " of seed " + SEED + ": " + shown(damaged), e);
      }
      if (message != null) {
        refused++;
        assertTrue(message.startsWith(what), what + ": mutant " + k + ": " + message);
      }
    }
    assertTrue(refused > mutants / 20, what + ": only " + refused + " were refused");
  }

  private static String shown(byte[] bytes) {
    return bytes.length > 4000 ? bytes.length + " bytes" : HexFormat.of().formatHex(bytes);
  }

  /** One to four changes: bits, bytes, runs that are cut out, doubled, moved or overwritten. */
  private static byte[] damage(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int n = 1 + random.nextInt(4); n > 0 && bytes.length > 0; n--) {
      int at = random.nextInt(bytes.length);
      int length = Math.min(1 + random.nextInt(12), bytes.length - at);
      switch (random.nextInt(8)) {
        case 0, 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes[at] = (byte) random.nextInt(256);
        case 3 -> bytes[at] = (byte) "0123456789-.,:[]{}\"en ".charAt(random.nextInt(22));
        case 4 -> bytes = splice(bytes, at, length, new byte[0]);
        case 5 -> bytes = splice(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
        case 6 -> {
          int from = random.nextInt(bytes.length - length + 1);
          System.arraycopy(bytes, from, bytes, at, length);
        }
        default -> bytes = random.nextInt(8) == 0 ? Arrays.copyOf(bytes, at) : bytes;
      }
    }
    return bytes;
  }

  private static byte[] splice(byte[] bytes, int at, int remove, byte[] insert) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, at);
    out.writeBytes(insert);
    out.write(bytes, at + remove, bytes.length - at - remove);
    return out.toByteArray();
  }

  @Test
  void aModel() throws Exception {
    for (Graph graph : List.of(control(), shapes(), network())) {
      byte[] whole = OnnxWriter.toBytes(OnnxModel.of(graph).withMetadata(Map.of("key", "value")));
      fuzz(
          "damaged.onnx",
          whole,
          graph.nodes().size() > 50 ? 100 : 1000,
          bytes -> {
            try {
              OnnxFile file = OnnxReader.read(bytes, "damaged.onnx");
              file.metadata();
              file.summary().text();
              file.toModel();
              return null;
            } catch (OnnxFormatException e) {
              return e.getMessage();
            }
          });
    }
  }

  /** Subgraphs, and constants as a node's attribute. */
  private static Graph control() {
    Graph graph = new Graph("control", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.named("batch", 2));
    Graph body = graph.subgraph("body");
    body.input("i", DataType.INT64, Shape.SCALAR);
    Value goOn = body.input("go", DataType.BOOL, Shape.SCALAR);
    Value sum = body.input("sum", DataType.FLOAT, Shape.named("batch", 2));
    body.output("go_out", goOn);
    body.output("next", new Ops(body).add(sum, x));
    List<Value> looped = ops.loop(ops.constant(TensorData.scalar(3L)), null, List.of(x), body);
    Graph then = graph.subgraph("then");
    then.output("y", looped.get(0));
    Graph otherwise = graph.subgraph("else");
    otherwise.output("y", new Ops(otherwise).neg(looped.get(0)));
    Value positive = ops.greater(ops.reduceSum(x, false), ops.scalar(0));
    graph.output("y", ops.ifThenElse(positive, then, otherwise).get(0));
    TensorData two = TensorData.ofFloats(new float[] {1, 2}, 2);
    Map<String, Attribute> value = Map.of("value", Attribute.of(two));
    graph.output("c", graph.add("Constant", List.of(), value).out());
    return graph;
  }

  /** Operators whose results' shapes follow from constants. */
  private static Graph shapes() {
    Graph graph = new Graph("shapes", OpSet.standard());
    Ops ops = new Ops(graph);
    Value x = graph.input("x", DataType.FLOAT, Shape.of(2, 4, 6, 6));
    List<Value> parts = ops.split(x, 1, 1, 3);
    Value padded = ops.pad(ops.slice(parts.get(1), 3, 5, 0, -2), 0, 0, 1, 1, 0, 0, 1, 1);
    Value flat = ops.reshape(ops.expand(padded, ops.longs(2, 3, 8, 5)), 0, -1, 5);
    Value rows = ops.gather(ops.transpose(flat, 1, 0, 2), ops.longs(3, 1), 0);
    graph.output("rows", ops.reduceMean(ops.unsqueeze(rows, 0), false, 1, -1));
    Value weight = graph.constant("w", TensorData.ofFloats(new float[8], 2, 4, 1, 1));
    Value images = ops.conv(x, weight, null, 2, 1, 1, 1, 1);
    graph.output("up", ops.averagePool(ops.upsampleNearest(images, 2), 2));
    graph.output("shape", ops.concat(0, ops.shape(x), ops.longs(7)));
    return graph;
  }

  private static Graph network() {
    UNetConfig config = UNetConfig.of(4, 1, List.of(2, 2), List.of(false, true), 1, 1, 0, 2);
    return UNet.portable(config, UNet.parameters(config).initialize(1));
  }

  @Test
  void aCheckpoint() throws Exception {
    Safetensors whole =
        new Safetensors(
            Map.of(
                "conv.weight", TensorData.ofFloats(new float[] {1, 2, 3, 4}, 2, 2),
                "step", TensorData.scalar(7L),
                "empty", TensorData.ofFloats(new float[0], 3, 0)),
            Map.of("format", "pt"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    whole.write(out);
    Path file = folder.resolve("damaged.safetensors");
    fuzz(
        file.toString(),
        out.toByteArray(),
        1000,
        bytes -> {
          Files.write(file, bytes);
          try {
            Safetensors.read(file);
            return null;
          } catch (IOException e) {
            return e.getMessage();
          }
        });
  }

  @Test
  void aConfig() {
    String whole = UNetConfig.of(8, 3, List.of(8, 16), List.of(false, true), 1, 4, 4, 3).toJson();
    fuzz(
        "U-Net config: ",
        whole.getBytes(StandardCharsets.UTF_8),
        1500,
        bytes -> {
          try {
            UNetConfig.fromJson(new String(bytes, StandardCharsets.UTF_8));
            return null;
          } catch (IllegalArgumentException e) {
            return e.getMessage();
          }
        });
  }
}
