package io.ddpm4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * What the launcher runs once after a build, so that later starts are fast: unpacks ONNX Runtime's
 * native libraries, which ONNX Runtime itself would do again at every start, and touches the
 * classes that a start needs, for the class-data archive that Java writes when this ends.
 */
final class FirstRun {
  private FirstRun() {}

  /** With the jar of ONNX Runtime and the folder for its libraries. */
  public static void main(String[] args) throws IOException {
    unpack(Path.of(args[0]), Path.of(args[1]));
    System.setProperty("onnxruntime.native.path", args[1]);
    PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream());
    Main.run(new String[0], nowhere, nowhere);
    Main.run(new String[] {"--version"}, nowhere, nowhere);
    Main.run(new String[] {"--wrong"}, nowhere, nowhere);
    for (String command : Main.commandNames()) {
      Main.run(new String[] {command, "--help"}, nowhere, nowhere);
      Main.run(new String[] {command, "--wrong"}, nowhere, nowhere);
    }
    Path picture = Files.createTempFile("ddpm4j", ".png");
    String[] sample = {"sample", "-n", "1", "--steps", "1", "-o", picture.toString()};
    Main.run(sample, nowhere, nowhere); // fails where no model is shipped: as good
    Files.delete(picture);
  }

  /** Unpacks the native libraries of this platform, unless the folder is there. */
  static void unpack(Path jar, Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    String prefix = "ai/onnxruntime/native/" + platform() + "/";
    Files.createDirectories(folder.toAbsolutePath().getParent());
    Path partial =
        Files.createTempDirectory(folder.toAbsolutePath().getParent(), folder.getFileName() + ".");
    try (JarFile file = new JarFile(jar.toFile())) {
      for (JarEntry entry : (Iterable<JarEntry>) file.stream()::iterator) {
        String name = entry.getName();
        if (name.startsWith(prefix)
            && name.indexOf('/', prefix.length()) < 0
            && !entry.isDirectory()) {
          try (InputStream in = file.getInputStream(entry)) {
            Files.copy(in, partial.resolve(name.substring(prefix.length())));
          }
        }
      }
    }
    if (Files.getFileStore(partial).supportsFileAttributeView("posix")) { // temporary: ours alone
      Files.setPosixFilePermissions(partial, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    Files.move(partial, folder); // whole or not at all
  }

  /** The platform as ONNX Runtime's jar spells it, such as linux-x64. */
  private static String platform() {
    String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String os = name.contains("mac") ? "osx" : name.contains("win") ? "win" : "linux";
    boolean intel = arch.equals("amd64") || arch.equals("x86_64");
    return os + "-" + (intel ? "x64" : arch);
  }
}
