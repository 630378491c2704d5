package io.ddpm4j.cli;

import io.ddpm4j.exporter.nn.ClassifierConfig;
import io.ddpm4j.exporter.proto.MetadataKeys;
import io.ddpm4j.runtime.model.ModelFormatException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a file that holds a classifier says of its network, in words. */
final class ClassifierText {
  private ClassifierText() {}

  /**
   * A line; empty for a file that is no classifier.
   *
   * @param file named in messages
   * @throws ModelFormatException if the network is not described as it should be
   */
  static Optional<String> line(String file, Map<String, String> metadata)
      throws ModelFormatException {
    String json = metadata.get(MetadataKeys.CLASSIFIER);
    if (json == null) {
      return Optional.empty();
    }
    try {
      ClassifierConfig network = ClassifierConfig.fromJson(json);
      return Optional.of(
          "channels %s, residual blocks %s; from images in [-1, 1] logits of %d classes and %d features"
              .formatted(
                  list(network.widths()),
                  list(network.blocks()),
                  network.classes(),
                  network.features()));
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(
          file + ": " + MetadataKeys.CLASSIFIER + ": " + e.getMessage(), e);
    }
  }

  private static String list(List<Integer> numbers) {
    return numbers.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }
}
