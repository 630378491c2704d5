package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.IntBinaryOperator;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageFilesTest {
  @TempDir Path dir;

  private Path picture(int width, int height, IntBinaryOperator level) throws IOException {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.getRaster().setSample(x, y, 0, level.applyAsInt(x, y));
      }
    }
    Path file = dir.resolve("picture.png");
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private static byte[] fitted(Path file, int height, int width) throws IOException {
    ImageBatch batch = ImageFiles.fitted(file, new ImageShape(1, height, width));
    assertEquals(height, batch.height());
    assertEquals(width, batch.width());
    return batch.bytes(0);
  }

  /** Width and height of the picture, then height and width that a model has. */
  @ParameterizedTest
  @CsvSource({
    "30,10,5,5",
    "10,30,5,5",
    "31,10,20,20",
    "64,8,8,8",
    "24,24,16,8",
    "9,9,2,6",
    "3,9,8,8"
  })
  void onlyTheMiddleIsSeen(int width, int height, int rows, int columns) throws IOException {
    double pixel = Math.min((double) width / columns, (double) height / rows);
    double left = (width - pixel * columns) / 2;
    double top = (height - pixel * rows) / 2;
    Path file =
        picture(
            width,
            height,
            (x, y) ->
                x >= Math.floor(left)
                        && x < Math.ceil(width - left)
                        && y >= Math.floor(top)
                        && y < Math.ceil(height - top)
                    ? 200
                    : 0);
    for (byte level : fitted(file, rows, columns)) {
      assertEquals(200, level & 0xFF);
    }
  }

  @Test
  void whatHasTheSizeStaysAndWhatHasNotIsAveraged() throws IOException {
    byte[] levels = new byte[24];
    for (int i = 0; i < 24; i++) {
      levels[i] = (byte) (10 * i);
    }
    assertArrayEquals(levels, fitted(picture(6, 4, (x, y) -> 10 * (6 * y + x)), 4, 6));
    Path checked = picture(32, 32, (x, y) -> (x + y) % 2 * 254);
    for (byte level : fitted(checked, 4, 4)) {
      assertEquals(127, level & 0xFF, 1, "grey is what a fine pattern looks like from afar");
    }
  }

  /** Enlarged as a whole to 512 pixels of width it would have 5 million rows. */
  @Test
  void aThinPictureIsCroppedBeforeItIsEnlarged() throws IOException {
    Path thin = picture(1, 9999, (x, y) -> y == 4999 ? 90 : 0);
    for (byte level : fitted(thin, 512, 512)) {
      assertEquals(90, level & 0xFF);
    }
  }

  @Test
  void aSizeThatMemoryDoesNotHoldIsThatOfTheModel() throws IOException {
    Path file = picture(1, 1, (x, y) -> 0);
    ImageShape vast = new ImageShape(1, 1 << 16, 1 << 16);
    String said =
        assertThrows(UsageException.class, () -> ImageFiles.fitted(file, vast)).getMessage();
    assertTrue(said.startsWith("--image-size: expected a picture that fits into memory"), said);
  }
}
