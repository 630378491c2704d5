package io.ddpm4j.exporter.convert;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which of the copies of a network in a checkpoint is meant, and where the others are.
 *
 * @param chosen what stands before the names of the one that is meant; empty, or with a dot last
 * @param others the same of the others
 */
record Copies(String chosen, Others others) {

  /** Where a word ends: {@code ema_model}, {@code emaModel}, {@code ema2}. */
  private static final Pattern WORDS = Pattern.compile("[_-]|\\d+|(?<=[a-z])(?=[A-Z])");

  /** What a copy is, by what stands before its names; the first kind is preferred. */
  private enum Kind {
    AVERAGE,
    PLAIN,
    /** Kept beside its average, by the wrapper of both. */
    RAW;

    static Kind of(String prefix) {
      List<String> parts = NamePattern.parts(prefix);
      if (parts.stream().anyMatch(RAW_PARTS::contains)) {
        return RAW;
      }
      return parts.stream().anyMatch(Kind::isAverage) ? AVERAGE : PLAIN;
    }

    /** Such as {@code ema}, {@code model_ema}, {@code ema_state_dict}, {@code swaModel}. */
    private static boolean isAverage(String part) {
      return WORDS
          .splitAsStream(part)
          .map(word -> word.toLowerCase(Locale.ROOT))
          .anyMatch(AVERAGES::contains);
    }
  }

  private static final Set<String> AVERAGES =
      Set.of("ema", "swa", "average", "averaged", "avg", "polyak", "shadow");

  private static final Set<String> RAW_PARTS =
      Set.of("online_model", "online", "current_model_state");

  /**
   * Chooses.
   *
   * @param names of all tensors
   * @param wanted what stands before the names of the one that is meant, or before that, with or
   *     without the last dot; empty to take the average of the weights, else the only one
   * @throws ConversionException if there are several of which none is to be preferred, or none
   */
  static Copies of(Family family, Set<String> names, Optional<String> wanted)
      throws ConversionException {
    List<String> all = family.prefixes(names);
    List<String> asked = wanted.map(name -> within(all, name)).orElse(all);
    Map<Kind, List<String>> kinds =
        asked.stream().collect(groupingBy(Kind::of, () -> new EnumMap<>(Kind.class), toList()));
    for (List<String> found : kinds.values()) { // the first one counts
      if (found.size() > 1) {
        throw new ConversionException(
            "expected one network of "
                + family
                + ", found one under each of "
                + Listing.of(found.stream().map(Copies::quoted).toList())
                + "; --prefix names the one that is meant");
      }
      Others others = new Others();
      all.stream().filter(prefix -> !prefix.equals(found.get(0))).forEach(others::add);
      return new Copies(found.get(0), others);
    }
    throw new ConversionException("expected a network of " + family + ", found none");
  }

  private static List<String> within(List<String> prefixes, String wanted) {
    String scope = scope(wanted);
    return prefixes.contains(scope)
        ? List.of(scope)
        : prefixes.stream().filter(prefix -> prefix.startsWith(scope)).toList();
  }

  /** What the names begin with that are meant by a name with or without the last dot. */
  static String scope(String wanted) {
    return wanted.isEmpty() || wanted.endsWith(".") ? wanted : wanted + ".";
  }

  private static String quoted(String name) {
    return "\"" + name + "\"";
  }

  /** Finds which of many prefixes a name begins with, in the time of reading the name. */
  static final class Others {
    private final Map<String, Others> next = new HashMap<>(); // by the next part of a prefix
    private boolean ends;

    private void add(String prefix) {
      Others node = this;
      for (String part : parents(prefix)) {
        node = node.next.computeIfAbsent(part, p -> new Others());
      }
      node.ends = true;
    }

    /** All parts but the last one: of a prefix, that is what is behind its last dot. */
    private static List<String> parents(String name) {
      List<String> parts = NamePattern.parts(name);
      return parts.subList(0, parts.size() - 1);
    }

    /** The name without the longest of the prefixes; empty if it begins with none. */
    Optional<String> without(String name) {
      Others node = this;
      int length = 0;
      int longest = ends ? 0 : -1;
      for (String part : parents(name)) {
        node = node.next.get(part);
        if (node == null) {
          break;
        }
        length += part.length() + 1;
        longest = node.ends ? length : longest;
      }
      return longest < 0 ? Optional.empty() : Optional.of(name.substring(longest));
    }
  }
}
