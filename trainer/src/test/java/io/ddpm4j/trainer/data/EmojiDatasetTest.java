package io.ddpm4j.trainer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A package of a few pictures, and the real one where it is installed. */
class EmojiDatasetTest {
  private static final List<String> NAMES =
      List.of(
          "smileys",
          "people",
          "animals",
          "food",
          "travel",
          "activities",
          "objects",
          "symbols",
          "flags");

  @TempDir Path dir;

  @BeforeEach
  void makePackage() throws IOException {
    Files.createDirectories(dir.resolve("img/google/64"));
    version("16.0.0");
    list(
        entry("1f600.png", "Smileys & Emotion", true),
        entry("1f3fb.png", "Component", true),
        entry("1f1eb-1f1f7.png", "Flags", true),
        entry("1f99c.png", "Animals & Nature", false),
        entry("1f1f2-1f1eb.png", "Flags", true),
        entry("1f554.png", "Travel & Places", true));
    picture("1f600.png", (x, y) -> new Color(200, 100, 0, 128));
    picture("1f1eb-1f1f7.png", (x, y) -> (x + y) % 2 == 0 ? Color.BLACK : Color.WHITE);
    picture("1f1f2-1f1eb.png", (x, y) -> (x + y) % 2 == 0 ? Color.BLACK : Color.WHITE);
    picture("1f554.png", (x, y) -> x < 32 ? new Color(0, true) : Color.BLUE);
  }

  @Test
  void picturesAreFlattenedOnWhiteHalvedAndThereOnce() throws IOException {
    ImageDataset data = open();
    assertEquals("emoji", data.name());
    assertEquals(
        "3 images of 32x32x3 from emoji-datasource-google 16.0.0 on background #ffffff, 9 classes",
        data.description());
    assertEquals(3, data.size());
    assertEquals(3 * 32 * 32, data.imageBytes());
    assertEquals(NAMES, data.classNames());
    assertEquals(List.of(0, 8, 4), List.of(data.label(0), data.label(1), data.label(2)));

    assertArrayEquals(plain(32, 227, 177, 127), IdxDatasetTest.image(data, 0)); // half of each
    assertArrayEquals(plain(32, 128, 128, 128), IdxDatasetTest.image(data, 1)); // 127.5, rounded
    byte[] right = IdxDatasetTest.image(data, 2);
    assertEquals(List.of(-1, -1, -1), List.of((int) right[15], (int) right[1039], (int) right[15]));
    assertEquals(List.of(0, 0, -1), List.of((int) right[16], (int) right[1040], (int) right[2064]));
  }

  @Test
  void anotherSizeOnDemand() throws IOException {
    ImageDataset data = EmojiDataset.open(Optional.of(dir), 16);
    assertEquals(16, data.height());
    assertEquals(16, data.width());
    assertArrayEquals(plain(16, 227, 177, 127), IdxDatasetTest.image(data, 0));
  }

  @Test
  void facesMayBeMirroredButNotFlagsAndClocks() throws IOException {
    ImageDataset data = open();
    assertTrue(data.mirrorable(0));
    assertFalse(data.mirrorable(1));
    assertFalse(data.mirrorable(2));
    assertThrows(IndexOutOfBoundsException.class, () -> data.mirrorable(3));
    assertThrows(IndexOutOfBoundsException.class, () -> data.label(3));
  }

  @Test
  void whatIsHeldOutAndWhatIsLeftKeepTheirLeftAndRight() throws IOException {
    for (long seed = 0; seed < 10; seed++) {
      HeldOut parts = HeldOut.of(open(), 1, seed);
      for (ImageDataset part : List.of(parts.training(), parts.heldOut())) {
        for (int i = 0; i < part.size(); i++) {
          boolean smiley = part.label(i) == 0;
          assertEquals(smiley, part.mirrorable(i), "label " + part.label(i) + ", seed " + seed);
        }
        assertThrows(IndexOutOfBoundsException.class, () -> part.mirrorable(part.size()));
      }
    }
  }

  @Test
  void isFoundWhereNpmInstalls() throws IOException {
    Path below = dir.resolve("a/b");
    Path installed = dir.resolve("node_modules/emoji-datasource-google");
    Files.createDirectories(below);
    assertEquals(
        Path.of("node_modules/emoji-datasource-google"), EmojiDataset.installed(dir.getRoot()));
    Files.createDirectories(installed);
    assertEquals(installed, EmojiDataset.installed(dir));
    assertEquals(installed, EmojiDataset.installed(below));
  }

  @Test
  void aMissingPackageIsExplained() {
    assertMessage(
        "the emoji are not there: no package.json of emoji-datasource-google in "
            + dir.resolve("nowhere")
            + "; install it with `npm install --no-save emoji-datasource-google@16.0.0`, or unpack"
            + " what `npm pack emoji-datasource-google@16.0.0` fetches and name the folder that"
            + " holds its package.json with --data-dir",
        dir.resolve("nowhere"));
  }

