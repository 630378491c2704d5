package io.ddpm4j.trainer.evaluate;

import java.util.Arrays;
import java.util.List;

/**
 * How often a classifier took images of each class for each class.
 *
 * @param classes names in label order
 * @param counts [class of the image][class that the classifier says]
 * @param loss the mean of the cross-entropy of the images, without label smoothing; in nats
 */
public record Confusion(List<String> classes, long[][] counts, double loss) {
  /** Copies both. */
  public Confusion {
    classes = List.copyOf(classes);
    counts = Arrays.stream(counts).map(long[]::clone).toArray(long[][]::new);
  }

  /** A copy. */
  @Override
  public long[][] counts() {
    return Arrays.stream(counts).map(long[]::clone).toArray(long[][]::new);
  }

  /** How many images there were. */
  public long images() {
    return Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
  }

  /** Of how many the class was right. */
  public long right() {
    long right = 0;
    for (int label = 0; label < counts.length; label++) {
      right += counts[label][label];
    }
    return right;
  }

  /** The share of the images whose class was right. */
  public double accuracy() {
    return right() / (double) images();
  }

  /** The images of a class. */
  public long images(int label) {
    return Arrays.stream(counts[label]).sum();
  }

  /** The share of the images of a class that were taken for it; NaN where there are none. */
  public double accuracy(int label) {
    return counts[label][label] / (double) images(label);
  }

  /**
   * As CSV: a row for each class with its images, the share that was right, and what they were
   * taken for.
   */
  public String toCsv() {
    StringBuilder csv = new StringBuilder("class,images,accuracy");
    classes.forEach(name -> csv.append(",taken for ").append(quoted(name)));
    csv.append('\n');
    for (int label = 0; label < counts.length; label++) {
      csv.append(quoted(classes.get(label)))
          .append(',')
          .append(images(label))
          .append(',')
          .append(images(label) == 0 ? "" : "%.6g".formatted(accuracy(label)));
      Arrays.stream(counts[label]).forEach(count -> csv.append(',').append(count));
      csv.append('\n');
    }
    return csv.toString();
  }

  /** RFC 4180 where the name holds what ends a cell. */
  private static String quoted(String name) {
    return name.matches("[^\",\\r\\n]*") ? name : '"' + name.replace("\"", "\"\"") + '"';
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Confusion that
        && classes.equals(that.classes)
        && Arrays.deepEquals(counts, that.counts)
        && Double.compare(loss, that.loss) == 0;
  }

  @Override
  public int hashCode() {
    return 31 * classes.hashCode() + Arrays.deepHashCode(counts);
  }

  @Override
  public String toString() {
    return "%d of %d right".formatted(right(), images());
  }
}
