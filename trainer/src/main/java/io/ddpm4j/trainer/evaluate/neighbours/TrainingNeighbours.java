package io.ddpm4j.trainer.evaluate.neighbours;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.ModelFormatException;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureSink;
import io.ddpm4j.trainer.evaluate.features.Features;
import io.ddpm4j.trainer.evaluate.features.Work;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CancellationException;

/**
 * For each sample the training images that are nearest to it, the nearest first: a model that
 * copies shows the same image again. Of equally near ones the first of the data set counts.
 * Immutable.
 */
public final class TrainingNeighbours {
  private static final int CHUNK = 512; // training images in memory, at most a batch more

  private final ImageBatch samples;
  private final ImageDataset training;
  private final NearestRows nearest;
  private final double unit;

  private TrainingNeighbours(
      ImageBatch samples, ImageDataset training, NearestRows nearest, double unit) {
    this.samples = samples;
    this.training = training;
    this.nearest = nearest;
    this.unit = unit;
  }

  /**
   * The nearest by the Euclidean distance of features. The training images stream through the
   * network; in memory are a few hundred of them.
   *
   * @param count neighbours of each sample, from 1 to the size of the data set
   * @throws ModelFormatException as {@link FeatureNetwork#extract(ImageDataset, Work)}
   * @throws CancellationException if the work was cancelled
   */
  public static TrainingNeighbours byFeatures(
      FeatureNetwork network, ImageBatch samples, ImageDataset training, int count, Work work)
      throws ModelFormatException {
    Work quiet = new Work(work.threads(), work.cancellation(), (stage, done, total) -> {});
    int batch = network.batchSize();
    int rows = (CHUNK + batch - 1) / batch * batch;
    FeatureStream stream =
        sink -> {
          for (int from = 0; from < training.size(); from += rows) {
            int images = Math.min(rows, training.size() - from);
            sink.take(from, network.extract(training, from, images, quiet));
            report(work, from + images, training);
          }
        };
    try {
      return byFeatures(stream, network, samples, training, count, quiet);
    } catch (ModelFormatException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing else reads or writes here
    }
  }

  /** Features of all training images, in order, wherever they come from. */
  public interface FeatureStream {
    /**
     * Hands them over.
     *
     * @throws IOException if they cannot be had
     */
    void into(FeatureSink sink) throws IOException;
  }

  /**
   * The same with features of the training images that come from elsewhere, such as a cache of
   * them.
   *
   * @throws ModelFormatException as {@link FeatureNetwork#extract(ImageDataset, Work)}
   * @throws IOException as the stream throws
   * @throws IllegalArgumentException if the stream has other images than the data set
   */
  public static TrainingNeighbours byFeatures(
      FeatureStream features,
      FeatureNetwork network,
      ImageBatch samples,
      ImageDataset training,
      int count,
      Work work)
      throws IOException {
    NearestRows nearest =
        new NearestRows(network.extract(samples, work).features(), requireCount(count, training));
    int[] next = {0};
    features.into(
        (from, chunk) -> {
          requireOrder(next[0], from, training);
          work.cancellation().throwIfCancelled();
          nearest.add(from, chunk.features());
          next[0] = from + chunk.features().count();
        });
    requireOrder(next[0], training.size(), training);
    return new TrainingNeighbours(samples, training, nearest, 1);
  }

  private static void requireOrder(int expected, int found, ImageDataset training) {
    if (expected != found || found > training.size()) {
      throw new IllegalArgumentException(
          "features: expected a row for each of %d training images in order, found image %d after %d"
              .formatted(training.size(), found, expected));
    }
  }

  /**
   * The nearest by their pixels: by the root of the mean squared difference of their levels, 0 to
   * 255.
   *
   * @param samples of the training images' size and channels
   * @param count neighbours of each sample, from 1 to the size of the data set
   * @throws CancellationException if the work was cancelled
   */
  public static TrainingNeighbours byPixels(
      ImageBatch samples, ImageDataset training, int count, Work work) {
    requireSize(samples, training);
    int size = training.imageBytes();
    float[] levels = new float[Math.multiplyExact(samples.images(), size)];
    for (int i = 0; i < samples.images(); i++) {
      copyLevels(samples.bytes(i), levels, i * size);
    }
    Features wanted = Features.of(levels, samples.images(), size);
    NearestRows nearest = new NearestRows(wanted, requireCount(count, training));
    byte[] image = new byte[size];
    for (int from = 0; from < training.size(); from += CHUNK) {
      work.cancellation().throwIfCancelled();
      int rows = Math.min(CHUNK, training.size() - from);
      float[] chunk = new float[Math.multiplyExact(rows, size)];
      for (int i = 0; i < rows; i++) {
        training.read(from + i, image, 0);
        copyLevels(image, chunk, i * size);
      }
      nearest.add(from, Features.of(chunk, rows, size));
      report(work, from + rows, training);
    }
    return new TrainingNeighbours(samples, training, nearest, 1 / Math.sqrt(size));
  }

  private static void copyLevels(byte[] image, float[] to, int offset) {
    for (int i = 0; i < image.length; i++) {
      to[offset + i] = image[i] & 0xFF;
    }
  }

  private static void report(Work work, int done, ImageDataset training) {
    work.progress().advanced("training images", done, training.size());
  }

  private static int requireCount(int count, ImageDataset training) {
    if (count < 1 || count > training.size()) {
      throw new IllegalArgumentException(
          "neighbours: expected from 1 to %d, the images of %s, found %d"
              .formatted(training.size(), training.name(), count));
    }
    return count;
  }

  private static void requireSize(ImageBatch samples, ImageDataset training) {
    if (samples.channels() != training.channels()
        || samples.height() != training.height()
        || samples.width() != training.width()) {
      throw new IllegalArgumentException(
          "samples: expected images of %dx%dx%d as in %s, found %dx%dx%d"
              .formatted(
                  training.channels(),
                  training.height(),
                  training.width(),
                  training.name(),
                  samples.channels(),
                  samples.height(),
                  samples.width()));
    }
  }

  /** Samples. */
  public int samples() {
    return samples.images();
  }

  /** Neighbours of each sample. */
  public int count() {
    return nearest.count();
  }

  /**
   * The number of a training image.
   *
   * @param rank 0 for the nearest
   */
  public int image(int sample, int rank) {
    return nearest.row(sample, rank);
  }

  /**
   * Its distance from the sample: of features Euclidean, of pixels the root of the mean squared
   * difference of levels.
   *
   * @param rank 0 for the nearest
   */
  public double distance(int sample, int rank) {
    return Math.sqrt(nearest.squaredDistance(sample, rank)) * unit;
  }

  /**
   * A row for each sample: the sample, and after a gap its neighbours, with their distances below
   * them.
   *
   * @throws IllegalArgumentException if samples and training images are of different sizes
   */
  public BufferedImage picture() {
    requireSize(samples, training);
    return NeighbourPicture.of(this, samples, training).render();
  }
}
