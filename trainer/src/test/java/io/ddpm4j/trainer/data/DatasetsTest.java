package io.ddpm4j.trainer.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetsTest {
  @TempDir Path dir;

  @Test
  void shapesOfAnySize() throws IOException {
    assertEquals(32, open("shapes", DatasetOptions.DEFAULTS).width());
    ImageDataset small = open("shapes", DatasetOptions.DEFAULTS.withImageSize(16));
    assertEquals(16, small.height());
    assertEquals(1000, open("shapes", DatasetOptions.DEFAULTS.withSplit(Split.TEST)).size());
    assertMessage(
        "shapes: expected shapes of 8 to 512", "shapes", DatasetOptions.DEFAULTS.withImageSize(3));
  }

  @Test
  void fashionMnistFromAFolder() throws IOException {
    Files.write(
        dir.resolve("train-images-idx3-ubyte"),
        IdxDatasetTest.idx(0x803, IdxDatasetTest.counting(4), 1, 2, 2));
    Files.write(
        dir.resolve("train-labels-idx1-ubyte"), IdxDatasetTest.idx(0x801, new byte[] {3}, 1));
    DatasetOptions options = DatasetOptions.DEFAULTS.withDataDir(dir);
    ImageDataset data = open("fashion-mnist", options);
    assertEquals("dress", data.classNames().get(data.label(0)));
    assertMessage("--data-dir", "fashion-mnist", options.withSplit(Split.TEST));
  }

  @Test
  void emojiOfAnySizeFromAFolder() {
    DatasetOptions options = DatasetOptions.DEFAULTS.withDataDir(dir);
    assertMessage("no package.json of emoji-datasource-google in " + dir, "emoji", options);
    assertMessage("emoji: expected an image size of 1 to", "emoji", options.withImageSize(5000));
  }

  @Test
  void anIdxFileWithAndWithoutLabels() throws IOException {
    Path images =
        Files.write(
            dir.resolve("i.idx"), IdxDatasetTest.idx(0x803, IdxDatasetTest.counting(4), 1, 2, 2));
    Path labels = Files.write(dir.resolve("l.idx"), IdxDatasetTest.idx(0x801, new byte[] {1}, 1));
    assertEquals(List.of(), open(images.toString(), DatasetOptions.DEFAULTS).classNames());
    ImageDataset labelled = open(images.toString(), DatasetOptions.DEFAULTS.withLabels(labels));
    assertEquals(1, labelled.label(0));
  }

  @Test
  void aFolderOfImages() throws IOException {
    Files.createDirectories(dir.resolve("red"));
    BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
    ImageIO.write(image, "png", dir.resolve("red/1.png").toFile());
    ImageDataset data =
        open(
            dir.toString(),
            DatasetOptions.DEFAULTS
                .withImageSize(8)
                .withChannels(1)
                .withBackground(0)
                .withLabelsFromFolders(true));
    assertInstanceOf(ImageFolderDataset.class, data);
    assertEquals(64, data.imageBytes());
    assertEquals(List.of("red"), data.classNames());
  }

  @Test
  void theUnknownIsAnsweredWithWhatIsLegal() {
    for (String source : new String[] {"cifar", "", "\0"}) {
      assertMessage(
          "unknown data set '"
              + source
              + "': expected emoji, fashion-mnist, shapes, a folder of PNG or JPEG images, or an idx file",
          source,
          DatasetOptions.DEFAULTS);
    }
  }

  @Test
  void optionsThatDoNotApplyAreRefused() {
    DatasetOptions none = DatasetOptions.DEFAULTS;
    assertMessage("--labels does not apply to data set shapes", "shapes", none.withLabels(dir));
    assertMessage("--data-dir does not apply", "shapes", none.withDataDir(dir));
    assertMessage("--channels does not apply", "shapes", none.withChannels(1));
    assertMessage("--background does not apply", "emoji", none.withBackground(0));
    assertMessage("--labels does not apply", "emoji", none.withLabels(dir));
    assertMessage("the test split does not apply", "emoji", none.withSplit(Split.TEST));
    assertMessage("--image-size does not apply", "fashion-mnist", none.withImageSize(32));
    assertMessage("--labels does not apply", dir.toString(), none.withLabels(dir));
    assertMessage("the test split does not apply", dir.toString(), none.withSplit(Split.TEST));
    assertMessage("expected 1 or 3 channels", dir.toString(), none.withChannels(2));
  }

  private static ImageDataset open(String source, DatasetOptions options) throws IOException {
    return Datasets.open(source, options, warning -> {});
  }

  private static void assertMessage(String part, String source, DatasetOptions options) {
    String message = assertThrows(DatasetException.class, () -> open(source, options)).getMessage();
    assertTrue(message.contains(part), message);
  }
}
