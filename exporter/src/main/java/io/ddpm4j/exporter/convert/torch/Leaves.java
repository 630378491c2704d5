package io.ddpm4j.exporter.convert.torch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors and the simple values in nested dictionaries and lists, named by the keys that lead
 * to them with dots between, as PyTorch names the parameters of nested modules.
 */
final class Leaves {
  private static final int DEEPEST = 64;

  private final MappedFile file;
  private final long most;
  private final Map<String, TensorView> tensors = new LinkedHashMap<>();
  private final Map<String, Object> values = new LinkedHashMap<>();
  private long seen;

  private Leaves(MappedFile file, long most) {
    this.file = file;
    this.most = most;
  }

  /**
   * Collects.
   *
   * @throws TorchFormatException if values hold themselves, are nested too deeply, or are so often
   *     shared that together they are more than the pickle has bytes
   */
  static Leaves of(MappedFile file, TorchContent content) throws TorchFormatException {
    Leaves leaves = new Leaves(file, content.pickleBytes());
    leaves.walk("", content.root(), 0);
    return leaves;
  }

  Map<String, TensorView> tensors() {
    return tensors;
  }

  /** Numbers, texts and truth values. */
  Map<String, Object> values() {
    return values;
  }

  private void walk(String name, Object value, int depth) throws TorchFormatException {
    if (depth > DEEPEST || seen++ > most) {
      throw file.bad(
          "values of at most " + DEEPEST + " levels, no more than the pickle has bytes",
          depth > DEEPEST ? "deeper ones" : "more");
    }
    if (value instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        String key = entry.getKey() instanceof List ? "a tuple" : String.valueOf(entry.getKey());
        walk(name.isEmpty() ? key : name + "." + key, entry.getValue(), depth + 1);
      }
    } else if (value instanceof List<?> list) {
      for (int k = 0; k < list.size(); k++) {
        walk(name.isEmpty() ? "" + k : name + "." + k, list.get(k), depth + 1);
      }
    } else if (value instanceof TensorView view) {
      if (tensors.put(name, view) != null) {
        throw file.bad("each name once", name + " twice");
      }
    } else if (value instanceof Number || value instanceof String || value instanceof Boolean) {
      values.put(name, value);
    }
  }
}
