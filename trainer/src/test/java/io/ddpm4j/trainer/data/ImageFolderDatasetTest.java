package io.ddpm4j.trainer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ImageFolderDatasetTest {
  private static final int BACKGROUND = 0xc86400;

  @TempDir Path dir;

  /**
   * Each line: a 7x5 picture, size, channels, and the result as exact fractions gave it in Python,
   * from the pixels that the file was written with.
   */
  static Stream<Arguments> expected() throws IOException {
    return new String(resource("expected.txt"), StandardCharsets.US_ASCII)
        .lines()
        .map(line -> line.split(" "))
        .map(f -> Arguments.of(f[0], Integer.parseInt(f[1]), Integer.parseInt(f[2]), f[3]));
  }

  @ParameterizedTest(name = "{0} to {1}x{1}x{2}")
  @MethodSource("expected")
  void everyModeIsFlattenedCroppedAndResizedExactly(
      String file, int size, int channels, String expected) throws IOException {
    copy(file, file);
    ImageDataset data = open(new ImageFolderOptions(size, channels, BACKGROUND, false));
    assertEquals(1, data.size());
    assertEquals(channels, data.channels());
    assertEquals(size, data.height());
    assertEquals(expected, HexFormat.of().formatHex(IdxDatasetTest.image(data, 0)));
  }

  @Test
  void jpegInGreyAndColour() throws IOException {
    copy("grey.jpg", "a.jpg");
    copy("rgb.jpg", "b.JPEG");
    ImageDataset data = open(ImageFolderOptions.ofSize(4));
    byte[] grey = new byte[48];
    Arrays.fill(grey, (byte) 200);
    assertArrayEquals(grey, IdxDatasetTest.image(data, 0));
    assertArrayEquals(grey, IdxDatasetTest.image(data, 1));
  }

  /** Quadrants in reading order, as Pillow's exif_transpose gives them. */
  @ParameterizedTest
  @CsvSource({
    "0, RGBW", "1, RGBW", "2, GRWB", "3, WBGR", "4, BWRG", "5, RBGW", "6, BRWG", "7, WGBR",
    "8, GWRB", "9, RGBW"
  })
  void photographsStandUpright(int orientation, String expected) throws IOException {
    byte[] jpeg = resource("quadrants.jpg");
    for (ByteOrder order : List.of(ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN)) {
      ByteBuffer exif = ByteBuffer.allocate(36).putShort((short) 0xffe1).putShort((short) 34);
      exif.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII));
      exif.putShort((short) (order == ByteOrder.BIG_ENDIAN ? 0x4d4d : 0x4949)).order(order);
      exif.putShort((short) 42).putInt(8).putShort((short) 1);
      exif.putShort((short) 0x112).putShort((short) 3).putInt(1).putShort((short) orientation);
      ByteBuffer file = ByteBuffer.allocate(jpeg.length + 36).put(jpeg, 0, 2).put(exif.array());
      Files.write(dir.resolve("photo.jpg"), file.put(jpeg, 2, jpeg.length - 2).array());
      byte[] image = IdxDatasetTest.image(open(ImageFolderOptions.ofSize(2)), 0);
      StringBuilder found = new StringBuilder();
      for (int p = 0; p < 4; p++) {
        boolean red = image[p] < 0;
        boolean green = image[4 + p] < 0;
        found.append(red && green ? 'W' : red ? 'R' : green ? 'G' : 'B');
      }
      assertEquals(expected, found.toString());
    }
  }

  @Test
  void unreadableFilesAreNamedSkippedAndCounted() throws IOException {
    byte[] png = resource("rgb.png");
    byte[] jpg = resource("quadrants.jpg");
    copy("rgb.png", "m/good.png");
    copy("cmyk.jpg", "a-cmyk.jpg");
    Files.write(dir.resolve("b-empty.png"), new byte[0]);
    Files.writeString(dir.resolve("c-text.jpg"), "no picture");
    Files.write(dir.resolve("d-cut.png"), Arrays.copyOf(png, png.length / 2));
    Files.write(dir.resolve("e-cut.jpg"), Arrays.copyOf(jpg, jpg.length - 10));
    byte[] flipped = png.clone();
    for (int i = 45; i < 60; i++) {
      flipped[i] ^= 0x5a;
    }
    Files.write(dir.resolve("f-damaged.png"), flipped);
    Files.writeString(dir.resolve("notes.txt"), "not meant to be an image");
    List<String> warnings = new ArrayList<>();

    ImageFolderDataset data =
        ImageFolderDataset.open(dir, ImageFolderOptions.ofSize(5), warnings::add);

    assertEquals(1, data.size());
    assertEquals(6, warnings.size(), () -> String.join("\n", warnings));
    assertEquals(warnings, data.skipped());
    String[] expected = {
      "a-cmyk.jpg: skipped: expected grey, RGB or a palette, found CMYK",
      "b-empty.png: skipped: the file is empty",
      "c-text.jpg: skipped: not a PNG or JPEG image",
      "d-cut.png: skipped: ",
      "e-cut.jpg: skipped: cut short",
      "f-damaged.png: skipped: "
    };
    for (int i = 0; i < expected.length; i++) {
      assertTrue(warnings.get(i).contains(expected[i]), warnings.get(i));
    }
    assertTrue(data.description().endsWith("6 unreadable files skipped"), data.description());
  }

  @Test
  void theOrderIsThatOfThePathsAndHiddenFilesAreLeftOut() throws IOException {
    copy("grey.png", "b/z.png");
    copy("rgb.png", "b/a.PNG");
    copy("bilevel.png", "B.png");
    copy("palette.png", "b.png");
    copy("palette.png", ".hidden.png");
    copy("palette.png", ".thumbnails/x.png");
    ImageDataset data = open(ImageFolderOptions.ofSize(5));
    // '.' sorts before '/', capitals before small letters
    List<String> order = List.of("bilevel.png", "palette.png", "rgb.png", "grey.png");
    assertEquals(4, data.size());
    for (int i = 0; i < 4; i++) {
      Path alone = Files.createDirectories(dir.resolveSibling(dir.getFileName() + "-" + i));
      Files.write(alone.resolve("x.png"), resource(order.get(i)));
      ImageDataset one = ImageFolderDataset.open(alone, ImageFolderOptions.ofSize(5), w -> {});
      assertArrayEquals(IdxDatasetTest.image(one, 0), IdxDatasetTest.image(data, i), "place " + i);
      Files.delete(alone.resolve("x.png"));
      Files.delete(alone);
    }
    assertEquals(List.of(), data.classNames());
    assertEquals(ImageDataset.NO_LABEL, data.label(0));
  }

  @Test
  void foldersCanBeClasses() throws IOException {
    copy("grey.png", "dogs/deep/1.png");
    copy("rgb.png", "cats/1.png");
    copy("rgb.png", "dogs/2.png");
    copy("cmyk.jpg", "empty/1.jpg");
    ImageFolderOptions options = new ImageFolderOptions(5, 3, 0xffffff, true);
    ImageDataset data = open(options);
    assertEquals(List.of("cats", "dogs"), data.classNames());
    assertEquals(List.of(0, 1, 1), List.of(data.label(0), data.label(1), data.label(2)));
    copy("rgb.png", "stray.png");
    assertMessage("stray.png: expected every image inside a folder that names its class", options);
  }

  @Test
  void aFolderWithoutReadableImagesIsAnError() throws IOException {
    ImageFolderOptions options = ImageFolderOptions.ofSize(8);
    assertMessage("expected PNG or JPEG images (.png, .jpg, .jpeg), found none", options);
    copy("cmyk.jpg", "cmyk.jpg");
    assertMessage("none of 1 images could be read", options);
    Path missing = dir.resolve("missing");
    assertTrue(
        assertThrows(
                DatasetException.class, () -> ImageFolderDataset.open(missing, options, w -> {}))
            .getMessage()
            .endsWith("missing: no such folder"));
  }

  @Test
  void aSetTooLargeForTheHeapIsRefusedBeforeItIsRead() {
    DatasetException e =
        assertThrows(
            DatasetException.class, () -> ImageStore.requireFits("emoji", 1L << 40, 64 * 64 * 3));
    assertTrue(e.getMessage().startsWith("emoji does not fit into memory"), e.getMessage());
  }

  @Test
  void optionsAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> ImageFolderOptions.ofSize(0));
    assertThrows(
        IllegalArgumentException.class, () -> new ImageFolderOptions(8, 2, 0xffffff, false));
    assertThrows(IllegalArgumentException.class, () -> new ImageFolderOptions(8, 3, -1, false));
  }

  private ImageFolderDataset open(ImageFolderOptions options) throws IOException {
    return ImageFolderDataset.open(dir, options, warning -> {});
  }

  private void assertMessage(String part, ImageFolderOptions options) {
    String message = assertThrows(DatasetException.class, () -> open(options)).getMessage();
    assertTrue(message.contains(part), message);
  }

  private void copy(String resource, String to) throws IOException {
    Path file = dir.resolve(to);
    Files.createDirectories(file.getParent());
    Files.write(file, resource(resource));
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = ImageFolderDatasetTest.class.getResourceAsStream("images/" + name)) {
      return in.readAllBytes();
    }
  }
}
