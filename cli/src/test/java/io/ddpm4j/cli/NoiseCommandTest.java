package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    CommandRun.of("noise", image, "-o", out, "--steps", 3, "--seed", 1)
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
    CommandRun.of("noise", text, "-o", out).failsSaying(text, "expected a PNG or JPEG");
    Path empty = Files.createFile(dir.resolve("empty.png"));
    CommandRun.of("noise", empty, "-o", out).failsSaying(empty, "an empty file");
    byte[] whole = Files.readAllBytes(picture(64, 64, BufferedImage.TYPE_INT_RGB, 0x123456));
    Path cut = Files.write(dir.resolve("cut.png"), java.util.Arrays.copyOf(whole, 60));
    CommandRun.of("noise", cut, "-o", out).failsSaying(cut, "damaged");
    Path image = picture(8, 8, BufferedImage.TYPE_INT_RGB, 0);
    CommandRun.of("noise", image, "-o", out, "--schedule", "steep")
        .failsSaying("beta_schedule", "squaredcos_cap_v2", "steep");
    CommandRun.of("noise", image, "-o", out, "--beta-end", 2).failsSaying("beta");
    CommandRun.of("noise", image, "-o", dir).failsSaying("-o", dir);
    CommandRun.of("noise").isWrongUsage("IMAGE");
    CommandRun.of("noise", image, "--steps", 1).isWrongUsage("--steps", "at least 2");
  }
}
