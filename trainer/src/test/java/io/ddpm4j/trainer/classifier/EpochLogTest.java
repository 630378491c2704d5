package io.ddpm4j.trainer.classifier;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EpochLogTest {
  private static final String ROW = "1,12,0.5,0.4,0.9,0.001,100.0";

  @TempDir Path dir;

  @Test
  void epochsUntilTheStepAreRead() throws IOException {
    ClassifierFolder folder = new ClassifierFolder(dir);
    Files.writeString(
        folder.metrics(), Epoch.HEADER + "\n" + ROW + "\n2,24,0.4,0.3,0.8,0.001,100.0\n");
    assertEquals(24, new EpochLog(folder, 24).step());
    EpochLog first = new EpochLog(folder, 23);
    assertEquals(12, first.step());
    assertEquals(0.9, first.best().orElseThrow().heldOutAccuracy());
  }

  @Test
  void aDamagedFileIsNamedWithWhatToDo() throws IOException {
    ClassifierFolder folder = new ClassifierFolder(dir);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write((Epoch.HEADER + "\n" + ROW + "\n").getBytes(StandardCharsets.UTF_8));
    bytes.write(0xFF);
    Files.write(folder.metrics(), bytes.toByteArray());
    Exception e = assertThrows(IOException.class, () -> new EpochLog(folder, 12));
    assertEquals(
        folder.metrics()
            + ": expected UTF-8 text, found other bytes; delete it to go on without the epochs"
            + " until now",
        e.getMessage());
    Files.delete(folder.metrics());
    assertTrue(new EpochLog(folder, 12).best().isEmpty());
  }
}
