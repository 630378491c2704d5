package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code ddpm}, in a checkout that is built already, with a Java that is a script. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  @TempDir Path dir;

  @Test
  void theTelemetryOfOnnxRuntimeIsOff() throws Exception {
    assertEquals("1\n", says("echo \"$ORT_DISABLE_TELEMETRY\"", "sample"));
  }

  /** What the launcher prints where Java is this script. */
  private String says(String script, String command) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("sh", builtCheckout().resolve("ddpm").toString(), command);
    builder.environment().put("JAVA_HOME", java(script).toString());
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

  private Path java(String script) throws IOException {
    Path home = Files.createDirectory(dir.resolve("jdk"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
    Path java = Files.createDirectory(home.resolve("bin")).resolve("java");
    Files.writeString(java, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
    return home;
  }
}
