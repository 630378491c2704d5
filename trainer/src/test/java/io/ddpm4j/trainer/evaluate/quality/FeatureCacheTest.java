package io.ddpm4j.trainer.evaluate.quality;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureOptions;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.NetworkOutput;
import io.ddpm4j.trainer.evaluate.features.Networks;
import io.ddpm4j.trainer.evaluate.features.Work;
import io.ddpm4j.trainer.evaluate.features.WorkProgress;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureCacheTest {
  private static final int BATCH = 60;
  private static final int CHUNK = 300; // images: the batches that hold 256
  private static final int HEAD = 18 + 32 + 5 * Integer.BYTES;

  private final ImageDataset data = new ShapesDataset(1000, 8, 2); // three chunks and a part
  private final List<Long> progress = new ArrayList<>();

  @TempDir private Path folder;

  /** Means of the channels as features and, where that is asked for, as logits. */
  private static FeatureNetwork network(boolean logits) throws IOException {
    byte[] model =
        Networks.model(
            DataType.FLOAT,
            Shape.named("n", 3, 8, 8),
            Map.of("ddpm4j.image", "{\"value_range\": [0, 255]}"),
            (ops, images) -> {
              ops.graph().output("features", ops.reduceMean(images, false, 2, 3));
              if (logits) {
                ops.graph().output("logits", ops.mul(ops.reduceMean(images, false, 2, 3), -2));
              }
            });
    return FeatureNetwork.open(
        model,
        "net.onnx",
        FeatureOptions.defaults().withBatchSize(BATCH),
        new SessionSettings(Device.cpu(), 1));
  }

  private Work work(Cancellation cancellation, long stop) {
    WorkProgress heard =
        (stage, done, total) -> {
          assertEquals("features", stage);
          assertEquals(data.size(), total);
          progress.add(done);
          if (done >= stop) {
            cancellation.cancel("enough");
          }
        };
    return new Work(1, cancellation, heard);
  }

  private NetworkOutput extract(FeatureNetwork network) throws IOException {
    progress.clear();
    return new FeatureCache(folder)
        .extract(network, data, work(new Cancellation(), Long.MAX_VALUE));
  }

  private static void assertSame(NetworkOutput expected, NetworkOutput found) {
    assertSame(expected.features(), found.features());
    assertEquals(expected.logits().isPresent(), found.logits().isPresent());
    expected.logits().ifPresent(logits -> assertSame(logits, found.logits().orElseThrow()));
  }

  private static void assertSame(Features expected, Features found) {
    assertEquals(expected.count(), found.count());
    for (int i = 0; i < expected.count(); i++) {
      assertArrayEquals(expected.row(i), found.row(i), "row " + i);
    }
  }

  private Path file(String ending) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> all = files.filter(file -> file.toString().endsWith(ending)).toList();
      assertEquals(1, all.size(), all.toString());
      return all.get(0);
    }
  }

  @Test
  void whatIsThereIsNotComputedAgain() throws IOException {
    for (boolean logits : new boolean[] {false, true}) {
      try (FeatureNetwork network = network(logits)) {
        NetworkOutput expected = network.extract(data, Work.quiet());
        assertSame(expected, extract(network));
        assertEquals((long) data.size(), progress.get(progress.size() - 1));
        assertEquals(5 + 5 + 5 + 2, progress.size()); // batches
        assertSame(expected, extract(network));
        assertEquals(List.of(), progress);
      }
    }
  }

  @Test
  void anInterruptedExtractionGoesOnWhereItWas() throws IOException {
    try (FeatureNetwork network = network(true)) {
      NetworkOutput expected = network.extract(data, Work.quiet());
      Cancellation cancellation = new Cancellation();
      assertThrows(
          CancellationException.class,
          () -> new FeatureCache(folder).extract(network, data, work(cancellation, 700)));
      assertEquals(720, progress.get(progress.size() - 1), "in the third chunk");
      assertSame(expected, extract(network));
      assertEquals(
          List.of(660L, 720L, 780L, 840L, 900L, 960L, 1000L), progress, "two chunks were there");
      assertSame(expected, extract(network));
      assertEquals(List.of(), progress);
    }
  }

  /** Wherever it is, in the matrices or their checksums: it is never part of a result. */
  @Test
  void aDamagedByteIsFoundAndItsChunkMadeAgain() throws IOException {
    try (FeatureNetwork network = network(true)) {
      NetworkOutput expected = extract(network);
      assertSame(expected.features(), Features.load(file("-features.npy"))); // as NumPy's
      assertSame(expected.logits().orElseThrow(), Features.load(file("-logits.npy")));
      for (String ending : List.of(".crc", "-features.npy", "-logits.npy")) {
        Path file = file(ending);
        byte[] whole = Files.readAllBytes(file);
        boolean checksums = ending.equals(".crc");
        int head = checksums ? HEAD : 128;
        int chunk = checksums ? Integer.BYTES : CHUNK * 3 * Float.BYTES;
        assertEquals(head + (checksums ? 16 : 1000 * 3 * Float.BYTES), whole.length);
        for (int at = 0; at < whole.length; at += at < HEAD ? 7 : checksums ? 3 : 1999) {
          byte[] damaged = whole.clone();
          damaged[at] ^= 1;
          Files.write(file, damaged);
          assertSame(expected, extract(network));
          assertArrayEquals(whole, Files.readAllBytes(file), ending + " byte " + at);
          if (at < head && !checksums) {
            assertEquals(List.of(), progress, "the matrix is as it was");
          } else {
            long lost = at < head ? 1000 : at - head < 3 * chunk ? CHUNK : 100;
            assertEquals(1000 - lost + Math.min(BATCH, lost), progress.get(0), "byte " + at);
          }
        }
        for (int length = 0; length < whole.length; length += 5003) {
          Files.write(file, Arrays.copyOf(whole, length));
          assertSame(expected, extract(network));
          assertArrayEquals(whole, Files.readAllBytes(file), ending + " length " + length);
        }
      }
    }
  }

  @Test
  void anotherNetworksEntryUnderTheSameNameIsNotTaken() throws IOException {
    try (FeatureNetwork one = network(true);
        FeatureNetwork other = network(false)) {
      extract(one);
      Path first = file(".crc");
      byte[] foreign = Files.readAllBytes(first);
      Files.delete(first);
      NetworkOutput expected = extract(other);
      Files.write(file(".crc"), foreign);
      assertSame(expected, extract(other));
      assertEquals(17, progress.size());
    }
  }

  @Test
  void whatSomebodyElseIsMakingIsLeftToThem() throws IOException {
    try (FeatureNetwork network = network(false)) {
      NetworkOutput expected = extract(network);
      Path file = file(".crc");
      byte[] whole = Files.readAllBytes(file);
      Cancellation cancellation = new Cancellation();
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        assertTrue(lock.isValid());
        assertSame(expected, extract(network));
        assertEquals(17, progress.size());
        cancellation.cancel("now");
        assertThrows(
            CancellationException.class,
            () ->
                new FeatureCache(folder)
                    .extract(network, data, work(cancellation, Long.MAX_VALUE)));
      }
      assertArrayEquals(whole, Files.readAllBytes(file));
    }
  }
}
