package io.ddpm4j.trainer.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Large pictures; what small ones become stands in {@link ImageFolderDatasetTest}. */
class ImageDecoderTest {
  @TempDir Path dir;

  private static final DecodeMemory ENOUGH = new DecodeMemory(1 << 30);

  private static BufferedImage noise(int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(5);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, random.nextInt());
      }
    }
    return image;
  }

  private Path png(String name, BufferedImage image) throws IOException {
    Path file = dir.resolve(name);
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private Path resource(String name) throws IOException {
    Path file = dir.resolve(name);
    try (InputStream in = getClass().getResourceAsStream("images/" + name)) {
      Files.copy(in, file);
    }
    return file;
  }

  /** The pixel in the middle of each quarter, row by row. */
  private static int[] quarters(BufferedImage image) {
    int w = image.getWidth();
    int h = image.getHeight();
    return new int[] {
      image.getRGB(w / 4, h / 4),
      image.getRGB(3 * w / 4, h / 4),
      image.getRGB(w / 4, 3 * h / 4),
      image.getRGB(3 * w / 4, 3 * h / 4)
    };
  }

  /** The file with an Exif segment that says how the camera was held. */
  private Path held(Path jpeg, int orientation) throws IOException {
    byte[] file = Files.readAllBytes(jpeg);
    ByteBuffer exif = ByteBuffer.allocate(36);
    exif.putShort((short) 0xffe1).putShort((short) 34).put("Exif\0\0MM\0*".getBytes("ASCII"));
    exif.putInt(8).putShort((short) 1).putShort((short) 0x0112).putShort((short) 3).putInt(1);
    exif.putShort((short) orientation).putShort((short) 0).putInt(0);
    Path result = dir.resolve("held-" + orientation + ".jpg");
    try (var out = Files.newOutputStream(result)) {
      out.write(file, 0, 2);
      out.write(exif.array());
      out.write(file, 2, file.length - 2);
    }
    return result;
  }

  /** Which quarter of the stored picture lies at the top left, top right, bottom left, ... */
  @ParameterizedTest
  @CsvSource({
    "1, 0123", "2, 1032", "3, 3210", "4, 2301", "5, 0213", "6, 2031", "7, 3120", "8, 1302"
  })
  void picturesStandUpright(int orientation, String quarters) throws IOException {
    BufferedImage stored = new BufferedImage(32, 16, BufferedImage.TYPE_INT_RGB);
    int[] colours = {0xff0000, 0x00ff00, 0x0000ff, 0xffff00};
    for (int i = 0; i < 32 * 16; i++) {
      stored.setRGB(i % 32, i / 32, colours[i / 256 * 2 + i % 32 / 16]);
    }
    Path jpeg = dir.resolve("stored.jpg");
    ImageIO.write(stored, "jpg", jpeg.toFile());
    BufferedImage read = ImageDecoder.picture(held(jpeg, orientation));
    assertEquals(orientation < 5 ? 32 : 16, read.getWidth());
    assertEquals(orientation < 5 ? 16 : 32, read.getHeight());
    int[] found = quarters(read);
    for (int i = 0; i < 4; i++) {
      int expected = colours[quarters.charAt(i) - '0'];
      for (int shift = 0; shift < 24; shift += 8) { // JPEG is not exact
        assertEquals(expected >> shift & 0xff, found[i] >> shift & 0xff, 40, "quarter " + i);
      }
    }
  }

  @Test
  void picturesHaveTheSamplesOfTheirFiles() throws IOException {
    BufferedImage image = noise(7, 5);
    BufferedImage read = ImageDecoder.picture(png("rgb.png", image));
    assertEquals(BufferedImage.TYPE_INT_RGB, read.getType());
    for (int i = 0; i < 35; i++) {
      assertEquals(image.getRGB(i % 7, i / 7), read.getRGB(i % 7, i / 7));
    }
    BufferedImage grey = new BufferedImage(7, 5, BufferedImage.TYPE_USHORT_GRAY);
    grey.getRaster().setSample(3, 2, 0, 100 * 257);
    read = ImageDecoder.picture(png("grey.png", grey));
    assertEquals(BufferedImage.TYPE_BYTE_GRAY, read.getType());
    assertEquals(100, read.getRaster().getSample(3, 2, 0));
    BufferedImage clear = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    clear.setRGB(1, 0, 0x80ff0000);
    read = ImageDecoder.picture(png("clear.png", clear));
    assertEquals(0xffffff, read.getRGB(0, 0) & 0xffffff);
    assertEquals(0xff7f7f, read.getRGB(1, 0) & 0xffffff);
  }

  @Test
  void whatTrainingSkipsIsNoPictureEither() throws IOException {
    Path bmp = dir.resolve("a.png");
    ImageIO.write(noise(4, 4), "bmp", bmp.toFile());
    String said = ": expected a PNG or JPEG image, found one that cannot be read: ";
    for (Path file : new Path[] {bmp, resource("cmyk.jpg")}) {
      String reason =
          assertThrows(
                  IOException.class,
                  () -> new ImageDecoder(ImageFolderOptions.ofSize(4), ENOUGH).decode(file))
              .getMessage();
      String message =
          assertThrows(IOException.class, () -> ImageDecoder.picture(file)).getMessage();
      assertTrue(message.startsWith(file + said + reason), message);
    }
    assertEquals(
        "permission denied", ImageDecoder.reason(new AccessDeniedException("photos/grey.png")));
  }

  @Test
  void ofHugePicturesEveryNthPixelIsShown() throws IOException {
    BufferedImage read = ImageDecoder.picture(bomb(20_000, 10_000));
    assertEquals(20_000 / 3, read.getWidth());
    assertEquals(10_000 / 3, read.getHeight());
    assertEquals(200, read.getRaster().getSample(6000, 3000, 0));
  }

  /** The decoder must take the pixels in the middle of squares of {@code step} pixels. */
  @ParameterizedTest
  @CsvSource({
    "64, 64, 4, 4096, 1",
    "64, 64, 4, 4095, 2",
    "64, 64, 4, 500, 3",
    "90, 61, 4, 500, 3",
    "61, 90, 3, 100, 7",
    "64, 64, 20, 100, 1",
    "64, 64, 10, 100, 3"
  })
  void ofLargePicturesEveryNthPixelIsTaken(int width, int height, int size, long whole, int step)
      throws IOException {
    BufferedImage image = noise(width, height);
    int side = Math.min(width, height) / step;
    int left = (width - side * step) / 2 + step / 2;
    int top = (height - side * step) / 2 + step / 2;
    BufferedImage thin = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        thin.setRGB(x, y, image.getRGB(left + x * step, top + y * step));
      }
    }
    ImageFolderOptions options = ImageFolderOptions.ofSize(size);
    assertArrayEquals(
        new ImageDecoder(options, ENOUGH).decode(png("thin.png", thin)),
        new ImageDecoder(options, ENOUGH, whole).decode(png("large.png", image)));
  }

  /** A grey PNG file of one value: a few hundred kB for as many pixels as one likes. */
  private Path bomb(int width, int height) throws IOException {
    int rows = height / 100; // packed once, repeated a hundred times
    byte[] band = new byte[rows * (1 + width)];
    Arrays.fill(band, (byte) 200);
    for (int y = 0; y < rows; y++) {
      band[y * (1 + width)] = 0; // no filter
    }
    byte[] packed = new byte[band.length + 100];
    Deflater deflater = new Deflater(9, true);
    deflater.setInput(band);
    int length = deflater.deflate(packed, 0, packed.length, Deflater.FULL_FLUSH);
    deflater.end();
    Adler32 checksum = new Adler32();
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    data.write(new byte[] {0x78, 0x01}); // zlib's header
    for (int i = 0; i < 100; i++) {
      data.write(packed, 0, length);
      checksum.update(band);
    }
    data.write(new byte[] {3, 0}); // an empty last block
    data.write(ByteBuffer.allocate(4).putInt(0, (int) checksum.getValue()).array());
    return png(width, height, data.toByteArray());
  }

  private Path png(int width, int height, byte[] data) throws IOException {
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(height).put((byte) 8);
    Path file = dir.resolve(width + "x" + height + ".png");
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
      out.writeLong(0x89504e470d0a1a0aL);
      chunk(out, "IHDR", header.array());
      chunk(out, "IDAT", data);
      chunk(out, "IEND", new byte[0]);
    }
    return file;
  }

  private static void chunk(DataOutputStream out, String type, byte[] data) throws IOException {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data);
    out.writeInt(data.length);
    out.write(name);
    out.write(data);
    out.writeInt((int) crc.getValue());
  }

  @Test
  void aHugePictureIsReadInLittleMemory() throws IOException {
    ImageFolderOptions options = new ImageFolderOptions(8, 1, 0, false);
    DecodeMemory little = new DecodeMemory(50 << 20);
    byte[] expected = new byte[64];
    Arrays.fill(expected, (byte) 200);
    assertArrayEquals(expected, new ImageDecoder(options, little).decode(bomb(20_000, 20_000)));
  }

  @Test
  void whatIsStillTooLargeIsSaid() throws IOException {
    ImageFolderOptions options = new ImageFolderOptions(8, 1, 0, false);
    Path file = bomb(3000, 3000);
    ImageDecoder poor = new ImageDecoder(options, new DecodeMemory(4 << 20));
    String message = assertThrows(IOException.class, () -> poor.decode(file)).getMessage();
    assertEquals(
        "too large: decoding it needs 9 MiB, this heap has 4 MiB for that; raise -Xmx", message);
    Path wide = png(300_000, 4000, new byte[0]);
    ImageDecoder rich = new ImageDecoder(options, ENOUGH);
    message = assertThrows(IOException.class, () -> rich.decode(wide)).getMessage();
    assertEquals("too large: 300000x4000 pixels", message);
  }

  @Test
  void threadsWaitForEachOthersMemory() throws IOException {
    ImageFolderOptions options = new ImageFolderOptions(8, 1, 0, false);
    Path file = bomb(1000, 1000);
    ImageDecoder decoder = new ImageDecoder(options, new DecodeMemory(1200 << 10));
    assertTrue(
        IntStream.range(0, 16)
            .parallel()
            .allMatch(
                i -> {
                  try {
                    return decoder.decode(file)[0] == (byte) 200;
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                }));
  }
}
