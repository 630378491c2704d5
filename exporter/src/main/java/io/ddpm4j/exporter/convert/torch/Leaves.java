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
  private static final int MOST = 2_000_000; // shared values are walked wherever they stand
  private static final int MOST_TENSORS = 1 << 18;
  private static final long MOST_CHARS = 1L << 25; // of all names together
  private static final int KEPT = 10_000; // simple values; there are longer lists of losses

  private final MappedFile file;
  private final Map<String, TensorView> tensors = new LinkedHashMap<>();
  private final Map<String, Object> values = new LinkedHashMap<>();
  private final Map<String, String> skipped = new LinkedHashMap<>();
  private final Map<String, String> unread = new LinkedHashMap<>();
  private int seen;
  private long chars;

  private Leaves(MappedFile file) {
    this.file = file;
  }

  /**
   * Collects.
   *
   * @throws TorchFormatException if there are no tensors, if values hold themselves or are nested
   *     too deeply, or if they are so often shared that together they are too many
   */
  static Leaves of(MappedFile file, TorchContent content) throws TorchFormatException {
    Leaves leaves = new Leaves(file);
    leaves.walk("", content.root(), 0);
    if (leaves.tensors.isEmpty() && leaves.unread.isEmpty()) {
      throw file.bad(
          "tensors in dictionaries or lists",
          leaves.skipped.values().stream()
              .findFirst()
              .map(name -> "none, but " + name + ", which is not followed")
              .orElse("none"));
    }
    return leaves;
  }

  Map<String, TensorView> tensors() {
    return tensors;
  }

  /** The first numbers, texts and truth values. */
  Map<String, Object> values() {
    return values;
  }

  /** The first objects and names that are not followed: what they are. */
  Map<String, String> skipped() {
    return skipped;
  }

  /** Tensors of elements that are not read: what they are. */
  Map<String, String> unread() {
    return unread;
  }

  private void walk(String name, Object value, int depth) throws TorchFormatException {
    chars += name.length();
    if (depth > DEEPEST) {
      throw file.bad("values of at most " + DEEPEST + " levels", "deeper ones");
    }
    if (++seen > MOST || chars > MOST_CHARS) {
      throw file.bad(
          "at most " + MOST + " values and " + MOST_CHARS + " characters of their names", "more");
    }
    if (value instanceof Map<?, ?> map) {
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        walk(within(name, entry.getKey()), entry.getValue(), depth + 1);
      }
    } else if (value instanceof List<?> list) {
      for (int k = 0; k < list.size(); k++) {
        walk(within(name, k), list.get(k), depth + 1);
      }
    } else if (value instanceof TensorView view) {
      put(tensors, name, view);
    } else if (value instanceof Inert inert && inert.isTensor()) {
      put(unread, name, inert.toString());
    } else if (value instanceof Inert inert) {
      keep(skipped, name, inert.toString());
    } else if (value instanceof Globals.Global global) {
      keep(skipped, name, "the name " + global);
    } else if (value instanceof Number || value instanceof String || value instanceof Boolean) {
      keep(values, name, value);
    }
  }

  private <T> void put(Map<String, T> map, String name, T tensor) throws TorchFormatException {
    if (name.length() > Globals.LONGEST_KEY) {
      throw file.bad(
          "tensors' names of at most " + Globals.LONGEST_KEY + " characters", "a longer one");
    }
    if (tensors.containsKey(name) || unread.containsKey(name)) {
      throw file.bad("each name once", name + " twice");
    }
    map.put(name, tensor);
    if (tensors.size() + unread.size() > MOST_TENSORS) {
      throw file.bad("at most " + MOST_TENSORS + " tensors", "more");
    }
  }

  private static String within(String name, Object key) {
    String last = key instanceof List ? "a tuple" : String.valueOf(key);
    return name.isEmpty() ? last : name + "." + last;
  }

  private static <T> void keep(Map<String, T> kept, String name, T value) {
    if (kept.size() < KEPT) {
      kept.put(name, value);
    }
  }
}
