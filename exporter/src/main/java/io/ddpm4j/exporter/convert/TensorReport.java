package io.ddpm4j.exporter.convert;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Everything that is wrong with the tensors of a checkpoint, to be said at once. */
final class TensorReport {
  private final Map<String, List<String>> found = new LinkedHashMap<>(); // by what is wrong

  TensorReport() {
    for (String kind : List.of("missing", "unknown", "of another type or shape")) {
      found.put(kind, new ArrayList<>());
    }
  }

  /**
   * A tensor that the network needs.
   *
   * @param what its name and shape
   */
  void missing(String what) {
    found.get("missing").add(what);
  }

  /**
   * A tensor that nothing is known of.
   *
   * @param what its name, or what it is
   */
  void unknown(String what) {
    found.get("unknown").add(what);
  }

  /** A tensor of the network, and what it should be. */
  void wrong(String name, String expected, String actual) {
    found
        .get("of another type or shape")
        .add(name + ": expected " + expected + ", found " + actual);
  }

  /** Whether unknown tensors are all that is wrong. */
  boolean hasOnlyUnknown() {
    return found.entrySet().stream()
        .allMatch(kind -> kind.getKey().equals("unknown") != kind.getValue().isEmpty());
  }

  /**
   * Throws if anything is wrong. What the sentence leaves out is in the exception's details.
   *
   * @param hint what to do, behind the sentence; may be empty
   */
  void requireNothing(String hint) throws ConversionException {
    List<String> sentence = new ArrayList<>();
    List<String> details = new ArrayList<>();
    boolean whole = true;
    for (Map.Entry<String, List<String>> kind : found.entrySet()) {
      List<String> tensors = kind.getValue();
      if (!tensors.isEmpty()) {
        sentence.add(tensors.size() + " " + kind.getKey() + " (" + Listing.of(tensors) + ")");
        tensors.forEach(tensor -> details.add(kind.getKey() + ": " + tensor));
        whole &= tensors.size() <= Listing.SHOWN;
      }
    }
    if (!sentence.isEmpty()) {
      throw new ConversionException(
          "expected the network's tensors and no others, found "
              + String.join(" and ", sentence)
              + hint,
          whole ? List.of() : details);
    }
  }
}
