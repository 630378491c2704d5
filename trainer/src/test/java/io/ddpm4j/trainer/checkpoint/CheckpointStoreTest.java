package io.ddpm4j.trainer.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.trainer.data.DataPosition;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointStoreTest {
  @TempDir Path folder;

  private static Checkpoint checkpoint(long step, float weight) {
    TensorData tensor = TensorData.ofFloats(new float[] {weight, 2}, 2);
    return new Checkpoint(
        step,
        4 * step,
        7,
        DataPosition.START,
        0.5,
        1.5,
        new Recovery(1, 1e-3, 0.5, 6, List.of(0.1f, 3e-7f, 1 / 3f)),
        "{}",
        Map.of("weights.a.b", tensor, "weights_too.a", tensor, "ema.a.b", tensor));
  }

  private static float weight(Checkpoint checkpoint) {
    return checkpoint.state("weights").get("a.b").floats()[0];
  }

  private List<String> names(List<Path> paths) {
    return paths.stream().map(p -> p.getFileName().toString()).toList();
  }

  private List<String> files() throws IOException {
    try (var files = Files.list(folder)) {
      return names(files.sorted().toList());
    }
  }

  @Test
  void onlyFoldersNamedAsAStepAreCheckpoints() throws IOException {
    CheckpointStore store = new CheckpointStore(folder);
    assertEquals(Optional.empty(), store.latest());
    for (long step : new long[] {3, 100_000_000, 5}) {
      store.write(checkpoint(step, 1));
    }
    List<String> strange =
        List.of("step-00000003-keep", "step-3", "step-000000004", "step-", "step-0000000x", "x");
    for (String name : strange) {
      Files.createDirectory(folder.resolve(name));
    }
    Files.writeString(folder.resolve("step-notes.txt"), "mine");
    Files.writeString(folder.resolve("step-99999999"), "a file");
    List<String> all = List.of("step-00000003", "step-00000005", "step-100000000");
    assertEquals(all, names(store.all()), "by number");
    assertEquals(100_000_000, store.read(store.latest().orElseThrow()).step());

    store.prune(1);
    assertEquals(List.of("step-100000000"), names(store.all()));
    assertTrue(files().containsAll(strange), "nothing of the user's is deleted: " + files());
    assertTrue(files().containsAll(List.of("step-notes.txt", "step-99999999")));
  }

  @Test
  void theSameStateGivesTheSameBytes() throws IOException {
    Path path = new CheckpointStore(folder).write(checkpoint(3, 1));
    byte[] state = Files.readAllBytes(path.resolve("state.safetensors"));
    String header = new String(state, 8, 60, StandardCharsets.UTF_8);
    assertTrue( // an order that no start of Java changes
        header.startsWith("{\"__metadata__\":{\"format\":\"pt\",\"step\":\"3\"},"), header);
  }

  @Test
  void whatIsSetAsideIsNobodys() throws IOException {
    CheckpointStore store = new CheckpointStore(folder);
    store.write(checkpoint(2, 1));
    for (float weight : new float[] {1, 2}) {
      store.setAside(store.write(checkpoint(3, weight)));
      assertEquals(List.of("step-00000002"), names(store.all()));
    }
    store.prune(1);
    assertEquals(List.of("step-00000002", "step-00000003-diverged"), files());
  }

  @Test
  void theSameStepAgainReplacesTheOldOne() throws IOException {
    CheckpointStore store = new CheckpointStore(folder);
    store.write(checkpoint(3, 1));
    Path path = store.write(checkpoint(3, 9));
    assertEquals(9, weight(store.read(path)));
    assertEquals(List.of("step-00000003"), files());
  }

  @Test
  void whatWasBeingReplacedWhenTheProcessDiedStillCounts() throws IOException {
    CheckpointStore store = new CheckpointStore(folder);
    store.write(checkpoint(2, 1));
    Path old = folder.resolve(".step-00000003.old");
    Files.move(store.write(checkpoint(3, 5)), old);
    assertEquals(old, store.latest().orElseThrow());
    assertEquals(5, weight(store.read(old)));
    store.write(checkpoint(3, 6));
    assertEquals(List.of("step-00000002", "step-00000003"), files());
    assertEquals(6, weight(store.read(store.latest().orElseThrow())));
  }

  @Test
  void aFullDiskLeavesTheOlderCheckpoints() throws IOException {
    new CheckpointStore(folder).write(checkpoint(3, 1));
    CheckpointStore full =
        new CheckpointStore(folder) {
          @Override
          protected void writeState(Safetensors tensors, OutputStream out) throws IOException {
            out.write(new byte[20]);
            throw new IOException("No space left on device");
          }
        };
    for (long step : new long[] {3, 4}) {
      CheckpointException e =
          assertThrows(CheckpointException.class, () -> full.write(checkpoint(step, 2)));
      assertTrue(e.getMessage().startsWith("cannot write the checkpoint "), e.getMessage());
      assertTrue(e.getMessage().contains("step-0000000" + step), e.getMessage());
      assertTrue(e.getMessage().endsWith("No space left on device"), e.getMessage());
      assertEquals(List.of("step-00000003"), files(), "nothing half-written stays");
      assertEquals(1, weight(full.read(full.latest().orElseThrow())));
    }
  }

  @Test
  void stateVectorsAreToldApartByTheirWholeName() {
    Checkpoint checkpoint = checkpoint(3, 1);
    assertEquals(List.of("a.b"), List.copyOf(checkpoint.state("weights").keySet()));
    assertEquals(List.of("a"), List.copyOf(checkpoint.state("weights_too").keySet()));
    assertEquals(Map.of(), checkpoint.state("nothing"));
    assertTrue(checkpoint.tensors().containsKey(Checkpoint.tensorName("ema", "a.b")));
  }
}
