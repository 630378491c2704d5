package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Folders of runs that nobody has named. */
final class RunFolders {
  private RunFolders() {}

  /**
   * runs/shapes, or runs/shapes-2 where there is a run already.
   *
   * @param data a data set's name or path
   * @param suffix behind the name of the data
   */
  static Path free(String data, String suffix) {
    String name = RunFolder.nameOf(Path.of(data)) + suffix;
    Path runs = Path.of("runs");
    Path folder = runs.resolve(name);
    for (int number = 2; Files.exists(folder); number++) {
      folder = runs.resolve(name + "-" + number);
    }
    return folder;
  }
}
