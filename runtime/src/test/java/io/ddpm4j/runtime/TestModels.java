package io.ddpm4j.runtime;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** The small models of the test resources; see make_models.py there. */
public final class TestModels {
  private TestModels() {}

  /** The file of this name, without its ending. */
  public static Path path(String name) {
    try {
      return Path.of(TestModels.class.getResource("/models/" + name + ".onnx").toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
