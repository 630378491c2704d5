package io.ddpm4j.runtime.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ddpm4j.runtime.TestPipes;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Node;

class ImageTest {
  @TempDir Path folder;

  @Test
  void valuesBecomeTheNearestLevel() {
    ValueRange signed = ValueRange.SIGNED;
    assertEquals(0, signed.toByte(-1));
    assertEquals(255, signed.toByte(1));
    assertEquals(128, signed.toByte(0)); // 127.5 rounds up
    assertEquals(0, signed.toByte(-7));
    assertEquals(255, signed.toByte(Double.POSITIVE_INFINITY));
    assertEquals(0, signed.toByte(Double.NaN));
    assertEquals(64, new ValueRange(0, 1).toByte(0.25));
    assertThrows(IllegalArgumentException.class, () -> new ValueRange(1, 1));
  }

  @Test
  void everyByteSurvivesTheWayToFloatsAndBack() {
    byte[] levels = new byte[256];
    for (int i = 0; i < 256; i++) {
      levels[i] = (byte) i;
    }
    assertArrayEquals(levels, ImageBatch.ofBytes(levels, 1, 1, 16, 16).bytes(0));
  }

  @Test
  void picturesHaveTheLevelsOfTheirValues() throws IOException {
    byte[] levels = new byte[3 * 2 * 2];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) (i * 20);
    }
    ImageBatch batch = ImageBatch.ofBytes(levels, 1, 3, 2, 2);
    List<Path> files = batch.writePngs(folder, "x-");
    BufferedImage read = ImageIO.read(files.get(0).toFile());
    assertEquals("x-00000.png", files.get(0).getFileName().toString());
    assertEquals(0xFF << 24 | 20 << 16 | 100 << 8 | 180, read.getRGB(1, 0));
    assertArrayEquals(levels, ImageBatch.ofImage(read, 3).bytes(0));

    ImageBatch grey = ImageBatch.ofBytes(new byte[] {0, 50, 100, (byte) 200}, 1, 1, 2, 2);
    BufferedImage greyRead = ImageIO.read(grey.writePngs(folder, "g-").get(0).toFile());
    assertEquals(BufferedImage.TYPE_BYTE_GRAY, greyRead.getType());
    assertArrayEquals(grey.bytes(0), ImageBatch.ofImage(greyRead, 1).bytes(0));
  }

  @Test
  void deepGreyAndTransparentPicturesKeepTheirLevels() {
    BufferedImage deep = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(0, 0, 0, 100 * 257);
    deep.getRaster().setSample(1, 0, 0, 65535);
    assertArrayEquals(new byte[] {100, -1}, ImageBatch.ofImage(deep, 1).bytes(0));
    BufferedImage clear = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    clear.setRGB(0, 0, 0x00FFFFFF);
    clear.setRGB(1, 0, 0xFF0A141E);
    assertArrayEquals(new byte[] {-1, 10, -1, 20, -1, 30}, ImageBatch.ofImage(clear, 3).bytes(0));
    assertArrayEquals(
        new byte[] {1, 10, 2, 20, 3, 30}, ImageBatch.ofImage(clear, 3, 0x010203).bytes(0));
  }

  /** One half-transparent level of 100 on white and on black, in every way to say it. */
  @Test
  void everyTypeOfPictureIsFlattenedAlike() {
    BufferedImage argb = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
    BufferedImage abgr = new BufferedImage(1, 1, BufferedImage.TYPE_4BYTE_ABGR);
    BufferedImage multiplied = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB_PRE);
    IndexColorModel palette =
        new IndexColorModel(8, 1, new byte[] {100}, new byte[] {100}, new byte[] {100}, half());
    BufferedImage indexed = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
    for (BufferedImage image : List.of(argb, abgr, multiplied)) {
      image.setRGB(0, 0, 0x80646464);
    }
    BufferedImage grey = greyWithAlpha(DataBuffer.TYPE_BYTE, false, 100, 128);
    BufferedImage deep = greyWithAlpha(DataBuffer.TYPE_USHORT, false, 100 * 257, 128 * 257);
    BufferedImage deepMultiplied =
        greyWithAlpha(DataBuffer.TYPE_USHORT, true, 50 * 257 + 50, 128 * 257);
    for (BufferedImage image :
        List.of(argb, abgr, multiplied, indexed, grey, deep, deepMultiplied)) {
      assertEquals(177, ImageBatch.ofImage(image, 1).bytes(0)[0] & 0xFF, 1, image.toString());
      assertEquals(50, ImageBatch.ofImage(image, 1, 0).bytes(0)[0] & 0xFF, 1, image.toString());
    }
  }

  private static byte[] half() {
    return new byte[] {(byte) 128};
  }

  private static BufferedImage greyWithAlpha(int type, boolean multiplied, int level, int alpha) {
    ComponentColorModel model =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_GRAY),
            true,
            multiplied,
            Transparency.TRANSLUCENT,
            type);
    WritableRaster raster = model.createCompatibleWritableRaster(1, 1);
    raster.setPixel(0, 0, new int[] {level, alpha});
    return new BufferedImage(model, raster, multiplied, null);
  }

  @Test
  void filesAreNamedByTheNumberOfTheImage() throws IOException {
    ImageBatch batch = ofSize(3, 8).withFirstImage(99_998);
    List<Path> files = batch.writePngs(folder.resolve("new/folder"), "x-");
    assertEquals(
        List.of("x-99998.png", "x-99999.png", "x-100000.png"),
        files.stream().map(file -> file.getFileName().toString()).toList());
    assertEquals(Map.of("Image", "99999"), readText(files.get(1)));
    assertEquals(99_999, batch.slice(1, 2).firstImage());
    assertEquals(0, ofSize(3, 8).firstImage());
  }

  @Test
  void aGridHasTheImagesRowByRow() {
    byte[] levels = {10, 20, 30, 40, 50};
    ImageBatch batch = ImageBatch.ofBytes(levels, 5, 1, 1, 1);
    BufferedImage grid = new ImageGrid(3, 1, 2).render(batch);
    assertEquals(3 * 3 + 1, grid.getWidth());
    assertEquals(2 * 3 + 1, grid.getHeight());
    assertEquals(255, grid.getRaster().getSample(0, 0, 0));
    assertEquals(10, grid.getRaster().getSample(1, 1, 0));
    assertEquals(10, grid.getRaster().getSample(2, 2, 0));
    assertEquals(255, grid.getRaster().getSample(3, 1, 0));
    assertEquals(20, grid.getRaster().getSample(4, 1, 0));
    assertEquals(50, grid.getRaster().getSample(4, 4, 0));
    assertEquals(255, grid.getRaster().getSample(7, 4, 0));
    assertEquals(new ImageGrid(4, 2, 3), ImageGrid.fitting(ofSize(16, 28)));
    assertEquals(1, ImageGrid.fitting(ofSize(1, 200)).scale());
  }

  private static ImageBatch ofSize(int images, int extent) {
    return ImageBatch.of(
        new float[images * extent * extent], ValueRange.SIGNED, images, 1, extent, extent);
  }

  @Test
  void parametersStandInTheFile() throws IOException {
    Map<String, String> text = Map.of("Seed", "42", "Model", "a \"b\" <c>", "Class", "鞋");
    Path file = folder.resolve("grid.png");
    ofSize(4, 8).withText(text).writeGrid(file);
    assertEquals(text, readText(file));
    try (var files = Files.list(file.getParent())) {
      assertEquals(List.of(file), files.toList(), "no temporary file stays");
    }
    ofSize(4, 8).writeGrid(file); // replaces
    assertEquals(Map.of(), readText(file));
  }

  private static Map<String, String> readText(Path file) throws IOException {
    ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
    Map<String, String> text = new HashMap<>();
    try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
      reader.setInput(in);
      Node root = reader.getImageMetadata(0).getAsTree("javax_imageio_png_1.0");
      for (Node chunk = root.getFirstChild(); chunk != null; chunk = chunk.getNextSibling()) {
        for (Node entry = chunk.getFirstChild(); entry != null; entry = entry.getNextSibling()) {
          if (entry.getNodeName().endsWith("XtEntry") || entry.getNodeName().equals("tEXtEntry")) {
            Node value = entry.getAttributes().getNamedItem("value");
            text.put(
                entry.getAttributes().getNamedItem("keyword").getNodeValue(),
                (value == null ? entry.getAttributes().getNamedItem("text") : value)
                    .getNodeValue());
          }
        }
      }
    } finally {
      reader.dispose();
    }
    return text;
  }

  @Test
  void aTargetThatCannotBeWrittenIsNamed() throws IOException {
    Path plain = Files.writeString(folder.resolve("plain"), "");
    IOException e =
        assertThrows(IOException.class, () -> ofSize(1, 8).writeGrid(plain.resolve("out.png")));
    assertTrue(e.getMessage().startsWith("cannot write " + plain.resolve("out.png") + ": "));
    assertFalse(e.getMessage().contains("\n"));

    Path directory = Files.createDirectories(folder.resolve("d.png/full"));
    e = assertThrows(IOException.class, () -> ofSize(1, 8).writeGrid(directory.getParent()));
    assertTrue(e.getMessage().startsWith("cannot write "), e.getMessage());
    Path missing = folder.resolve("missing");
    e = assertThrows(IOException.class, () -> ofSize(1, 8).writeGrid(missing.resolve("out.png")));
    assertEquals(
        "cannot write " + missing.resolve("out.png") + ": there is no folder " + missing,
        e.getMessage());
    e = assertThrows(IOException.class, () -> ofSize(1, 8).writePngs(plain, "x"));
    assertEquals(
        "cannot make the folder " + plain + ": " + plain + " is no folder", e.getMessage());
    try (var files = Files.list(folder)) {
      assertFalse(files.anyMatch(file -> file.toString().endsWith(".tmp")));
    }
  }

  @Test
  void aPipeIsRefusedAndStays() throws Exception {
    Path pipe = TestPipes.make(folder.resolve("pipe.png"));
    IOException e = assertThrows(IOException.class, () -> ofSize(1, 8).writeGrid(pipe));
    assertEquals("cannot write " + pipe + ": it exists and is no regular file", e.getMessage());
    assertTrue(Files.readAttributes(pipe, BasicFileAttributes.class).isOther());
  }

  @Test
  void aLinkIsFollowedAndStays() throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path target = elsewhere.resolve("real.png");
    Path link = folder.resolve("link.png");
    try {
      Files.createSymbolicLink(link, Path.of("elsewhere/real.png"));
    } catch (IOException | UnsupportedOperationException e) {
      assumeTrue(false, "skipped: no symbolic links here");
    }
    for (int time = 0; time < 2; time++) { // at first nothing is there
      ofSize(1, 8).writeGrid(link);
      assertTrue(Files.isSymbolicLink(link));
      assertTrue(Files.isRegularFile(target));
    }
    Path round = Files.createSymbolicLink(folder.resolve("round.png"), Path.of("round.png"));
    assertThrows(IOException.class, () -> ofSize(1, 8).writeGrid(round));
    assertTrue(Files.isSymbolicLink(round));
  }

  @Test
  void aPictureHasThePermissionsOfAnyNewFile() throws IOException {
    assumeTrue(
        Files.getFileStore(folder).supportsFileAttributeView("posix"), "skipped: no permissions");
    Path plain = Files.writeString(folder.resolve("plain"), "");
    ofSize(1, 8).writeGrid(folder.resolve("x.png"));
    assertEquals(
        Files.getPosixFilePermissions(plain),
        Files.getPosixFilePermissions(folder.resolve("x.png")));
  }

  @Test
  void parametersThatCostTimeAreAskedForOnlyWhenNeeded() throws IOException {
    int[] asked = new int[1];
    ImageBatch batch =
        ofSize(2, 8)
            .withText(
                () -> {
                  asked[0]++;
                  return Map.of("Seed", "7");
                });
    batch.slice(0, 1).withFirstImage(3).toGrid();
    assertEquals(0, asked[0]);
    Path file = batch.writePngs(folder, "x").get(1);
    assertEquals(1, asked[0]);
    assertEquals(Map.of("Seed", "7", "Image", "1"), readText(file));
  }

  @Test
  void aFolderThatTakesNoFilesIsNamed() {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")), "skipped: no /proc here");
    IOException e =
        assertThrows(
            IOException.class, () -> ofSize(1, 8).writeGrid(Path.of("/proc/self/out.png")));
    assertTrue(e.getMessage().startsWith("cannot write /proc/self/out.png: "), e.getMessage());
  }

  @Test
  void keywordsMustFitAChunk() {
    assertThrows(
        IllegalArgumentException.class,
        () -> PngWriter.encode(ofSize(1, 2).toGrid(), Map.of("x".repeat(80), "y")));
  }

  @Test
  void shapesMustFitTheirValues() {
    assertThrows(
        IllegalArgumentException.class,
        () -> ImageBatch.of(new float[5], ValueRange.SIGNED, 1, 1, 2, 2));
    assertThrows(
        IllegalStateException.class,
        () -> ImageBatch.of(new float[8], ValueRange.SIGNED, 1, 2, 2, 2).toBufferedImage(0));
    assertThrows(IndexOutOfBoundsException.class, () -> ofSize(2, 2).values(2));
    Exception none = assertThrows(IllegalArgumentException.class, () -> ImageBatch.join());
    assertEquals("images: expected at least one batch, found none", none.getMessage());
  }
}
