package io.ddpm4j.trainer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdxDatasetTest {
  @TempDir Path dir;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readsImagesAndLabelsRawAndGzippedWhateverTheName(boolean gzip) throws IOException {
    byte[] pixels = counting(2 * 3 * 4);
    Path images = write("images.bin", gzip, idx(0x803, pixels, 2, 3, 4));
    Path labels = write("labels.bin", gzip, idx(0x801, new byte[] {1, 0}, 2));

    IdxDataset data = IdxDataset.open("tiny", images, labels, List.of("cat", "dog"));

    assertEquals(2, data.size());
    assertEquals(1, data.channels());
    assertEquals(3, data.height());
    assertEquals(4, data.width());
    assertEquals(List.of("cat", "dog"), data.classNames());
    assertEquals(1, data.label(0));
    assertEquals(0, data.label(1));
    assertEquals("2 images of 3x4x1 from images.bin, 2 classes", data.description());
    byte[] dest = new byte[14];
    data.read(1, dest, 2);
    assertArrayEquals(Arrays.copyOfRange(pixels, 12, 24), Arrays.copyOfRange(dest, 2, 14));
  }

  @Test
  void withoutLabelsThereAreNoClasses() throws IOException {
    IdxDataset data = IdxDataset.open(write("a.idx", false, idx(0x803, counting(4), 1, 2, 2)));
    assertEquals(List.of(), data.classNames());
    assertEquals(ImageDataset.NO_LABEL, data.label(0));
    assertEquals("a.idx", data.name());
    assertThrows(IndexOutOfBoundsException.class, () -> data.label(1));
    assertThrows(IndexOutOfBoundsException.class, () -> data.read(1, new byte[4], 0));
  }

  @Test
  void unnamedClassesAreNumbered() throws IOException {
    Path images = write("i", false, idx(0x803, counting(3), 3, 1, 1));
    Path labels = write("l", false, idx(0x801, new byte[] {0, 3, 1}, 3));
    assertEquals(List.of("0", "1", "2", "3"), IdxDataset.open(images, labels).classNames());
  }

  @Test
  void rankFourHasItsChannelsSecondOrLast() throws IOException {
    byte[] pixels = counting(3 * 2 * 2);
    IdxDataset first = IdxDataset.open(write("f", false, idx(0x804, pixels, 1, 3, 2, 2)));
    IdxDataset last = IdxDataset.open(write("l", false, idx(0x804, pixels, 1, 2, 2, 3)));
    assertEquals(3, first.channels());
    assertEquals(3, last.channels());
    assertArrayEquals(pixels, image(first, 0));
    assertArrayEquals(new byte[] {0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11}, image(last, 0));
  }

  @Test
  void aFileCutShortSaysHowMuchIsMissing() throws IOException {
    byte[] whole = idx(0x803, counting(24), 2, 3, 4);
    Path cut = write("cut.idx", false, Arrays.copyOf(whole, whole.length - 5));
    assertMessage(
        "cut.idx: cut short: expected 24 bytes after the header (2x3x4), found 19",
        () -> IdxDataset.open(cut));
    Path gz = write("cut.gz", true, Arrays.copyOf(whole, whole.length - 5));
    assertMessage(
        "expected 24 bytes after the header (2x3x4), found 19", () -> IdxDataset.open(gz));
    Path header = write("header.idx", false, Arrays.copyOf(whole, 9));
    assertMessage("header.idx: cut short: expected 3 dimensions", () -> IdxDataset.open(header));
    // A damaged header that promises 2^62 bytes must not ask for the memory first.
    Path huge = write("huge.idx", false, idx(0x803, counting(24), 1 << 30, 1 << 14, 1 << 14));
    assertMessage("huge.idx: cut short", () -> IdxDataset.open(huge));
  }

  @Test
  void damagedGzipDataAreNamed() throws IOException {
    byte[] noise = new byte[4000];
    new java.util.Random(7).nextBytes(noise);
    byte[] gz = gzip(idx(0x803, noise, 10, 20, 20));
    Path cut = Files.write(dir.resolve("cut.gz"), Arrays.copyOf(gz, gz.length / 2));
    assertMessage("cut.gz: cut short", () -> IdxDataset.open(cut));
    byte[] flipped = gz.clone();
    flipped[gz.length - 6] ^= 0x55; // the checksum at the end
    Path damaged = Files.write(dir.resolve("damaged.gz"), flipped);
    assertMessage("damaged.gz: damaged gzip data", () -> IdxDataset.open(damaged));
    Path two = Files.write(dir.resolve("two.gz"), Arrays.copyOf(gz, 2));
    assertMessage("two.gz: damaged gzip data: the file ends early", () -> IdxDataset.open(two));
  }

  @Test
  void whatIsNoIdxFileOfImagesIsRefused() throws IOException {
    Path text = write("text.idx", false, "hello, world".getBytes("US-ASCII"));
    assertMessage(
        "text.idx: not an idx file: expected a magic number 0x000008NN, found 0x68656c6c",
        () -> IdxDataset.open(text));
    Path floats = write("floats.idx", false, idx(0xd03, counting(16), 1, 2, 2));
    assertMessage("found element type 0x0d", () -> IdxDataset.open(floats));
    Path labels = write("labels.idx", false, idx(0x801, counting(3), 3));
    assertMessage("found rank 1: this is a file of labels", () -> IdxDataset.open(labels));
    Path channels = write("channels.idx", false, idx(0x804, counting(16), 1, 2, 4, 2));
    assertMessage("expected 1 or 3 channels", () -> IdxDataset.open(channels));
    Path negative = write("negative.idx", false, idx(0x803, counting(4), -1, 2, 2));
    assertMessage(
        "expected dimensions of at least 1, found -1x2x2", () -> IdxDataset.open(negative));
    Path longer = write("longer.idx", false, idx(0x803, counting(5), 1, 2, 2));
    assertMessage(
        "expected 4 bytes after the header (1x2x2), found more", () -> IdxDataset.open(longer));
    assertMessage(
        "empty.idx: expected an idx file, found an empty one",
        () -> IdxDataset.open(write("empty.idx", false, new byte[0])));
    assertMessage("missing: no such file", () -> IdxDataset.open(dir.resolve("missing")));
    assertMessage("found no file", () -> IdxDataset.open(dir));
  }

  @Test
  void labelsMustAgreeWithTheImages() throws IOException {
    Path images = write("images", false, idx(0x803, counting(3), 3, 1, 1));
    Path two = write("two", false, idx(0x801, counting(2), 2));
    assertMessage(
        "two: expected one label for each of 3 images, found 2 labels",
        () -> IdxDataset.open(images, two));
    assertMessage("expected labels, an idx file of rank 1", () -> IdxDataset.open(images, images));
    Path three = write("three", false, idx(0x801, counting(3), 3));
    assertMessage(
        "three: expected labels from 0 to 1, found label 2",
        () -> IdxDataset.open("x", images, three, List.of("a", "b")));
  }

  private interface Opening {
    ImageDataset open() throws IOException;
  }

  private static void assertMessage(String part, Opening opening) {
    String message = assertThrows(DatasetException.class, opening::open).getMessage();
    assertTrue(message.contains(part), message);
  }

  static byte[] image(ImageDataset data, int index) {
    byte[] image = new byte[data.imageBytes()];
    data.read(index, image, 0);
    return image;
  }

  static byte[] counting(int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) i;
    }
    return bytes;
  }

  static byte[] idx(int magic, byte[] elements, int... dims) {
    ByteBuffer file = ByteBuffer.allocate(4 + 4 * dims.length + elements.length);
    file.putInt(magic);
    for (int dim : dims) {
      file.putInt(dim);
    }
    return file.put(elements).array();
  }

  private Path write(String name, boolean gzip, byte[] bytes) throws IOException {
    return Files.write(dir.resolve(name), gzip ? gzip(bytes) : bytes);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
      gz.write(bytes);
    }
    return out.toByteArray();
  }
}
