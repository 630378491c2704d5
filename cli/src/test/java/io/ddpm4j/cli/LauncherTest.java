package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code ddpm}, in a checkout that is built already, with a Java that is a script. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  /** What runs for minutes to hours. */
  private static final Set<String> LONG =
      Set.of("sample", "interpolate", "encode", "decode", "train", "train-classifier", "evaluate");

  /** What never loads ONNX Runtime. */
  private static final Set<String> WITHOUT_NATIVE_CODE = Set.of("inspect", "noise");

  private static final String QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
  private static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  @TempDir Path dir;

  @Test
  void theTelemetryOfOnnxRuntimeIsOff() throws Exception {
    String script = "echo \"$ORT_DISABLE_TELEMETRY\"";
    assertEquals("1\n", says(builtCheckout(), java("17.0.1", script), "sample"));
  }

  @Test
  void whatRunsForLongIsCompiledToTheEnd() throws Exception {
    Path checkout = builtCheckout();
    Path java = java("17.0.1", "echo \"$*\"");
    for (String command : Main.commandNames()) {
      String options = says(checkout, java, command, "x.onnx");
      assertEquals(!LONG.contains(command), options.contains(QUICK), options);
      assertFalse(options.contains(NATIVE_ACCESS), "Java 17 does not know it: " + options);
    }
    assertTrue(says(checkout, java, "evaluate", "--help").contains(QUICK));
    assertTrue(says(checkout, java, "help", "evaluate").contains(QUICK));
    assertTrue(says(checkout, java, "--version").contains(QUICK));
    assertTrue(says(checkout, java).contains(QUICK));
  }

  @Test
  void whatLoadsNativeCodeMayDoSo() throws Exception {
    Path checkout = builtCheckout();
    Path java = java("25.0.1", "echo \"$*\"");
    for (String command : Main.commandNames()) {
      String options = says(checkout, java, command, "x.onnx");
      boolean loads = !WITHOUT_NATIVE_CODE.contains(command);
      assertEquals(loads, options.contains(NATIVE_ACCESS), options);
    }
    assertFalse(says(checkout, java, "sample", "--help").contains(NATIVE_ACCESS));
    assertFalse(says(checkout, java, "--version").contains(NATIVE_ACCESS));
  }

  /** What the launcher prints where Java is a script. */
  private static String says(Path checkout, Path java, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", checkout.resolve("ddpm").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", java.toString());
    builder.environment().remove("ORT_DISABLE_TELEMETRY");
    builder.environment().remove("DDPM_PROFILE");
    Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "ends");
      assertEquals(0, process.exitValue(), said);
      return said;
    } finally {
      process.destroyForcibly();
    }
  }

  /** A folder in which the launcher finds nothing to build. */
  private Path builtCheckout() throws IOException {
    Path checkout = Files.createDirectory(dir.resolve("checkout"));
    Files.copy(Documents.ROOT.resolve("ddpm"), checkout.resolve("ddpm"));
    Files.createFile(checkout.resolve("pom.xml"));
    for (String module : List.of("runtime", "exporter", "trainer", "cli")) {
      Files.createDirectories(checkout.resolve(module).resolve("src/main"));
      Files.createFile(checkout.resolve(module).resolve("pom.xml"));
    }
    Path launcher = Files.createDirectories(checkout.resolve("cli/target/launcher"));
    Files.createDirectory(launcher.resolve("1"));
    Files.writeString(launcher.resolve("current"), "1\n");
    Files.writeString(launcher.resolve("profile"), "\n");
    Files.createFile(launcher.resolve("stamp")); // last: newer than all sources
    return checkout;
  }

  private Path java(String version, String script) throws IOException {
    Path home = Files.createDirectory(dir.resolve("jdk"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    Path java = Files.createDirectory(home.resolve("bin")).resolve("java");
    Files.writeString(java, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    return home;
  }
}
