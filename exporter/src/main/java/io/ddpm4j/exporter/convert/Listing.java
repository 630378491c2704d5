package io.ddpm4j.exporter.convert;

import java.util.List;

/** Many names in a sentence: the first of them, and how many more there are. */
final class Listing {
  /** Names that a sentence shows. */
  static final int SHOWN = 5;

  private Listing() {}

  /** {@code a, b, c, d, e and 7 more}. */
  static String of(List<String> names) {
    int more = names.size() - SHOWN;
    String first = String.join(", ", names.subList(0, Math.min(SHOWN, names.size())));
    return more > 0 ? first + " and " + more + " more" : first;
  }
}
