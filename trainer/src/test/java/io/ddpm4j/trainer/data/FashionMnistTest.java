package io.ddpm4j.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The expected numbers were computed from the files with zlib and nothing else. */
class FashionMnistTest {

  @ParameterizedTest
  @CsvSource({
    "TRAIN, 60000, 76247, 16684, 2925911245, 785835114, 9",
    "TEST, 10000, 33456, 24390, 309494841, 606848831, 9"
  })
  void theRealFiles(
      Split split, int size, int firstSum, int lastSum, long pixels, long labels, int firstLabel)
      throws IOException {
    assumeTrue(
        Files.isDirectory(FashionMnist.DEBIAN_FOLDER),
        "skipped: Fashion-MNIST is not installed (apt install dataset-fashion-mnist)");
    ImageDataset data = FashionMnist.open(split, Optional.empty());
    assertEquals(size, data.size());
    assertEquals(784, data.imageBytes());
    assertEquals("fashion-mnist", data.name());
    assertEquals("ankle boot", data.classNames().get(data.label(0)));
    assertEquals(firstLabel, data.label(0));
    assertEquals(firstSum, sum(data, 0));
    assertEquals(lastSum, sum(data, size - 1));
    CRC32 pixelCrc = new CRC32();
    CRC32 labelCrc = new CRC32();
    for (int i = 0; i < size; i++) {
      pixelCrc.update(IdxDatasetTest.image(data, i));
      labelCrc.update(data.label(i));
    }
    assertEquals(pixels, pixelCrc.getValue());
    assertEquals(labels, labelCrc.getValue());
  }

  @Test
  void rawFilesInAFolderOfTheUsers(@TempDir Path dir) throws IOException {
    Files.write(
        dir.resolve("train-images-idx3-ubyte"),
        IdxDatasetTest.idx(0x803, IdxDatasetTest.counting(8), 2, 2, 2));
    Files.write(
        dir.resolve("train-labels-idx1-ubyte"), IdxDatasetTest.idx(0x801, new byte[] {7, 0}, 2));
    ImageDataset data = FashionMnist.open(Split.TRAIN, Optional.of(dir));
    assertEquals("sneaker", data.classNames().get(data.label(0)));
  }

  @Test
  void missingFilesAreExplained(@TempDir Path dir) {
    String message =
        assertThrows(DatasetException.class, () -> FashionMnist.open(Split.TEST, Optional.of(dir)))
            .getMessage();
    assertTrue(message.contains("t10k-images-idx3-ubyte"), message);
    assertTrue(message.contains(dir.toString()), message);
    assertTrue(message.contains("apt install dataset-fashion-mnist"), message);
    assertTrue(message.contains("--data-dir"), message);
  }

  private static long sum(ImageDataset data, int index) {
    long sum = 0;
    for (byte value : IdxDatasetTest.image(data, index)) {
      sum += value & 0xff;
    }
    return sum;
  }
}
