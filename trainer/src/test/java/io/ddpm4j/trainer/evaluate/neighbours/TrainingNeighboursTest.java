package io.ddpm4j.trainer.evaluate.neighbours;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.ImageGrid;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureOptions;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.NetworkOutput;
import io.ddpm4j.trainer.evaluate.features.Networks;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class TrainingNeighboursTest {
  private static final Work WORK = Work.quiet();
  private static final int SIZE = 3 * 8 * 8;

  private final ImageDataset data = new ShapesDataset(1300, 8, 2); // more than two pieces

  /** Training images with one pixel changed: each is nearest to what it was made from. */
  private ImageBatch nearly(int... images) {
    byte[] levels = new byte[images.length * SIZE];
    for (int i = 0; i < images.length; i++) {
      data.read(images[i], levels, i * SIZE);
      levels[i * SIZE + 30] ^= 16;
    }
    return ImageBatch.ofBytes(levels, images.length, 3, 8, 8);
  }

  /** The means of the channels: few numbers, and different from the pixels. */
  private static FeatureNetwork means() throws IOException {
    byte[] model =
        Networks.model(
            DataType.FLOAT,
            Shape.named("n", 3, 8, 8),
            Map.of("ddpm4j.image", "{\"value_range\": [0, 255]}"),
            (ops, images) -> ops.graph().output("features", ops.reduceMean(images, false, 2, 3)));
    return FeatureNetwork.open(
        model, "net.onnx", FeatureOptions.defaults(), new SessionSettings(Device.cpu(), 1));
  }

  @Test
  void pixelsFindTheImageThatWasCopied() {
    ImageBatch samples = nearly(0, 511, 512, 1299);
    TrainingNeighbours found = TrainingNeighbours.byPixels(samples, data, 3, WORK);
    int[] expected = {0, 511, 512, 1299};
    for (int sample = 0; sample < 4; sample++) {
      assertEquals(expected[sample], found.image(sample, 0));
      assertEquals(16 / Math.sqrt(SIZE), found.distance(sample, 0), 1e-9);
    }
  }

  @Test
  void theyAreThoseOfAllDistancesSorted() throws IOException {
    ImageBatch samples = nearly(17, 800);
    try (FeatureNetwork network = means()) {
      Features all = network.extract(data, WORK).features();
      Features wanted = network.extract(samples, WORK).features();
      TrainingNeighbours streamed = TrainingNeighbours.byFeatures(network, samples, data, 5, WORK);
      TrainingNeighbours cached =
          TrainingNeighbours.byFeatures(
              sink -> {
                sink.take(0, output(all.slice(0, 7)));
                sink.take(7, output(all.slice(7, all.count() - 7)));
              },
              network,
              samples,
              data,
              5,
              WORK);
      for (int rows : new int[] {all.count() - 1, 0}) { // too few
        assertThrows(
            IllegalArgumentException.class,
            () ->
                TrainingNeighbours.byFeatures(
                    sink -> {
                      if (rows > 0) {
                        sink.take(0, output(all.slice(0, rows)));
                      }
                    },
                    network,
                    samples,
                    data,
                    5,
                    WORK));
      }
      for (int sample = 0; sample < 2; sample++) {
        boolean[] taken = new boolean[data.size()];
        for (int rank = 0; rank < 5; rank++) {
          int best = -1;
          for (int i = 0; i < data.size(); i++) {
            boolean nearer =
                best < 0
                    || wanted.squaredDistance(sample, all, i)
                        < wanted.squaredDistance(sample, all, best);
            best = !taken[i] && nearer ? i : best;
          }
          taken[best] = true;
          assertEquals(best, streamed.image(sample, rank));
          assertEquals(best, cached.image(sample, rank));
          assertEquals(
              Math.sqrt(wanted.squaredDistance(sample, all, best)),
              streamed.distance(sample, rank));
        }
      }
    }
  }

  @Test
  void thePictureShowsEachSampleAndItsNeighbours() {
    ImageBatch samples = nearly(5, 900, 1000);
    TrainingNeighbours found = TrainingNeighbours.byPixels(samples, data, 4, WORK);
    BufferedImage picture = found.picture();
    ImageGrid layout = ImageGrid.ofColumns(samples, 4);
    int scale = layout.scale();
    int pad = layout.padding();
    int rowHeight = picture.getHeight() / 3;
    int left = picture.getWidth() - pad - 4 * (8 * scale + pad);
    byte[] image = new byte[SIZE];
    for (int sample = 0; sample < 3; sample++) {
      for (int p = 0; p < 64; p++) {
        int x = pad + p % 8 * scale + scale / 2;
        int y = pad + p / 8 * scale + scale / 2 + sample * rowHeight;
        assertPixel(samples.bytes(sample), p, picture.getRGB(x, y));
        for (int rank = 0; rank < 4; rank++) {
          data.read(found.image(sample, rank), image, 0);
          assertPixel(image, p, picture.getRGB(left + rank * (8 * scale + pad) + x, y));
        }
      }
    }
    boolean text = false;
    for (int x = left; x < picture.getWidth(); x++) {
      text |= (picture.getRGB(x, pad + 8 * scale + pad + 2) & 0xFFFFFF) != 0xFFFFFF;
    }
    assertTrue(text, "no distances below the images");
  }

  private static void assertPixel(byte[] image, int p, int rgb) {
    int expected = (image[p] & 0xFF) << 16 | (image[64 + p] & 0xFF) << 8 | image[128 + p] & 0xFF;
    assertEquals(Integer.toHexString(expected), Integer.toHexString(rgb & 0xFFFFFF));
  }

  @Test
  void whatDoesNotFitIsRefusedAndItCanBeStopped() throws IOException {
    ImageBatch samples = nearly(1);
    ImageBatch grey = ImageBatch.ofBytes(new byte[64], 1, 1, 8, 8);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> TrainingNeighbours.byPixels(grey, data, 1, WORK))
            .getMessage();
    assertEquals("samples: expected images of 3x8x8 as in shapes, found 1x8x8", message);
    assertThrows(
        IllegalArgumentException.class,
        () -> TrainingNeighbours.byPixels(samples, data, 1301, WORK));
    Cancellation cancellation = new Cancellation();
    Work work = new Work(1, cancellation, (stage, done, total) -> cancellation.cancel());
    assertThrows(
        CancellationException.class, () -> TrainingNeighbours.byPixels(samples, data, 1, work));
    try (FeatureNetwork network = means()) {
      assertThrows(
          CancellationException.class,
          () ->
              TrainingNeighbours.byFeatures(
                  network,
                  samples,
                  data,
                  1,
                  new Work(1, cancellation, (stage, done, total) -> {})));
    }
  }

  private static NetworkOutput output(Features features) {
    return new NetworkOutput(features, Optional.empty());
  }
}
