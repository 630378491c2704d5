package io.ddpm4j.trainer.loop;

import io.ddpm4j.trainer.data.DatasetException;
import io.ddpm4j.trainer.data.DatasetOptions;
import io.ddpm4j.trainer.data.Datasets;
import io.ddpm4j.trainer.data.HeldOut;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Split;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The images of a run.
 *
 * @param training those that it trains on
 * @param heldOut those that it is measured with; empty where there is no validation
 */
record RunData(ImageDataset training, Optional<ImageDataset> heldOut) {

  /** Images that are all trained on. */
  static RunData of(ImageDataset all) {
    return new RunData(all, Optional.empty());
  }

  /**
   * Opens them. What is held out is the test split of data that have one, else a share that the
   * run's seed decides, so that a resumed run holds out the same.
   *
   * @param warnings told, a sentence each, of images that were skipped and why there is no
   *     validation
   * @throws DatasetException as {@link Datasets#open}
   */
  static RunData open(TrainConfig config, Consumer<String> warnings) throws DatasetException {
    String source = config.data().source();
    DatasetOptions options = config.data().options();
    ImageDataset all = Datasets.open(source, options, warnings);
    ReportingConfig reporting = config.reporting();
    if (reporting.validationEvery() == 0) {
      return of(all);
    }
    if (Datasets.hasTestSplit(source)) {
      try {
        ImageDataset test = Datasets.open(source, options.withSplit(Split.TEST), warnings);
        return new RunData(all, Optional.of(test));
      } catch (DatasetException e) { // training can do without
        warnings.accept("no validation: " + e.getMessage());
        return of(all);
      }
    }
    int count = HeldOut.count(all.size(), reporting.validationShare());
    if (count == 0) { // nothing asked for, or too few images to miss one
      return of(all);
    }
    HeldOut parts = HeldOut.of(all, count, config.run().seed());
    return new RunData(parts.training(), Optional.of(parts.heldOut()));
  }
}
