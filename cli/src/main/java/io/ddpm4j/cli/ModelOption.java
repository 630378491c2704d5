package io.ddpm4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The model, for commands whose arguments are pictures. */
final class ModelOption {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      description =
          "ONNX file, a folder with a model.onnx, or the name of a shipped model (default: "
              + Models.DEFAULT
              + ").")
  private String model; // null: the default

  /** The file or folder. */
  Path resolve() throws IOException {
    return Models.resolve(model);
  }
}
