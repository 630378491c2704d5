package io.ddpm4j.exporter.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.testing.Npy;
import io.ddpm4j.exporter.testing.Numbers;
import io.ddpm4j.exporter.testing.Ort;
import io.ddpm4j.testing.SharedData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** U-Nets that PyTorch exported survive reading, importing and writing. */
class GoldenModelTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {14, 17})
  void anExportedUnetIsImportedAndWrittenAndComputesTheSame(int opset) throws Exception {
    Path path = SharedData.path("golden/unets/onnx/mnist_like_opset" + opset + ".onnx");
    OnnxFile file = OnnxReader.read(path);
    Path copy = folder.resolve("copy.onnx");
    OnnxWriter.write(file, copy);
    assertEquals(ModelProto.parseFrom(Files.readAllBytes(path)), OnnxReader.read(copy).proto());

    OnnxModel model = file.toModel();
    Graph graph = model.graph();
    assertEquals(opset, graph.opSet().version());
    assertEquals(Shape.named("batch", 1, 28, 28), graph.outputs().get("out_sample").shape());
    assertTrue(
        graph.nodes().stream().noneMatch(n -> n.op().equals("Constant")), "constants are values");

    Path written = folder.resolve("written.onnx");
    OnnxWriter.write(model, written);
    Path data = path.getParent();
    Map<String, TensorData> inputs =
        Map.of(
            "sample", Npy.read(data.resolve("mnist_like_sample.npy")),
            "timestep", Npy.read(data.resolve("mnist_like_timestep.npy")));
    TensorData expected = Npy.read(data.resolve("mnist_like_output.npy"));
    TensorData found = Ort.run(written, inputs).get("out_sample");
    Numbers.assertClose(expected, found, 0, 2e-5, "out_sample");
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 17})
  void itsSummaryNamesInputsOperatorsAndParameters(int opset) throws Exception {
    ModelSummary summary =
        OnnxReader.read(SharedData.path("golden/unets/onnx/mnist_like_opset" + opset + ".onnx"))
            .summary();
    assertEquals("sample: float[batch, 1, 28, 28]", summary.inputs().get(0).toString());
    assertEquals("timestep: int64[batch]", summary.inputs().get(1).toString());
    assertEquals("out_sample: float[batch, 1, 28, 28]", summary.outputs().get(0).toString());
    assertEquals(35, summary.operators().get("Conv"));
    assertEquals(Map.of("ai.onnx", (long) opset), summary.opsets());
    assertEquals(4 * summary.parameters(), summary.parameterBytes());
    assertTrue(summary.text().contains("Conv 35"), summary.text());
  }
}
