package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.data.HeldOut;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Subset;
import java.util.BitSet;
import java.util.stream.IntStream;

/**
 * Real images that samples are measured with. All of them are of the classes that the samples show,
 * where the data know these.
 *
 * @param reference what samples are measured against, such as training images
 * @param standIns others in the place of the samples, for the floor, see {@link ClassMix}
 * @param heldOut all images that are not of the reference and could stand in: what a classifier
 *     says of them is how right it is
 */
public record RealImages(ImageDataset reference, ImageDataset standIns, ImageDataset heldOut) {
  /** Fewer than these say nothing, and there are neighbours to be looked for among them. */
  public static final int LEAST = 16;

  /**
   * Of data with a test split: its images stand in.
   *
   * @param seed decides which do
   */
  public static RealImages ofSplits(
      ImageDataset training, ImageDataset test, ClassMix mix, long seed) {
    ImageDataset heldOut = mix.select(test);
    int[] drawn = mix.draw(heldOut, 1, LEAST, seed);
    return new RealImages(mix.select(training), subset(heldOut, drawn), heldOut);
  }

  /**
   * Of other data some are set aside to stand in, half of each class at most.
   *
   * @param all at least two
   * @param seed decides which are set aside
   */
  public static RealImages setAside(ImageDataset all, ClassMix mix, long seed) {
    ImageDataset own = mix.select(all);
    int[] drawn = mix.draw(own, 2, LEAST, seed);
    BitSet aside = new BitSet();
    for (int index : drawn) {
      aside.set(index);
    }
    int[] left = IntStream.range(0, own.size()).filter(i -> !aside.get(i)).toArray();
    ImageDataset standIns = subset(own, drawn);
    return new RealImages(subset(own, left), standIns, standIns);
  }

  private static ImageDataset subset(ImageDataset images, int[] indices) {
    return indices.length == images.size()
        ? images
        : Subset.of(images, indices, indices.length + " of " + images.description());
  }

  /**
   * The same with fewer images in the reference.
   *
   * @param images how many, at least 1 and at most as many as there are
   * @param seed decides which
   */
  public RealImages withReference(int images, long seed) {
    return images == reference.size()
        ? this
        : new RealImages(HeldOut.of(reference, images, seed).heldOut(), standIns, heldOut);
  }
}
