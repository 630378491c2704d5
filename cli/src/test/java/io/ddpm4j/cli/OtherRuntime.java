package io.ddpm4j.cli;

import com.google.gson.Gson;
import io.ddpm4j.cli.RuntimeCase.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The runtimes that are held against ONNX Runtime in Java. */
enum OtherRuntime {
  NODE("onnxruntime-node", Host.node("import('onnxruntime-node')", "node")),
  WEB("onnxruntime-web, under Node", Host.node("import('onnxruntime-web')", "web")),
  CHROMIUM(
      "onnxruntime-web, in Chromium",
      Host.node("import('./test/chromium.js').then(it => it.executable())", "chromium")),
  PYTHON("onnxruntime, Python", Host.python("import onnxruntime", "onnxruntime")),
  OPENCV("OpenCV's DNN module", Host.python("import cv2; cv2.dnn.ENGINE_NEW", "opencv")),
  REFERENCE("ONNX's reference evaluator", Host.python("import onnx.reference", "reference"));

  /** As tables call it. */
  final String label;

  private final Host host;

  OtherRuntime(String label, Host host) {
    this.label = label;
    this.host = host;
  }

  /** Of how many images it is asked for the results; the script of a slow one says the same. */
  int images() {
    return this == REFERENCE ? 1 : RuntimeCase.IMAGES;
  }

  /** What it need not load: OpenCV 5.0 fails on every Loop, however small. */
  Set<Kind> mayRefuse() {
    return this == OPENCV ? Set.of(Kind.LOOP) : Set.of();
  }

  /** What was found, a result for each case. */
  record Found(String version, List<RuntimeResult> results) {}

  /** Whether it can be run. */
  boolean isInstalled() throws InterruptedException {
    try {
      Process process = host.builder(host.probe).redirectErrorStream(true).start();
      process.getInputStream().transferTo(OutputStream.nullOutputStream());
      return process.waitFor() == 0;
    } catch (IOException e) { // no such program
      return false;
    }
  }

  /** The command that fails where it is not installed. */
  String probe() {
    return String.join(" ", host.probe);
  }

  /** Runs the cases that lie in a folder. */
  Found run(Path folder) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(host.script);
    command.add(folder.toAbsolutePath().toString());
    Path errors = folder.resolve(name() + ".err");
    Process process = host.builder(command).redirectError(errors.toFile()).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(label + ": " + Files.readString(errors));
    }
    return new Gson().fromJson(said, Found.class);
  }

  /**
   * How a runtime is reached.
   *
   * @param folder in which programs are started
   * @param probe a command that succeeds where the runtime is installed
   * @param script a command that runs the cases of the folder that follows
   */
  private record Host(Path folder, List<String> probe, List<String> script) {
    private static final Path BROWSER = Documents.ROOT.resolve("docs/browser");
    private static final Path PYTHON = Documents.ROOT.resolve("cli/src/test/python");

    ProcessBuilder builder(List<String> command) {
      return new ProcessBuilder(command).directory(folder.toFile());
    }

    static Host node(String probe, String runtime) {
      return new Host(
          BROWSER, List.of("node", "-e", probe), List.of("node", "test/run-cases.js", runtime));
    }

    static Host python(String probe, String runtime) {
      return new Host(
          PYTHON, List.of("python3", "-c", probe), List.of("python3", "run_cases.py", runtime));
    }
  }
}
