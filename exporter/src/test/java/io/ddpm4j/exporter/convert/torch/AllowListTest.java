package io.ddpm4j.exporter.convert.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a pickle may call: all of it is documented, and nothing of it can do harm. */
class AllowListTest {
  @Test
  void everyNameIsDocumented() throws IOException {
    Path page = Path.of(System.getProperty("ddpm4j.root", "..")).resolve("docs/checkpoints.md");
    String text = Files.readString(page);
    TreeSet<String> missing = new TreeSet<>();
    for (String name : Globals.TABLE.keySet()) {
      String last = name.substring(name.lastIndexOf('.') + 1);
      boolean type = Globals.TABLE.get(name).value() != null && name.startsWith("torch.");
      if (!type && !text.contains("`" + last + "`") && !text.contains("." + last + "`")) {
        missing.add(name);
      }
    }
    assertEquals(new TreeSet<>(), missing);
  }

  /** Names that have been used to run code in spite of allow-lists. */
  @Test
  void nothingOfThePlatformIsInTheTable() {
    for (String name :
        List.of(
            "os.system",
            "posix.system",
            "nt.system",
            "subprocess.Popen",
            "builtins.eval",
            "builtins.exec",
            "builtins.open",
            "builtins.__import__",
            "builtins.compile",
            "importlib.import_module",
            "runpy._run_code",
            "torch.load",
            "torch.hub.load",
            "torch.storage._load_from_bytes",
            "torch.jit._script.unpackage_script_module",
            "numpy.load",
            "operator.attrgetter",
            "functools.reduce",
            "pickle.loads",
            "webbrowser.open")) {
      assertNull(Globals.TABLE.get(name), name);
      int dot = name.lastIndexOf('.');
      assertTrue(Globals.of(name.substring(0, dot), name.substring(dot + 1)).isLabel(), name);
    }
  }
}
