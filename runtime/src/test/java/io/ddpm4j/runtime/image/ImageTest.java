package io.ddpm4j.runtime.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    assertArrayEquals(new byte[] {0, 10, 0, 20, 0, 30}, ImageBatch.ofImage(clear, 3).bytes(0));
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
    Path file = folder.resolve("new/folder/grid.png");
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
    try (var files = Files.list(folder)) {
      assertFalse(files.anyMatch(file -> file.toString().endsWith(".tmp")));
    }
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
  }
}
