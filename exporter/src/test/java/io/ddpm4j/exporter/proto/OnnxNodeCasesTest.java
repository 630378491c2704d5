package io.ddpm4j.exporter.proto;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.ddpm4j.exporter.graph.Dim;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.graph.Value;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.testing.Numbers;
import io.ddpm4j.exporter.testing.OnnxNodeCase;
import io.ddpm4j.exporter.testing.Ort;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * ONNX's own cases of single operators: each file is read and written back, imported into a graph
 * whose inferred types equal the stored results', written by us and run in ONNX Runtime.
 */
class OnnxNodeCasesTest {
  /** The result's size depends on data. */
  private static final Set<String> OF_UNKNOWN_SIZE = Set.of("Loop");

  /** Cases that cannot run, with a part of the message; one that begins to work must leave. */
  static final Map<String, String> REFUSED = new TreeMap<>();

  static {
    for (String operator : List.of("add", "div", "mul", "sub")) {
      for (String bits : List.of("16", "32", "64")) {
        // ONNX Runtime's Java classes know no unsigned type but uint8.
        REFUSED.put(
            "test_" + operator + "_uint" + bits, "ONNX Runtime for Java has no UINT" + bits);
      }
    }
    // ONNX Runtime has no kernel for unsigned exponents.
    REFUSED.put("test_pow_types_float32_uint32", "ORT_NOT_IMPLEMENTED");
    REFUSED.put("test_pow_types_float32_uint64", "ORT_NOT_IMPLEMENTED");
    // ONNX Runtime's inference build has no training operators; our Adam is a graph of others.
    REFUSED.put("test_adam", "Adam(-1) is not a registered function/op");
    REFUSED.put("test_adam_multiple", "Adam(-1) is not a registered function/op");
    // ONNX Runtime rounds the sizes otherwise where corners are aligned.
    REFUSED.put("test_resize_downsample_scales_cubic_align_corners", "expected 2.395");
    REFUSED.put("test_resize_downsample_scales_linear_align_corners", "expected 3.142");
    // ONNX Runtime wants the mask as long as the padded keys.
    REFUSED.put(
        "test_attention_4d_diff_heads_mask4d_padded_kv", "inconsistent total_sequence_length");
    // Graphs hold tensors only; files with sequences and optionals are read and written whole.
    REFUSED.put("test_loop13_seq", "expected a tensor of known rank, found SEQUENCE_TYPE");
    REFUSED.put("test_loop16_seq_none", "expected a tensor of known rank, found OPTIONAL_TYPE");
    // The one operator set below 9: Scan then had a batch axis.
    REFUSED.put("test_scan_sum", "operator set version: expected 9 or more, found 8");
  }

  private static final Map<String, int[]> TALLY = new TreeMap<>();

  static List<OnnxNodeCase> cases() throws IOException {
    List<OnnxNodeCase> cases = OnnxNodeCase.all();
    assertTrue(cases.size() >= 300, "found only " + cases.size() + " cases");
    Set<String> names = new TreeSet<>();
    cases.forEach(c -> names.add(c.name()));
    assertTrue(names.containsAll(REFUSED.keySet()), "a refused case does not exist");
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void caseHolds(OnnxNodeCase one) throws Exception {
    OnnxFile file = OnnxReader.read(one.model(), one.name());
    byte[] written = OnnxWriter.toBytes(file);
    assertEquals(file.proto(), ModelProto.parseFrom(written), "read and written back");
    int[] tally = TALLY.computeIfAbsent(one.operator(), k -> new int[2]);
    String reason = REFUSED.get(one.name());
    Throwable failure = null;
    try {
      rebuildAndRun(one);
    } catch (Exception | AssertionError e) {
      failure = e;
    }
    if (failure != null && (reason == null || !failure.getMessage().contains(reason))) {
      fail(one.name() + ": " + failure.getMessage(), failure);
    }
    assertFalse(
        reason != null && failure == null,
        one.name() + " works now: take it off the list of refused cases");
    tally[failure == null ? 0 : 1]++;
  }

  private static void rebuildAndRun(OnnxNodeCase one) throws Exception {
    OnnxNodeCase.Filled filled = one.filled();
    OnnxModel model = OnnxReader.read(filled.model(), one.name()).toModel();
    Graph graph = model.graph();
    List<TensorData> expected = one.outputs();
    List<String> names = List.copyOf(graph.outputs().keySet());
    assertEquals(expected.size(), names.size(), "outputs");
    String operator = one.operator();
    for (int k = 0; k < names.size(); k++) {
      Value output = graph.outputs().get(names.get(k));
      assertEquals(expected.get(k).dataType(), output.dataType(), "inferred type");
      assertShape(expected.get(k).shape(), output.shape(), OF_UNKNOWN_SIZE.contains(operator));
    }
    Map<String, TensorData> found = Ort.run(OnnxWriter.toBytes(model), filled.inputs());
    for (int k = 0; k < names.size(); k++) {
      Numbers.assertClose(expected.get(k), found.get(names.get(k)), 1e-3, 1e-7, names.get(k));
    }
  }

  private static void assertShape(Shape expected, Shape inferred, boolean mayBeUnknown) {
    assertEquals(expected.rank(), inferred.rank(), "inferred rank");
    for (int axis = 0; axis < expected.rank(); axis++) {
      if (!(mayBeUnknown && inferred.dim(axis) instanceof Dim.Named)) {
        assertEquals(expected.dim(axis), inferred.dim(axis), "inferred size, axis " + axis);
      }
    }
  }

  @AfterAll
  static void printTable() {
    if (TALLY.isEmpty()) {
      return;
    }
    StringBuilder table = new StringBuilder("ONNX's node cases: operator passed/refused\n");
    int[] total = new int[2];
    TALLY.forEach(
        (operator, n) -> {
          total[0] += n[0];
          total[1] += n[1];
          table.append(String.format("  %-22s %3d/%d%n", operator, n[0], n[1]));
        });
    System.out.print(table.append(String.format("  %-22s %3d/%d%n", "all", total[0], total[1])));
  }
}
