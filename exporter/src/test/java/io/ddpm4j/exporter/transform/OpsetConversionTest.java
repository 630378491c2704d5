package io.ddpm4j.exporter.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import io.ddpm4j.exporter.graph.Graph;
import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.exporter.testing.Numbers;
import io.ddpm4j.exporter.testing.OnnxNodeCase;
import io.ddpm4j.exporter.testing.Ort;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Graphs in every operator set, run in ONNX Runtime. */
class OpsetConversionTest {

  static IntStream versions() {
    return IntStream.rangeClosed(OpsetConversion.OLDEST, OpsetConversion.NEWEST);
  }

  /** ONNX's own cases: the same result in any version, or a refusal that names the operator. */
  @ParameterizedTest
  @MethodSource("versions")
  void nodeCasesHoldInEveryVersionOrAreRefused(int version) throws IOException {
    List<String> wrong = new ArrayList<>();
    Set<String> refused = new TreeSet<>();
    int same = 0;
    for (OnnxNodeCase one : OnnxNodeCase.all()) {
      OnnxNodeCase.Filled filled;
      OnnxModel model;
      Map<String, TensorData> expected;
      try {
        filled = one.filled();
        model = OnnxReader.read(filled.model(), one.name()).toModel();
        expected = Ort.run(OnnxWriter.toBytes(model), filled.inputs());
      } catch (IOException | OrtException | UnsupportedOperationException e) {
        continue; // not of our operators, or not of ONNX Runtime's: OnnxNodeCasesTest lists them
      }
      try {
        Graph graph = OpsetConversion.convert(model.graph(), version);
        Map<String, TensorData> found =
            Ort.run(OnnxWriter.toBytes(OnnxModel.of(graph)), filled.inputs());
        for (String output : expected.keySet()) {
          Numbers.assertClose(expected.get(output), found.get(output), 1e-5, 1e-6, output);
        }
        same++;
      } catch (TransformException e) {
        assertTrue(e.getMessage().contains(one.operator()), e.getMessage());
        refused.add(one.operator());
      } catch (OrtException | AssertionError e) {
        if (version == 13 && e.getMessage().matches("(?s).*Type 'tensor\\(u?int(8|16)\\)'.*")) {
          continue; // arithmetic of small whole numbers came with version 14
        }
        wrong.add(one.name() + ": " + e.getMessage().lines().findFirst().orElse(""));
      }
    }
    assertEquals(List.of(), wrong);
    assertTrue(same > 200, "only " + same + " cases run in version " + version);
    assertTrue(KNOWN_REFUSALS.containsAll(refused), refused::toString);
  }

  /** Operators of which some version lacks a form. */
  private static final Set<String> KNOWN_REFUSALS = Set.of("Attention", "Pad", "Reshape", "Resize");

  @ParameterizedTest
  @MethodSource("versions")
  void networksComputeTheSameInEveryVersion(int version) throws Exception {
    for (TransformNetworks.Network network : TransformNetworks.all()) {
      assertComputesTheSame(network, version);
    }
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("versions")
  void storedNetworksComputeTheSameInEveryVersion(int version) throws Exception {
    for (TransformNetworks.Network network : TransformNetworks.stored()) {
      assertComputesTheSame(network, version);
    }
  }

  private static void assertComputesTheSame(TransformNetworks.Network network, int version)
      throws OrtException {
    Graph graph = OpsetConversion.convert(network.graph(), version);
    assertEquals(version, graph.opSet().version());
    TensorData found =
        Ort.run(OnnxWriter.toBytes(OnnxModel.of(graph)), network.inputs()).get(network.output());
    Numbers.assertClose(network.expected(), found, 1e-5, 1e-5, network + " in " + version);
  }

  /** There and back gives the graph that ONNX's forms say, whatever lies between. */
  @Test
  void networksComeBack() throws Exception {
    for (TransformNetworks.Network network : TransformNetworks.all()) {
      Graph there = OpsetConversion.convert(network.graph(), OpsetConversion.NEWEST);
      Graph back = OpsetConversion.convert(there, network.graph().opSet().version());
      Map<String, Long> expected = TransformNetworks.operators(network.graph());
      assertEquals(expected, TransformNetworks.operators(back), network.toString());
    }
  }

  @Test
  void everyOperatorWhoseFormDiffersHasARule() {
    Set<String> differing = new TreeSet<>();
    for (int from = 9; from <= 25; from++) {
      for (OpSchema schema : OpSet.onnx(from).all()) {
        for (int to = OpsetConversion.OLDEST; to <= OpsetConversion.NEWEST; to++) {
          boolean there = OpSet.onnx(to).contains("", schema.name());
          if (schema.domain().isEmpty()
              && there
              && OpSet.onnx(to).schema("", schema.name()).sinceVersion() != schema.sinceVersion()) {
            differing.add(schema.name());
          }
        }
      }
    }
    differing.remove("Constant"); // the newer form only has more ways to give the value
    differing.removeAll(OpsetRules.TABLE.keySet());
    assertEquals(Set.of(), differing);
  }

  @Test
  void otherVersionsAreRefused() {
    Graph graph = new Graph("g", OpSet.onnx(17));
    for (int version : new int[] {-1, 12, 22, 99}) {
      TransformException e =
          assertThrows(TransformException.class, () -> OpsetConversion.convert(graph, version));
      assertEquals("operator set version: expected 13 to 21, found " + version, e.getMessage());
    }
  }
}
