package io.ddpm4j.trainer.evaluate.samples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.runtime.sampling.Samplers;
import io.ddpm4j.trainer.data.ImageDataset;
import java.io.ByteArrayOutputStream;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleFileTest {
  private static final Path MODEL = Path.of("../models/fashion-mnist");
  private static final int BYTES = 2 * 3; // of an image below
  private static final int BATCH_HEAD = 36;
  private static final String HERE = "cpu, 2 threads";

  private static final SampleSettings SETTINGS =
      new SampleSettings(
          Map.of("Sampler", "ddim", "Seed", "7"), 1, 2, 3, List.of(1, 0), List.of("a", "b"));

  @TempDir private Path folder;
  private final List<String> warnings = new ArrayList<>();

  private SampleFile open(Path file, SampleSettings settings) throws IOException {
    return SampleFile.open(file, settings, warnings::add);
  }

  private static byte[] pixels(int first, int count) {
    byte[] pixels = new byte[count * BYTES];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (31 * (first * BYTES + i) + 200);
    }
    return pixels;
  }

  private static void append(SampleFile file, byte[] pixels, long nanos) throws IOException {
    file.append(file.images(), pixels, nanos, HERE);
  }

  /** Batches of 3, 1 and 2 images. */
  private Path written() throws IOException {
    Path path = folder.resolve("some.samples");
    try (SampleFile file = open(path, SETTINGS)) {
      append(file, pixels(0, 3), 3_000_000_000L);
      append(file, pixels(3, 1), 20_000_000_000L);
      append(file, pixels(4, 2), 1_000_000_000L);
    }
    return path;
  }

  private static byte[] all(ImageDataset images) {
    byte[] all = new byte[images.size() * images.imageBytes()];
    for (int i = images.size() - 1; i >= 0; i--) {
      images.read(i, all, i * images.imageBytes());
    }
    return all;
  }

  @Test
  void imagesComeBackWithTheirClassesAndTheirTime() throws IOException {
    try (SampleFile file = open(written(), SETTINGS)) {
      assertEquals(6, file.images());
      assertEquals(1.0, file.secondsPerImage(HERE), 1e-12); // of 0.5, 0.5, 1, 1, 1 and 20
      ImageDataset images = file.images(5);
      assertEquals(5, images.size());
      assertArrayEquals(pixels(0, 5), all(images));
      assertEquals(List.of("a", "b"), images.classNames());
      assertEquals(
          List.of(1, 0, 1, 0, 1), List.of(0, 1, 2, 3, 4).stream().map(images::label).toList());
      assertThrows(IndexOutOfBoundsException.class, () -> images.read(5, new byte[BYTES], 0));
      assertThrows(IllegalArgumentException.class, () -> file.images(7));
      assertThrows(IllegalArgumentException.class, () -> append(file, new byte[BYTES + 1], 1));
    }
    assertTrue(warnings.isEmpty(), warnings.toString());
  }

  @Test
  void timesAreOfTheirConditions() throws IOException {
    Path path = written();
    try (SampleFile file = open(path, SETTINGS)) {
      file.append(6, pixels(0, 4), 36_000_000_000L, "elsewhere");
    }
    try (SampleFile file = open(path, SETTINGS)) {
      assertEquals(1.0, file.secondsPerImage(HERE), 1e-12);
      assertEquals(9.0, file.secondsPerImage("elsewhere"), 1e-12);
      assertTrue(Double.isNaN(file.secondsPerImage("nowhere")));
    }
  }

  @Test
  void anEmptyFileHasNoTime() throws IOException {
    try (SampleFile file = open(folder.resolve("none"), SETTINGS)) {
      assertEquals(0, file.images());
      assertTrue(Double.isNaN(file.secondsPerImage(HERE)));
    }
  }

  /** Where the three batches begin, and the file ends. */
  private static int[] starts(byte[] whole) {
    int[] starts = new int[4];
    starts[3] = whole.length;
    starts[2] = starts[3] - (BATCH_HEAD + 2 * BYTES);
    starts[1] = starts[2] - (BATCH_HEAD + BYTES);
    starts[0] = starts[1] - (BATCH_HEAD + 3 * BYTES);
    return starts;
  }

  @Test
  void whatEndsAnywhereKeepsItsWholeBatches() throws IOException {
    byte[] whole = Files.readAllBytes(written());
    int[] starts = starts(whole);
    Path path = folder.resolve("cut");
    for (int length = 0; length < whole.length; length++) {
      Files.write(path, Arrays.copyOf(whole, length));
      warnings.clear();
      int kept = length < starts[1] ? 0 : length < starts[2] ? 3 : 4;
      try (SampleFile file = open(path, SETTINGS)) {
        assertEquals(kept, file.images(), "length " + length);
        boolean between = length <= starts[0] || length == starts[1] || length == starts[2];
        assertEquals(!between, warnings.size() == 1, length + ": " + warnings);
        append(file, pixels(kept, 6 - kept), 1);
      }
      try (SampleFile file = open(path, SETTINGS)) {
        assertArrayEquals(pixels(0, 6), all(file.images(6)), "length " + length);
      }
    }
  }

  /** Whichever byte it is: the batch that it lies in is lost, and no other. */
  @Test
  void aDamagedByteCostsItsBatchOnly() throws IOException {
    byte[] whole = Files.readAllBytes(written());
    int[] starts = starts(whole);
    Path path = folder.resolve("damaged");
    int[] first = {0, 3, 4, 6};
    for (int at = starts[0]; at < whole.length; at++) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 0x40;
      Files.write(path, damaged);
      warnings.clear();
      int batch = at < starts[1] ? 0 : at < starts[2] ? 1 : 2;
      int count = first[batch + 1] - first[batch];
      try (SampleFile file = open(path, SETTINGS)) {
        assertEquals(first[batch], file.images(), "byte " + at);
        assertEquals(
            List.of(new SampleFile.Range(first[batch], count)), file.missing(6), "byte " + at);
        assertEquals(1, warnings.size(), "byte " + at);
        file.append(first[batch], pixels(first[batch], count), 1, HERE);
        assertEquals(List.of(), file.missing(6));
        assertArrayEquals(pixels(0, 6), all(file.images(6)), "byte " + at);
      }
      warnings.clear();
      try (SampleFile file = open(path, SETTINGS)) {
        assertArrayEquals(pixels(0, 6), all(file.images(6)), "byte " + at);
        assertEquals(List.of(new SampleFile.Range(6, 4)), file.missing(10));
        assertEquals(List.of(), warnings, "nothing is missing any more");
      }
    }
    for (int at = 0; at < starts[0]; at++) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 0x40;
      Files.write(path, damaged);
      IOException e = assertThrows(IOException.class, () -> open(path, SETTINGS));
      assertTrue(e.getMessage().startsWith(path + ": expected "), e.getMessage());
      assertArrayEquals(damaged, Files.readAllBytes(path), "left alone");
    }
  }

  /** Bytes that are lost or put in move all that follows. */
  @Test
  void batchesAreFoundBehindLostAndForeignBytes() throws IOException {
    byte[] whole = Files.readAllBytes(written());
    int[] starts = starts(whole);
    Path path = folder.resolve("moved");
    ByteArrayOutputStream moved = new ByteArrayOutputStream();
    moved.write(whole, 0, starts[0] + BATCH_HEAD + 5);
    moved.write(whole, starts[1], starts[2] - starts[1]);
    moved.write(new byte[(1 << 20) + 3]);
    moved.write(whole, starts[2], starts[3] - starts[2]);
    Files.write(path, moved.toByteArray());
    try (SampleFile file = open(path, SETTINGS)) {
      assertEquals(
          List.of(new SampleFile.Range(0, 3), new SampleFile.Range(6, 1)), file.missing(7));
      append(file, pixels(0, 3), 1);
      assertArrayEquals(pixels(0, 6), all(file.images(6)));
    }
    assertEquals(List.of(path + ": images 0 to 2 are damaged; these are made again"), warnings);
  }

  @Test
  void samplesOfOtherSettingsAreRefused() throws IOException {
    Path path = written();
    SampleSettings other =
        new SampleSettings(
            Map.of("Sampler", "ddpm", "Seed", "7"), 1, 2, 3, List.of(1, 0), List.of("a", "b"));
    IOException e = assertThrows(IOException.class, () -> open(path, other));
    assertEquals(
        path
            + ": expected samples of the same settings, found others: Sampler: expected ddpm, found"
            + " ddim",
        e.getMessage());
    SampleSettings fewer =
        new SampleSettings(Map.of("Sampler", "ddim"), 1, 2, 3, List.of(), List.of("a", "b"));
    assertEquals(
        List.of("Seed: expected none, found 7", "labels: expected [], found [1, 0]"),
        fewer.differences(SETTINGS));
  }

  @Test
  void twoDoNotWriteAtOnce() throws IOException {
    Path path = written();
    try (SampleFile file = open(path, SETTINGS)) {
      IOException e = assertThrows(IOException.class, () -> open(path, SETTINGS));
      assertEquals(
          path + ": expected a file that nothing else writes, found it being written",
          e.getMessage());
      assertEquals(6, file.images());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"hello", "ddpm4j samples 1\n", "ddpm4j samples 3\n________________"})
  void otherFilesAreRefused(String content) throws IOException {
    Path path = Files.writeString(folder.resolve("other"), content);
    IOException e = assertThrows(IOException.class, () -> open(path, SETTINGS));
    assertTrue(
        e.getMessage().startsWith(path + ": expected a file of samples, found "), e.getMessage());
    assertEquals(content, Files.readString(path), "left alone");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aFileOfAnEarlierFormatIsRecognised(int format) throws IOException {
    Path path = folder.resolve("earlier");
    Files.writeString(path, "ddpm4j samples " + format + "\n\0\0\0\2{}\0\0\0\0");
    IOException e = assertThrows(IOException.class, () -> open(path, SETTINGS));
    assertEquals(
        path
            + ": expected a file of samples, found one of format "
            + format
            + ", which is not read any more (this is format 3): remove it, and its images are made again",
        e.getMessage());
  }

  /** Who finds a file that somebody is just beginning leaves it to them. */
  @Test
  void whatIsBeingBegunIsNotBegunAgain() throws IOException {
    Path path = folder.resolve("begun");
    try (FileChannel other =
            FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        FileLock lock = other.lock()) {
      IOException e = assertThrows(IOException.class, () -> open(path, SETTINGS));
      assertTrue(e.getMessage().endsWith("found it being written"), e.getMessage());
      assertTrue(lock.isValid());
      assertEquals(0, Files.size(path), "left alone");
    }
    try (SampleFile file = open(path, SETTINGS)) {
      append(file, pixels(0, 2), 1);
    }
    try (SampleFile file = open(path, SETTINGS)) {
      assertEquals(2, file.images());
    }
    IOException e =
        assertThrows(IOException.class, () -> open(folder.resolve("no/folder"), SETTINGS));
    assertTrue(e.getMessage().startsWith("cannot write " + folder.resolve("no/folder")));
  }

  private DiffusionPipeline pipeline(String sampler, int steps) throws IOException {
    return DiffusionPipeline.open(MODEL)
        .sampler(Samplers.named(sampler))
        .steps(steps)
        .threads(1)
        .batchSize(2)
        .build();
  }

  @Test
  void anInterruptedFileGoesOnWhereItWas() throws IOException {
    GenerationRequest request = GenerationRequest.of(1, 5).withClassLabels(3, 1, 8);
    try (DiffusionPipeline pipeline = pipeline("ddim", 2)) {
      SampleSettings settings = SampleSettings.of(pipeline, request);
      assertEquals(List.of(3, 1, 8), settings.labels());
      Cancellation cancellation = new Cancellation();
      int[] seen = {0};
      GenerationRequest cancelled =
          request
              .withCancellation(cancellation)
              .withListener(
                  step -> {
                    if (++seen[0] == 5) {
                      cancellation.cancel("the third batch");
                    }
                  });
      try (SampleFile file = open(folder.resolve("parts"), settings)) {
        SampleWriter writer = new SampleWriter(pipeline, cancelled, HERE);
        assertThrows(CancellationException.class, () -> writer.fill(file, 7));
        assertEquals(4, file.images());
      }
      try (SampleFile file = open(folder.resolve("parts"), settings)) {
        SampleWriter writer = new SampleWriter(pipeline, request, HERE);
        writer.fill(file, 7);
        writer.fill(file, 6);
        assertEquals(7, file.images());
        assertTrue(file.secondsPerImage(HERE) > 0);
        ImageBatch expected = pipeline.generate(request.withCount(7)).images();
        ImageDataset found = file.images(7);
        for (int i = 0; i < 7; i++) {
          byte[] pixels = new byte[found.imageBytes()];
          found.read(i, pixels, 0);
          assertArrayEquals(expected.bytes(i), pixels, "image " + i);
        }
        assertEquals(8, found.label(2));
        assertEquals(3, found.label(3));
      }
    }
  }

  @Test
  void aDamagedBatchIsMadeAgainBitForBit() throws IOException {
    GenerationRequest request = GenerationRequest.of(1, 5).withClassLabels(3, 1, 8);
    Path path = folder.resolve("flipped");
    try (DiffusionPipeline pipeline = pipeline("ddim", 2)) {
      SampleSettings settings = SampleSettings.of(pipeline, request);
      SampleWriter writer = new SampleWriter(pipeline, request, HERE);
      byte[] before;
      try (SampleFile file = open(path, settings)) {
        writer.fill(file, 6);
        before = all(file.images(6));
      }
      byte[] bytes = Files.readAllBytes(path);
      bytes[bytes.length - before.length / 3 - BATCH_HEAD - 100] ^= 1; // images 2 and 3
      Files.write(path, bytes);
      try (SampleFile file = open(path, settings)) {
        assertEquals(List.of(new SampleFile.Range(2, 2)), file.missing(6));
        int[] steps = {0};
        new SampleWriter(pipeline, request.withListener(step -> steps[0]++), HERE).fill(file, 6);
        assertEquals(2, steps[0], "one batch is made, no other");
        assertArrayEquals(before, all(file.images(6)));
      }
    }
  }

  @Test
  void whateverChangesTheImagesIsOfTheSettings() throws IOException {
    GenerationRequest request = GenerationRequest.of(3, 5);
    SampleSettings settings;
    try (DiffusionPipeline pipeline = pipeline("ddim", 2)) {
      settings = SampleSettings.of(pipeline, request);
      assertEquals(settings, SampleSettings.of(pipeline, request.withCount(9).withFirstImage(4)));
      assertEquals(10, settings.labels().size());
      for (GenerationRequest other :
          List.of(
              GenerationRequest.of(3, 6),
              request.withClassLabels(1),
              request.withClassNames("bag", "sneaker"),
              request.withGuidanceScale(2))) {
        assertFalse(settings.differences(SampleSettings.of(pipeline, other)).isEmpty());
      }
      assertEquals(
          SampleSettings.of(pipeline, request.withClassLabels(8, 7)),
          SampleSettings.of(pipeline, request.withClassNames("bag", "sneaker")));
    }
    for (DiffusionPipeline other : List.of(pipeline("ddim", 3), pipeline("ddpm", 2))) {
      try (other) {
        assertFalse(settings.differences(SampleSettings.of(other, request)).isEmpty());
      }
    }
  }
}
