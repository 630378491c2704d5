package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateJsonTest {
  @TempDir Path dir;

  private Path written() throws IOException {
    Path file = dir.resolve("state.json");
    JsonObject state = new JsonObject();
    state.addProperty("images", 3);
    state.addProperty("data", "Blumen");
    StateJson.write(file, state);
    assertEquals(state, StateJson.read(file));
    return file;
  }

  private static void assertDamaged(Path file) {
    assertEquals(
        file
            + ": expected the results of an evaluation, found a damaged file; delete it to begin"
            + " again",
        assertThrows(IOException.class, () -> StateJson.read(file)).getMessage());
  }

  @Test
  void oneOtherDigitIsDamage() throws IOException {
    Path file = written();
    Files.writeString(file, Files.readString(file).replace("3", "4"));
    assertDamaged(file);
  }

  @Test
  void aByteThatIsNoTextIsDamage() throws IOException {
    Path file = written();
    byte[] bytes = Files.readString(file).getBytes(StandardCharsets.UTF_8);
    for (int at : new int[] {0, bytes.length / 2, bytes.length - 1}) {
      byte[] damaged = Arrays.copyOf(bytes, bytes.length);
      damaged[at] = (byte) 0xFF;
      Files.write(file, damaged);
      assertDamaged(file);
    }
  }
}
