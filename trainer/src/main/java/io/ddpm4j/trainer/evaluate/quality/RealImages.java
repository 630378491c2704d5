package io.ddpm4j.trainer.evaluate.quality;

import io.ddpm4j.trainer.data.HeldOut;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Subset;
import java.util.BitSet;
import java.util.stream.IntStream;

/**
 * Real images that samples are measured with: a reference, and others that stand in for samples,
 * for the floor. All of them are of the classes that the samples show, where the data know these.
 * Immutable.
 */
public final class RealImages {
  /** Fewer than these say nothing, and there are neighbours to be looked for among them. */
  public static final int LEAST = 16;

  private final ImageDataset reference;
  private final ImageDataset heldOut;
  private final int[] standIns; // rising, of the images held out

  private RealImages(ImageDataset reference, ImageDataset heldOut, int[] standIns) {
    this.reference = reference;
    this.heldOut = heldOut;
    this.standIns = standIns;
  }

  /**
   * Of data with a test split: its images stand in.
   *
   * @param seed decides which do
   */
  public static RealImages ofSplits(
      ImageDataset training, ImageDataset test, ClassMix mix, long seed) {
    ImageDataset heldOut = mix.select(test);
    return new RealImages(mix.select(training), heldOut, mix.draw(heldOut, 1, LEAST, seed));
  }

  /**
   * Of other data some are set aside to stand in, half of each class at most. Of the others those
   * are the reference that leave it the data's proportions of classes.
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
    int[] others = IntStream.range(0, own.size()).filter(i -> !aside.get(i)).toArray();
    ImageDataset left =
        Subset.of(own, others, own.description() + ", " + drawn.length + " of them set aside");
    ImageDataset reference = subset(left, mix.drawAs(own, left, LEAST, seed));
    return new RealImages(
        reference, subset(own, drawn), IntStream.range(0, drawn.length).toArray());
  }

  private static ImageDataset subset(ImageDataset images, int[] indices) {
    return indices.length == images.size()
        ? images
        : Subset.of(images, indices, indices.length + " of " + images.description());
  }

  /** What samples are measured against, such as training images. */
  public ImageDataset reference() {
    return reference;
  }

  /**
   * All images that are not of the reference and could stand in: what a classifier says of them is
   * how right it is.
   */
  public ImageDataset heldOut() {
    return heldOut;
  }

  /** Those that do stand in, as many of each class as there are samples, see {@link ClassMix}. */
  public ImageDataset standIns() {
    return subset(heldOut, standIns);
  }

  /** Which of the images held out stand in, rising. */
  int[] standInIndices() {
    return standIns.clone();
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
        : new RealImages(HeldOut.of(reference, images, seed).heldOut(), heldOut, standIns);
  }
}
