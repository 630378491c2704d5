package io.ddpm4j.exporter.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Python's package onnx, which some tests hold our files against where it is installed. */
public final class Python {
  private Python() {}

  /** Whether there is a python3 with the package onnx. */
  public static boolean hasOnnx() throws InterruptedException {
    return run("import onnx").isEmpty();
  }

  /** What python3 printed; empty where it was content. */
  public static String run(String script) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(List.of("python3", "-c", script)).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? said : "failed: " + said;
    } catch (IOException e) {
      return "failed: " + e.getMessage();
    }
  }

  /**
   * What the full check of these files says against them, shapes inferred strictly; empty where it
   * is content.
   *
   * @param list a file with the path of a model in each line
   */
  public static String check(Path list) throws InterruptedException {
    return run(
        """
        import onnx, sys
        for path in open(%s).read().splitlines():
            try:
                onnx.checker.check_model(path, full_check=True)
            except Exception as e:
                print(path, e)
        """
            .formatted('"' + list.toString() + '"'));
  }
}
