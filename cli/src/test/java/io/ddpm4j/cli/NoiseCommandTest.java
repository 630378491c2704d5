package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NoiseCommandTest {
  @TempDir Path dir;

  private Path picture(int width, int height, int type, int rgb) throws IOException {
    BufferedImage image = new BufferedImage(width, height, type);
    for (int i = 0; i < width * height; i++) {
      image.setRGB(i % width, i / width, rgb);
    }
    Path file = dir.resolve(width + "x" + height + "-" + type + ".png");
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  @Test
  void theFirstFrameIsTheImageAndTheLastIsNoise() throws IOException {
    Path image = picture(20, 10, BufferedImage.TYPE_INT_RGB, 0xC08040);
    Path out = dir.resolve("strip.png");
    CommandRun.of("noise", image, "-o", out, "--frames", 3, "--seed", 1)
        .succeeds()
        .prints(out, "image, 499, 999", "seed 1", "linear");
    BufferedImage strip = ImageIO.read(out.toFile());
    int scale = 96 / 20;
    assertEquals(3 * (20 * scale + 2) + 2, strip.getWidth());
    assertEquals(10 * scale + 4, strip.getHeight());
    assertEquals(0xC08040, strip.getRGB(10, 10) & 0xFFFFFF);
    int previous = -1;
    int changes = 0;
    for (int x = 2 * (20 * scale + 2) + 2; x < strip.getWidth() - 2; x += scale) {
      changes += strip.getRGB(x, 10) == previous ? 0 : 1;
      previous = strip.getRGB(x, 10);
    }
    assertEquals(20, changes, "every pixel of the last frame differs from its neighbour");
  }

  @Test
  void greyStaysGreyAsItIs() throws IOException {
    for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
      BufferedImage image = new BufferedImage(8, 8, type);
      int level = type == BufferedImage.TYPE_BYTE_GRAY ? 100 : 100 * 257;
      for (int i = 0; i < 64; i++) {
        image.getRaster().setSample(i % 8, i / 8, 0, level);
      }
      Path file = dir.resolve("grey.png");
      ImageIO.write(image, "png", file.toFile());
      Path out = dir.resolve("strip.png");
      CommandRun.of("noise", file, "-o", out).succeeds();
      BufferedImage strip = ImageIO.read(out.toFile());
      assertEquals(1, strip.getRaster().getNumBands());
      assertEquals(100, strip.getRaster().getSample(5, 5, 0));
    }
  }

  @Test
  void sizesAndSchedules() throws IOException {
    Path image = picture(400, 200, BufferedImage.TYPE_INT_RGB, 0x808080);
    Path out = dir.resolve("strip.png");
    CommandRun.of("noise", image, "-o", out).succeeds();
    assertEquals(8 * (128 + 2) + 2, ImageIO.read(out.toFile()).getWidth());
    CommandRun.of("noise", image, "-o", out, "--size", 100, "--schedule", "squaredcos_cap_v2")
        .succeeds()
        .prints("squaredcos_cap_v2");
    assertEquals(8 * (100 + 2) + 2, ImageIO.read(out.toFile()).getWidth());
    assertEquals(50 + 4, ImageIO.read(out.toFile()).getHeight());
    CommandRun.of(
            "noise", image, "-o", out, "--train-timesteps", 100, "--schedule", "scaled_linear")
        .succeeds()
        .prints("99");
  }

  @Test
  void unusableInput() throws IOException {
    Path out = dir.resolve("strip.png");
    CommandRun.of("noise", dir.resolve("no.png"), "-o", out).failsSaying("no.png", "no such file");
    Path text = Files.writeString(dir.resolve("text.png"), "no image");
    CommandRun.of("noise", text, "-o", out)
        .failsSaying(text, "expected a PNG or JPEG", "not a PNG or JPEG image");
    Path empty = Files.createFile(dir.resolve("empty.png"));
    CommandRun.of("noise", empty, "-o", out).failsSaying(empty, "the file is empty");
    byte[] whole = Files.readAllBytes(picture(64, 64, BufferedImage.TYPE_INT_RGB, 0x123456));
    Path cut = Files.write(dir.resolve("cut.png"), java.util.Arrays.copyOf(whole, 60));
    CommandRun.of("noise", cut, "-o", out).failsSaying(cut, "cannot be read: ");
    Path image = picture(8, 8, BufferedImage.TYPE_INT_RGB, 0);
    CommandRun.of("noise", image, "-o", out, "--schedule", "steep")
        .isWrongUsage("'--schedule'", "squaredcos_cap_v2", "found 'steep'");
    CommandRun.of("noise", image, "-o", out, "--beta-end", 2)
        .isWrongUsage("'--beta-end'", "above 0 and below 1");
    Path folder = Files.createDirectory(dir.resolve("folder.png"));
    CommandRun.of("noise", image, "-o", folder).failsSaying("-o", folder, "found a folder");
    CommandRun.of("noise", dir, "-o", out).failsSaying(dir + ": expected a PNG or JPEG image");
    CommandRun.of("noise").isWrongUsage("IMAGE");
    CommandRun.of("noise", image, "--frames", 1).isWrongUsage("--frames", "at least 2");
    CommandRun.of("noise", image, "-o", dir.resolve("x.jpg"))
        .isWrongUsage("-o: expected a file name that ends in .png, found '" + dir);
    CommandRun.of("noise", image, "-o", out, "--size", 1_000_000)
        .isWrongUsage("--size: expected a picture that fits into memory", "1000000x1000000");
    assertFalse(Files.exists(out));
  }

  @Test
  void asManyFramesAsTimestepsAndTheImage() throws IOException {
    Path image = picture(8, 8, BufferedImage.TYPE_INT_RGB, 0);
    Path out = dir.resolve("strip.png");
    Object[] ofTwenty = {"noise", image, "-o", out, "--train-timesteps", 20, "--frames"};
    CommandRun.of(Stream.of(ofTwenty, new Object[] {21}).flatMap(Stream::of).toArray())
        .succeeds()
        .prints("timesteps image, 0, 1, 2, 3, 4, ..., 19 (");
    CommandRun.of(Stream.of(ofTwenty, new Object[] {22}).flatMap(Stream::of).toArray())
        .isWrongUsage("--frames: expected at most 21 for 20 timesteps and the image, found 22");
  }

  @Test
  void whatIsTransparentIsWhite() throws IOException {
    Path colour = picture(8, 8, BufferedImage.TYPE_INT_ARGB, 0x00FF0000);
    assertEquals(0xFFFFFF, firstPixel(colour));
    assertEquals(0xFF7F7F, firstPixel(picture(8, 8, BufferedImage.TYPE_INT_ARGB, 0x80FF0000)));
    BufferedImage grey = greyWithAlpha(100, 51); // a fifth of 100, four fifths of white
    Path file = dir.resolve("grey.png");
    ImageIO.write(grey, "png", file.toFile());
    assertEquals(100 / 5 + 255 * 4 / 5, firstPixel(file) & 0xFF);
  }

  private static BufferedImage greyWithAlpha(int level, int alpha) {
    ComponentColorModel model =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_GRAY),
            true,
            false,
            Transparency.TRANSLUCENT,
            DataBuffer.TYPE_BYTE);
    WritableRaster raster = model.createCompatibleWritableRaster(8, 8);
    for (int i = 0; i < 64; i++) {
      raster.setPixel(i % 8, i / 8, new int[] {level, alpha});
    }
    return new BufferedImage(model, raster, false, null);
  }

  /** Of the first frame, as the file has it. */
  private int firstPixel(Path image) throws IOException {
    Path out = dir.resolve("strip.png");
    CommandRun.of("noise", image, "-o", out, "--frames", 2).succeeds();
    Raster raster = ImageIO.read(out.toFile()).getRaster();
    int rgb = 0;
    for (int band = 0; band < raster.getNumBands(); band++) {
      rgb = rgb << 8 | raster.getSample(5, 5, band);
    }
    return rgb;
  }
}
