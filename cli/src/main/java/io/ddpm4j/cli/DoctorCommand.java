package io.ddpm4j.cli;

import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Says what this machine can do, and what is missing. */
@Command(
    name = "doctor",
    description = "Check Java, ONNX Runtime and CUDA, and say how to mend what is missing.",
    footer = {
      "",
      "The exit code is 0 if models run on the processor, whatever CUDA says.",
      "",
      "Examples:",
      "  ddpm doctor",
      "  DDPM_PROFILE=gpu ./ddpm doctor       with the CUDA version of ONNX Runtime"
    })
final class DoctorCommand implements Callable<Integer> {
  private static final int KEY_WIDTH = 14;

  private final Terminal terminal;
  private final LibrarySearch libraries;

  DoctorCommand(Terminal terminal) {
    this(terminal, null);
  }

  /** With libraries looked for elsewhere than on this machine; null for this machine. */
  DoctorCommand(Terminal terminal, LibrarySearch libraries) {
    this.terminal = terminal;
    this.libraries = libraries;
  }

  @Override
  public Integer call() throws IOException {
    printMachine();
    List<String> providers;
    try {
      providers = OnnxEpsilonModel.providers();
      printRuntime(providers);
      trySession(Device.cpu());
    } catch (LinkageError | IOException | RuntimeException e) {
      print("processor", "fails: " + Failures.sentence(e));
      print(
          "",
          "ONNX Runtime has native code for Linux (glibc) on x64 and aarch64, macOS on aarch64");
      print("", "and Windows on x64 (with the Visual C++ runtime)");
      return Main.FAILED;
    }
    printCuda(providers.contains("CUDA"));
    return Main.OK;
  }

  private void printMachine() {
    print(
        "ddpm",
        Main.version() + ", in " + Path.of(System.getProperty("ddpm4j.home", "")).toAbsolutePath());
    print(
        "Java",
        "%s (%s), %s"
            .formatted(
                System.getProperty("java.version"),
                System.getProperty("java.vendor"),
                System.getProperty("java.home")));
    print(
        "system",
        "%s %s on %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch")));
    print(
        "machine",
        "%d processors, %s of memory, of which Java may use %s (DDPM_OPTS=-Xmx8g for more)"
            .formatted(
                Runtime.getRuntime().availableProcessors(),
                gigabytes(totalMemory()),
                gigabytes(Runtime.getRuntime().maxMemory())));
  }

  private static long totalMemory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory();
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
  }

  private void printRuntime(List<String> providers) {
    print(
        "ONNX Runtime",
        "%s, artifact %s, with %s"
            .formatted(
                OnnxEpsilonModel.runtimeVersion(),
                providers.contains("CUDA") ? "onnxruntime_gpu" : "onnxruntime",
                new TreeSet<>(providers)));
  }

  private void trySession(Device device) throws IOException {
    double millis = SelfTest.run(device) / 1e6;
    print(
        device.equals(Device.cpu()) ? "processor" : device.toString(),
        String.format(Locale.ROOT, "a small model was loaded and run in %.0f ms", millis));
  }

  private void printCuda(boolean inBuild) {
    boolean windows = LibrarySearch.isWindows();
    if (System.getProperty("os.name").startsWith("Mac")) {
      print("CUDA", "there is none for macOS");
      return;
    }
    if (!System.getProperty("os.arch").matches("amd64|x86_64")) {
      print("CUDA", "onnxruntime_gpu has native code for x64 only");
      return;
    }
    print(
        "CUDA",
        inBuild
            ? "in this build"
            : "not in this build; DDPM_PROFILE=gpu ./ddpm doctor builds with it (Maven profile gpu)");
    print(
        "driver",
        LibrarySearch.output(
                "nvidia-smi",
                "--query-gpu=name,driver_version,memory.total",
                "--format=csv,noheader")
            .map(text -> text.replaceAll("\\R", "; "))
            .orElse("nvidia-smi is not there or finds no device"));
    LibrarySearch search = libraries == null ? LibrarySearch.ofThisMachine() : libraries;
    boolean complete = true;
    for (CudaLibrary library : CudaLibrary.values()) {
      if (library.file(windows).isEmpty()) {
        continue;
      }
      String name = library.file(windows).get();
      Optional<Path> found = search.find(name);
      complete &= found.isPresent();
      print(
          "",
          name
              + ": "
              + found.map(Path::toString).orElseGet(() -> "missing; " + library.fix(windows)));
    }
    if (inBuild && complete) {
      try {
        trySession(Device.cuda(0));
      } catch (LinkageError | IOException | RuntimeException e) {
        print("cuda:0", "fails: " + Failures.sentence(e));
      }
    }
  }

  private void print(String key, String value) {
    terminal.out().println((key + " ".repeat(KEY_WIDTH)).substring(0, KEY_WIDTH) + value);
  }
}
