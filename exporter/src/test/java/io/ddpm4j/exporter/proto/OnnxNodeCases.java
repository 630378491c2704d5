package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.testing.OnnxNodeCase;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What {@link OnnxNodeCasesTest} covers. */
public final class OnnxNodeCases {
  private OnnxNodeCases() {}

  /** The operators of the cases that run, with their operator set versions. */
  public static Map<String, Set<Integer>> operators() throws IOException {
    Map<String, Set<Integer>> operators = new TreeMap<>();
    for (OnnxNodeCase one : OnnxNodeCase.all()) {
      if (!OnnxNodeCasesTest.REFUSED.containsKey(one.name())) {
        int version = (int) ModelProto.parseFrom(one.model()).getOpsetImport(0).getVersion();
        operators.computeIfAbsent(one.operator(), k -> new TreeSet<>()).add(version);
      }
    }
    return operators;
  }
}
