package io.ddpm4j.runtime.schedule;

import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Parses the names of closed choices; a name that is none of them is an error listing them all. */
final class Labels {
  private Labels() {}

  static <E extends Enum<E>> E parse(
      String field, String label, E[] values, Function<E, String> name) {
    for (E value : values) {
      if (name.apply(value).equals(label)) {
        return value;
      }
    }
    throw new IllegalArgumentException(
        field
            + ": expected one of "
            + Arrays.stream(values).map(name).collect(Collectors.joining(", "))
            + ", found "
            + (label == null ? "nothing" : "\"" + label + "\""));
  }
}
