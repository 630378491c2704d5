package io.ddpm4j.trainer.evaluate.distance;

import io.ddpm4j.trainer.evaluate.features.Features;
import java.util.Arrays;
import java.util.Objects;

/**
 * How often a classifier sees in a sample the class that was asked for (the classification accuracy
 * of Ravuri and Vinyals 2019 turned round: a classifier of real images judges the samples). It says
 * as much as the classifier is right: hold it against its accuracy on real images of a test set.
 * Immutable.
 */
public final class ClassAccuracy {
  private final long[][] confusion;

  private ClassAccuracy(long[][] confusion) {
    this.confusion = confusion;
  }

  /**
   * Counts.
   *
   * @param logits (n, classes) of a classifier; the largest decides, of equal ones the first
   * @param asked (n) the class of each image, from 0
   * @throws IllegalArgumentException if there is not one for each image, or one beyond the classes
   */
  public static ClassAccuracy of(Features logits, int[] asked) {
    int classes = logits.dimensions();
    if (asked.length != logits.count()) {
      throw new IllegalArgumentException(
          "class accuracy: expected a class for each of %d images, found %d"
              .formatted(logits.count(), asked.length));
    }
    long[][] confusion = new long[classes][classes];
    for (int i = 0; i < asked.length; i++) {
      if (asked[i] < 0 || asked[i] >= classes) {
        throw new IllegalArgumentException(
            "class accuracy: expected classes from 0 to %d, which the classifier knows, found %d for image %d"
                .formatted(classes - 1, asked[i], i));
      }
      confusion[asked[i]][largest(logits.row(i))]++;
    }
    return new ClassAccuracy(confusion);
  }

  /**
   * Of what was counted before.
   *
   * @param confusion [class asked for][class seen], the same number of each, none below 0
   * @throws IllegalArgumentException if it is no such table
   */
  public static ClassAccuracy ofCounts(long[][] confusion) {
    for (long[] seen : confusion) {
      if (seen.length != confusion.length || Arrays.stream(seen).anyMatch(count -> count < 0)) {
        throw new IllegalArgumentException(
            "class accuracy: expected a square table of counts, found "
                + Arrays.deepToString(confusion));
      }
    }
    return new ClassAccuracy(Arrays.stream(confusion).map(long[]::clone).toArray(long[][]::new));
  }

  private static int largest(float[] logits) {
    int best = 0;
    for (int c = 1; c < logits.length; c++) {
      best = logits[c] > logits[best] ? c : best;
    }
    return best;
  }

  /** Classes that the classifier knows. */
  public int classes() {
    return confusion.length;
  }

  /** Images that were counted. */
  public long images() {
    return Arrays.stream(confusion).flatMapToLong(Arrays::stream).sum();
  }

  /** Images of which this class was asked. */
  public long images(int asked) {
    return Arrays.stream(confusion[asked]).sum();
  }

  /** How many images of which {@code asked} was asked were seen as {@code seen}. */
  public long confusion(int asked, int seen) {
    return confusion[asked][Objects.checkIndex(seen, confusion.length)];
  }

  /** Images that were seen as the class asked for. */
  public long right() {
    long right = 0;
    for (int c = 0; c < confusion.length; c++) {
      right += confusion[c][c];
    }
    return right;
  }

  /** Their share of all images. */
  public double accuracy() {
    return (double) right() / images();
  }

  /** The same of one class; NaN if no image was asked of it. */
  public double accuracy(int asked) {
    return (double) confusion[asked][asked] / images(asked);
  }

  /** √(p(1-p)/n): the standard error of the accuracy over other samples of the same model. */
  public double standardError() {
    return standardError(accuracy(), images());
  }

  /** The same of one class; NaN if no image was asked of it. */
  public double standardError(int asked) {
    return standardError(accuracy(asked), images(asked));
  }

  private static double standardError(double share, long images) {
    return Math.sqrt(share * (1 - share) / images);
  }

  @Override
  public String toString() {
    return "%d of %d right".formatted(right(), images());
  }
}
