package io.ddpm4j.cli;

import io.ddpm4j.trainer.data.FashionMnist;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the network whose features are compared. */
final class FeatureFiles {
  private static final String CLASSIFIER = "fashion-mnist-classifier";

  private FeatureFiles() {}

  /**
   * The file: what the user said, or of Fashion-MNIST the classifier that ships.
   *
   * @throws UsageException if the user has to say one
   */
  static Path resolve(SampleQualityOptions options, EvaluationDataOptions data) throws IOException {
    if (options.features().isPresent()) {
      Path file = options.features().get();
      return Files.isDirectory(file) ? file.resolve(Models.FILE) : file;
    }
    if (!data.source().equals(FashionMnist.NAME)) {
      throw new UsageException(
          "--features: expected an ONNX file of a feature network, since ddpm has one for"
              + " fashion-mnist only, found none for "
              + data.source());
    }
    return Models.shipped(CLASSIFIER).resolve(Models.FILE);
  }

  /** A short name: of models/some/model.onnx some. */
  static String name(String file) {
    return EvaluatedModel.nameOf(Path.of(file));
  }
}
