package io.ddpm4j.exporter.convert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The files of weights in a folder of diffusers: of several variants, each in several formats. */
final class WeightFiles {
  private static final String NAME = "diffusion_pytorch_model";

  /** The endings of weights, the preferred one first. */
  private static final List<String> ENDINGS =
      List.of(".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json");

  /** A variant stands before the ending, or, of an index, before its last part. */
  private static final Pattern FORM =
      Pattern.compile(
          NAME
              + "(?:\\.(?<early>\\w+))?\\.(?<kind>safetensors|bin)"
              + "(?<index>\\.index(?:\\.(?<late>\\w+))?\\.json)?");

  /**
   * One of them.
   *
   * @param variant such as {@code fp16}; empty of those without one
   * @param rank from 0 for the preferred format
   */
  private record Weights(Path file, String variant, int rank) {
    static Optional<Weights> of(Path file) {
      Matcher form = FORM.matcher(file.getFileName().toString());
      if (!form.matches() || !Files.isRegularFile(file)) {
        return Optional.empty();
      }
      String early = form.group("early");
      String variant = early == null ? form.group("late") : early;
      String ending = "." + form.group("kind") + (form.group("index") == null ? "" : ".index.json");
      return Optional.of(
          new Weights(file, variant == null ? "" : variant, ENDINGS.indexOf(ending)));
    }
  }

  private WeightFiles() {}

  /** Whether a folder has weights of any variant. */
  static boolean areIn(Path folder) throws IOException {
    return Files.isDirectory(folder) && !all(folder).isEmpty();
  }

  /**
   * The file, or the index of several.
   *
   * @param wanted the variant; empty for those without one, or of the only one that there is
   * @throws ConversionException if there are no such weights; the message says which there are
   */
  static Path find(Path folder, Optional<String> wanted) throws IOException {
    List<Weights> all = all(folder);
    Set<String> variants = all.stream().map(Weights::variant).collect(Collectors.toSet());
    String variant = wanted.orElse(variants.size() == 1 ? variants.iterator().next() : "");
    for (Weights weights : all) {
      if (weights.variant().equals(variant)) {
        return weights.file();
      }
    }
    List<String> found = all.stream().map(w -> w.file().getFileName().toString()).toList();
    throw new ConversionException(
        folder
            + ": expected "
            + NAME
            + (variant.isEmpty() ? "" : "." + variant)
            + ".safetensors or .bin, or the index of such files, found "
            + (found.isEmpty() ? "none" : Listing.of(found))
            + (found.isEmpty()
                ? ""
                : "; --variant names one of " + String.join(", ", sorted(variants))));
  }

  private static List<String> sorted(Set<String> variants) {
    return variants.stream().filter(variant -> !variant.isEmpty()).sorted().toList();
  }

  /** By variant, of each the preferred format first. */
  private static List<Weights> all(Path folder) throws IOException {
    List<Weights> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(file -> Weights.of(file).ifPresent(found::add));
    }
    found.sort(
        Comparator.comparing(Weights::variant)
            .thenComparing(Weights::rank)
            .thenComparing(Weights::file));
    return found;
  }
}
