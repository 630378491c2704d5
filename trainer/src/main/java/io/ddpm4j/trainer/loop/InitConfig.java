package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import java.nio.file.Path;

/**
 * A model that the first weights come from.
 *
 * @param model its file
 * @param sha256 of that file, hexadecimal
 */
public record InitConfig(String model, String sha256) {
  /** Refuses a missing model or hash. */
  public InitConfig {
    require(model != null, "init.model", "a model file", "none");
    require(sha256 != null, "init.sha256", "the file's SHA-256", "none");
  }

  /** The file's folder and name, {@code fashion-mnist/model.onnx}: what is told to others. */
  String name() {
    Path path = Path.of(model).toAbsolutePath().normalize();
    Path folder = path.getParent() == null ? null : path.getParent().getFileName();
    return (folder == null ? "" : folder + "/") + path.getFileName();
  }
}
