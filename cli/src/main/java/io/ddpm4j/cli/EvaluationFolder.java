package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.FolderLock;
import java.io.IOException;
import java.nio.file.Path;

/** Where an evaluation leaves its results. */
final class EvaluationFolder {
  private EvaluationFolder() {}

  /**
   * Keeps it to one evaluation at a time, of which each writes whole tables. Makes the folder.
   *
   * @throws IOException if another evaluation is at work there, or the folder cannot be written
   */
  static FolderLock lock(Path folder, Terminal terminal) throws IOException {
    Outputs.makeFolder(folder);
    return FolderLock.acquire(folder, "evaluation", new Warnings(terminal));
  }
}
