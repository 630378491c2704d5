package io.ddpm4j.exporter.proto;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The files that a model consists of. */
public final class ModelParts {
  private ModelParts() {}

  /**
   * The model's own file, then those beside it that hold its data, in the order of their names.
   * What is missing, or no model, is left out: whoever opens it says so.
   *
   * @param model an ONNX file
   */
  public static List<Path> of(Path model) {
    List<Path> parts = new ArrayList<>(List.of(model));
    try {
      Path folder = model.toAbsolutePath().getParent();
      OnnxReader.read(model).summary().externalData().stream()
          .map(part -> folder.resolve(part.location()))
          .filter(Files::isRegularFile)
          .sorted()
          .forEach(parts::add);
    } catch (IOException e) {
      // No model, or one that cannot be read.
    }
    return parts;
  }
}
