package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import java.nio.file.Path;

/**
 * A model that the first weights come from.
 *
 * @param model its file, or the folder of one that diffusers saved
 * @param sha256 of the file of the weights, hexadecimal
 */
public record InitConfig(String model, String sha256) {
  /** Refuses a missing model or hash. */
  public InitConfig {
    require(model != null, "init.model", "a model file", "none");
    require(sha256 != null, "init.sha256", "the file's SHA-256", "none");
  }

  /** The last two names of the path, {@code fashion-mnist/model.onnx}: what is told to others. */
  String name() {
    Path path = Path.of(model).toAbsolutePath().normalize();
    Path folder = path.getParent() == null ? null : path.getParent().getFileName();
    return (folder == null ? "" : folder + "/") + path.getFileName();
  }
}
