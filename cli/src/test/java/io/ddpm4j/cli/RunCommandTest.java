package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.Ops;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.image.NumpyType;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RunCommandTest {
  @TempDir Path dir;
  private Path doubling;
  private Path two;

  @BeforeEach
  void makeModels() throws IOException {
    doubling = TestModels.noPredictor(dir.resolve("doubling.onnx")); // y = x + x, [2, 3]
    Graph graph = new Graph("two", OpSet.onnx(OpSet.DEFAULT_VERSION));
    Value a = graph.input("a", DataType.FLOAT, Shape.named("n", 2));
    Value b = graph.input("b", DataType.FLOAT, Shape.named("n", 2));
    Ops ops = new Ops(graph);
    graph.output("sum", ops.add(a, b));
    graph.output("product", ops.mul(a, b));
    two = dir.resolve("two.onnx");
    OnnxWriter.write(OnnxModel.of(graph), two);
  }

  private Path npy(String name, NumpyArray array) throws IOException {
    Path file = dir.resolve(name);
    array.write(file);
    return file;
  }

  private Path npy(String name, float[] values, long... shape) throws IOException {
    return npy(name, NumpyArray.of(values, shape));
  }

  @TestFactory
  Stream<DynamicTest> everyThirdPartyModelGivesItsStoredOutput() throws IOException {
    Path onnx = SharedData.path("golden/unets/onnx");
    try (Stream<Path> files = Files.list(onnx)) {
      List<Path> models = files.filter(file -> file.toString().endsWith(".onnx")).sorted().toList();
      assertFalse(models.isEmpty());
      return models.stream()
          .map(
              model ->
                  DynamicTest.dynamicTest(
                      model.getFileName().toString(),
                      () -> {
                        String stem = model.toString().replaceFirst("_opset\\d+\\.onnx$", "");
                        CommandRun.of(
                                "run",
                                model,
                                "--input=sample=" + stem + "_sample.npy",
                                "--input=timestep=" + stem + "_timestep.npy",
                                "--expect=" + stem + "_output.npy",
                                "--atol=1e-4",
                                "--threads=1")
                            .succeeds()
                            .prints(": as expected, largest difference ", " at [");
                      }));
    }
  }

  @Test
  void oneInputAndOneOutputNeedNoName() throws IOException {
    Path x = npy("x.npy", new float[] {0, 1, -2, 3, 4, 5.5f}, 2, 3);
    Path y = dir.resolve("new/y.npy");
    CommandRun.of("run", doubling, "--input", x, "-o", y)
        .succeeds()
        .prints("y: float32[2,3], -4.00000 to 11.0000, mean 3.83333", y + ": 152 B");
    assertArrayEquals(new float[] {0, 2, -4, 6, 8, 11}, NumpyArray.read(y).toFloats());
    CommandRun.of("run", doubling, "--input", x, "--expect", y)
        .succeeds()
        .prints("y: as expected, largest difference 0.00 at [0,0]");
  }

  @Test
  void severalInputsAndOutputsHaveNames() throws IOException {
    Path a = npy("a.npy", new float[] {1, 2, 3, 4}, 2, 2);
    Path b = npy("b.npy", new float[] {5, 6, 7, 8}, 2, 2);
    Path product = dir.resolve("p.npy");
    Object[] run = {"run", two, "--input", "a=" + a, "--input", "b=" + b};
    CommandRun.of(with(run, "-o", "product=" + product))
        .succeeds()
        .prints("sum: float32[2,2], 6.00000 to 12.0000, mean 9.00000", "product: float32[2,2]");
    assertArrayEquals(new float[] {5, 12, 21, 32}, NumpyArray.read(product).toFloats());
    CommandRun.of(with(run, "-o", product))
        .isWrongUsage("-o: expected NAME=FILE with a name of [sum, product], found '" + product);
    CommandRun.of(with(run, "--expect", "mean=" + product))
        .isWrongUsage("--expect: expected NAME=FILE with a name of [sum, product], found 'mean=");
    CommandRun.of(with(run, "--input", "a=" + a))
        .isWrongUsage("--input: expected one file for a, found two");
    CommandRun.of(with(run, "-o", "sum="))
        .isWrongUsage("-o: expected one file for sum, found none");
  }

  private static Object[] with(Object[] first, Object... more) {
    return Stream.concat(Stream.of(first), Stream.of(more)).toArray();
  }

  @Test
  void whatIsBeyondTheToleranceFails() throws IOException {
    Path x = npy("x.npy", new float[] {0, 1, 2, 3, 4, 5}, 2, 3);
    Path y = npy("expected.npy", new float[] {0, 2, 4, 6, 8.5f, 10.25f}, 2, 3);
    Path written = dir.resolve("y.npy");
    Object[] run = {"run", doubling, "--input", x, "--expect", y, "-o", written};
    CommandRun.of(with(run, "--atol", "0.3"))
        .failsSaying(
            "ddpm: y: expected at most 0.3 + 1.0E-5 * |expected|, found 1 of 6 numbers beyond,"
                + " largest difference 0.500 at [1,1] (8.0 in place of 8.5)");
    assertEquals(6, NumpyArray.read(written).size()); // for a look at what is wrong
    CommandRun.of(with(run, "--atol", "0.5")).succeeds().prints("largest difference 0.500");
    CommandRun.of(with(run, "--atol", "0", "--rtol", "0.06")).succeeds();
    CommandRun.of(with(run, "--atol", "0", "--rtol", "0.05")).failsSaying("1 of 6 numbers beyond");
    CommandRun.of(with(run, "--atol", "-1")).isWrongUsage("--atol", "a number of at least 0");
    Path nan = npy("nan.npy", new float[] {0, 2, 4, 6, 8, Float.NaN}, 2, 3);
    CommandRun.of("run", doubling, "--input", x, "--expect", nan, "--atol", 9)
        .failsSaying(
            "1 of 6 numbers beyond, largest difference NaN at [1,2] (10.0 in place of NaN)");
    Path flat = npy("flat.npy", new float[6], 6);
    CommandRun.of("run", doubling, "--input", x, "--expect", flat)
        .failsSaying("y: shape: expected that of float32[6], found float32[2,3]");
  }

  /** Numbers that a float holds are taken from every type of file. */
  @ParameterizedTest
  @EnumSource
  void otherTypesAreConverted(NumpyType type) throws IOException {
    NumpyArray ones = NumpyArray.of(new long[] {0, 1, 1, 0, 1, 0}, 2, 3).as(type);
    CommandRun.of("run", doubling, "--input", npy("x.npy", ones))
        .succeeds()
        .prints("y: float32[2,3], 0.00000 to 2.00000");
  }

  @Test
  void whatDoesNotFitIsNamed() throws IOException {
    Path x = npy("x.npy", new float[5], 5);
    CommandRun.of("run", doubling, "--input", x)
        .failsSaying("doubling.onnx: input x: expected x float[2,3], found float32[5]");
    Path precise =
        npy(
            "f8.npy",
            NumpyArray.of(NumpyType.FLOAT64, ByteBuffer.allocate(48).putDouble(8, 0.1), 2, 3));
    CommandRun.of("run", doubling, "--input", precise)
        .failsSaying(
            "input x: expected numbers that float32 holds, found the float64 0.1 at [0,1]");
    CommandRun.of("run", doubling)
        .isWrongUsage(
            "expected --input NAME=FILE for every input of [x float[2,3]], found none for x");
    CommandRun.of("run", doubling, "--input", "z=" + x)
        .isWrongUsage("--input: expected NAME=FILE with a name of [x], found 'z=");
    CommandRun.of("run", doubling, "--input", dir.resolve("none.npy"))
        .failsSaying("none.npy: there is no such file");
    CommandRun.of("run", doubling, "--input", doubling)
        .failsSaying("doubling.onnx: expected a .npy file, found something else");
    CommandRun.of("run", doubling, "--input", x, "-o", dir)
        .failsSaying("-o " + dir + ": expected a file to write, found a folder");
    CommandRun.of("run", dir.resolve("none.onnx")).failsSaying("none.onnx: there is no such file");
    CommandRun.of("run").isWrongUsage("MODEL");
  }

  @Test
  void aFolderOfDiffusersIsTakenToo() throws IOException {
    Files.createDirectories(dir.resolve("folder/unet"));
    Files.copy(doubling, dir.resolve("folder/unet/model.onnx"));
    Path x = npy("x.npy", new float[6], 2, 3);
    String out = CommandRun.of("run", dir.resolve("folder"), "--input", x).succeeds().out();
    assertTrue(out.startsWith("y: float32[2,3]"), out);
  }
}
