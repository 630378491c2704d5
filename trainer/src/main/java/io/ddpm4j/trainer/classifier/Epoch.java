package io.ddpm4j.trainer.classifier;

import java.util.Locale;

/**
 * How an epoch went, a row of {@code metrics.csv}.
 *
 * @param epoch 1 for the first
 * @param step the last of it
 * @param loss of training, with label smoothing, the mean of about the last hundred steps
 * @param heldOutLoss of the averaged weights on the images that are held out, without label
 *     smoothing
 * @param heldOutAccuracy of the averaged weights on them
 * @param learningRate of its last step
 * @param imagesPerSecond of all steps until then
 */
public record Epoch(
    int epoch,
    long step,
    double loss,
    double heldOutLoss,
    double heldOutAccuracy,
    double learningRate,
    double imagesPerSecond) {
  static final String HEADER =
      "epoch,step,loss,held_out_loss,held_out_accuracy,learning_rate,images_per_second";

  String toCsv() {
    return String.format(
        Locale.ROOT,
        "%d,%d,%.6g,%.6g,%.6g,%.6g,%.1f",
        epoch,
        step,
        loss,
        heldOutLoss,
        heldOutAccuracy,
        learningRate,
        imagesPerSecond);
  }

  /**
   * Reads {@link #toCsv}'s row.
   *
   * @throws IllegalArgumentException if it is none
   */
  static Epoch ofCsv(String row) {
    String[] cells = row.split(",", -1);
    if (cells.length != HEADER.split(",").length) {
      throw new IllegalArgumentException("expected a row of " + HEADER + ", found " + row);
    }
    return new Epoch(
        Integer.parseInt(cells[0]),
        Long.parseLong(cells[1]),
        Double.parseDouble(cells[2]),
        Double.parseDouble(cells[3]),
        Double.parseDouble(cells[4]),
        Double.parseDouble(cells[5]),
        Double.parseDouble(cells[6]));
  }
}