  @Test
  void anotherVersionOrPackageIsRefused() throws IOException {
    String expected = dir.resolve("package.json") + ": expected version 16.0.0 of emoji-datasource";
    version("15.1.2");
    assertMessage(expected + "-google, found emoji-datasource-google 15.1.2", dir);
    json("package.json", "{\"name\": \"emoji-datasource-apple\", \"version\": \"16.0.0\"}");
    assertMessage(expected + "-google, found emoji-datasource-apple 16.0.0", dir);
    for (String none : List.of("[]", "{}", "", "{\"name\": [], \"version\": {}}")) {
      json("package.json", none);
      assertMessage(expected + "-google, found neither name nor version", dir);
    }
    json("package.json", "{\"name\": ");
    assertMessage(dir.resolve("package.json") + ": expected JSON, found a damaged file", dir);
  }

  @Test
  void aPackageThatIsNotWholeIsRefused() throws IOException {
    Path image = dir.resolve("img/google/64/1f554.png");
    byte[] png = Files.readAllBytes(image);
    Files.delete(image);
    assertMessage(image + ": cannot be read: no such file", dir);
    Files.write(image, Arrays.copyOf(png, png.length / 2));
    assertMessage(image + ": cannot be read: ", dir);
    Files.write(image, new byte[0]);
    assertMessage(image + ": cannot be read: the file is empty", dir);
    Files.write(image, png);
    assertEquals(3, open().size());
    Files.delete(dir.resolve("emoji.json"));
    assertMessage(dir.resolve("emoji.json") + ": cannot be read: no such file", dir);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "", "\"text\""})
  void aListThatIsNoneIsRefused(String json) throws IOException {
    json("emoji.json", json);
    assertMessage(dir.resolve("emoji.json") + ": expected a list of emoji", dir);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{\"image\": \"1f600.png\", | expected JSON, found a damaged file",
        "[] | expected emoji, found none",
        "[1] | expected an image named like 1f600.png, found ''",
        "[{\"image\": \"../1f600.png\"}] | named like 1f600.png, found '../1f600.png'",
        "[{\"image\": \"1f600.png\", \"has_img_google\": true, \"category\": \"Runes\"}]"
            + "| expected one of the categories Smileys & Emotion, People & Body, Animals & Nature,"
            + " Food & Drink, Travel & Places, Activities, Objects, Symbols, Flags, found 'Runes'",
      })
  void anEntryThatIsNoneIsRefused(String json, String expected) throws IOException {
    json("emoji.json", json);
    assertMessage(dir.resolve("emoji.json") + ": ", dir);
    assertMessage(expected, dir);
  }

  /** The expected numbers were computed from the files with Pillow, NumPy and zlib. */
  @Test
  void theRealPackage() throws IOException {
    Path folder = EmojiDataset.installed(Path.of(""));
    assumeTrue(
        Files.isDirectory(folder),
        "skipped: the emoji are not installed (npm install --no-save"
            + " emoji-datasource-google@16.0.0)");
    ImageDataset data = EmojiDataset.open(Optional.empty(), 32);
    assertEquals(1892, data.size());
    int[] counts = new int[NAMES.size()];
    CRC32 pixels = new CRC32();
    CRC32 labels = new CRC32();
    for (int i = 0; i < data.size(); i++) {
      pixels.update(IdxDatasetTest.image(data, i));
      labels.update(data.label(i));
      counts[data.label(i)]++;
    }
    assertArrayEquals(new int[] {169, 381, 159, 131, 218, 85, 264, 224, 261}, counts);
    assertEquals(1869192245L, pixels.getValue());
    assertEquals(2376790723L, labels.getValue());
  }

  private ImageDataset open() throws DatasetException {
    return EmojiDataset.open(Optional.of(dir), EmojiDataset.DEFAULT_IMAGE_SIZE);
  }

  private static void assertMessage(String part, Path folder) {
    DatasetException e =
        assertThrows(
            DatasetException.class, () -> EmojiDataset.open(Optional.of(folder), 32), part);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  private static byte[] plain(int side, int... rgb) {
    byte[] image = new byte[3 * side * side];
    for (int i = 0; i < image.length; i++) {
      image[i] = (byte) rgb[i / (side * side)];
    }
    return image;
  }

  private void version(String version) throws IOException {
    json("package.json", "{\"name\": \"emoji-datasource-google\", \"version\": \"%s\"}", version);
  }

  private void list(String... entries) throws IOException {
    json("emoji.json", "[%s]", String.join(",", entries));
  }

  private static String entry(String image, String category, boolean there) {
    return "{\"image\": \"%s\", \"category\": \"%s\", \"has_img_google\": %s}"
        .formatted(image, category, there);
  }

  private void json(String file, String text, Object... values) throws IOException {
    Files.writeString(dir.resolve(file), values.length == 0 ? text : text.formatted(values));
  }

  /** What colour a pixel has. */
  private interface Painter {
    Color at(int x, int y);
  }

  private void picture(String file, Painter painter) throws IOException {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_ARGB);
    for (int y = 0; y < 64; y++) {
      for (int x = 0; x < 64; x++) {
        image.setRGB(x, y, painter.at(x, y).getRGB());
      }
    }
    ImageIO.write(image, "png", dir.resolve("img/google/64").resolve(file).toFile());
  }
}
