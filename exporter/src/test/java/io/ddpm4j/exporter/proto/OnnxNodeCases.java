package io.ddpm4j.exporter.proto;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.proto.onnx.ModelProto;
import io.ddpm4j.exporter.proto.onnx.TensorProto;
import io.ddpm4j.exporter.testing.Tar;
import io.ddpm4j.testing.SharedData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** ONNX's own cases of single operators, from the reference data. */
public final class OnnxNodeCases {
  private OnnxNodeCases() {}

  /** The files of one case, by name within its folder. */
  record Case(String name, Map<String, byte[]> files) {
    @Override
    public String toString() {
      return name;
    }

    byte[] model() {
      return files.get("model.onnx");
    }

    List<TensorData> tensors(String prefix) throws IOException {
      List<TensorData> tensors = new ArrayList<>();
      for (int k = 0; files.containsKey(prefix + k + ".pb"); k++) {
        TensorProto tensor = TensorProto.parseFrom(files.get(prefix + k + ".pb"));
        tensors.add(new TensorDecoder(name + "/" + prefix + k, null).decode(tensor));
      }
      return tensors;
    }
  }

  /** All cases, by name. */
  static List<Case> all() throws IOException {
    Map<String, Map<String, byte[]>> folders = new TreeMap<>();
    Tar.read(SharedData.path("onnx-node-tests/cases.tar.gz"))
        .forEach(
            (path, bytes) -> {
              String[] parts = path.split("/");
              int up = path.contains("/test_data_set_0/") ? 3 : 2;
              folders
                  .computeIfAbsent(parts[parts.length - up], k -> new TreeMap<>())
                  .put(parts[parts.length - 1], bytes);
            });
    return folders.entrySet().stream().map(e -> new Case(e.getKey(), e.getValue())).toList();
  }

  /** The operators that the cases which run cover, with the operator set versions. */
  public static Map<String, Set<Integer>> operators() throws IOException {
    Map<String, Set<Integer>> operators = new TreeMap<>();
    for (Case one : all()) {
      if (!OnnxNodeCasesTest.REFUSED.containsKey(one.name())) {
        ModelProto model = ModelProto.parseFrom(one.model());
        operators
            .computeIfAbsent(model.getGraph().getNode(0).getOpType(), k -> new TreeSet<>())
            .add((int) model.getOpsetImport(0).getVersion());
      }
    }
    return operators;
  }
}
