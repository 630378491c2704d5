package io.ddpm4j.cli;

import io.ddpm4j.trainer.data.EmojiDataset;
import io.ddpm4j.trainer.data.FashionMnist;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds the network whose features are compared. */
final class FeatureFiles {
  /** What is shipped for data of a name has that name and this. */
  private static final String CLASSIFIER = "-classifier";

  private FeatureFiles() {}

  /**
   * The file: what the user said, or the classifier that ships for the data.
   *
   * @throws UsageException if the user has to say one
   */
  static Path resolve(SampleQualityOptions options, EvaluationDataOptions data) throws IOException {
    if (options.features().isPresent()) {
      Path file = options.features().get();
      return Files.isDirectory(file) ? file.resolve(Models.FILE) : file;
    }
    for (String name : List.of(FashionMnist.NAME, EmojiDataset.NAME)) {
      if (data.source().equals(name)) {
        return Models.shipped(name + CLASSIFIER).resolve(Models.FILE);
      }
    }
    throw new UsageException(
        "--features: expected an ONNX file of a feature network, since ddpm has one for %s and %s only, found none for %s"
            .formatted(FashionMnist.NAME, EmojiDataset.NAME, data.source()));
  }

  /** A short name: of models/some/model.onnx some. */
  static String name(String file) {
    return EvaluatedModel.nameOf(Path.of(file));
  }
}
