package io.ddpm4j.cli;

import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.trainer.data.HeldOut;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Split;
import io.ddpm4j.trainer.evaluate.quality.QualityEvaluation.RealImages;
import java.io.IOException;

/**
 * The real images of a measurement of samples: training images that samples are compared with, and
 * others that stand in for samples. Of data with a test split those are its images, of other data
 * some that are set aside.
 *
 * @param images both
 * @param training all training images, among which a sample's neighbours are looked for
 * @param referenceLabel what the reference is, in words
 * @param standInLabel what the others are, in words
 * @param wanted images of the reference that were asked for, before any were set aside
 * @param fingerprint of all pixels and labels that they are taken from
 */
record RealData(
    RealImages images,
    ImageDataset training,
    String referenceLabel,
    String standInLabel,
    int wanted,
    String fingerprint) {
  private static final int LEAST = 16; // more than the neighbours that are counted

  /**
   * Opens them.
   *
   * @param samples of which the floor is wanted
   */
  static RealData open(
      EvaluationInputs inputs, SampleQualityOptions options, ImageShape shape, int samples)
      throws IOException {
    EvaluationDataOptions data = inputs.data();
    Warnings warnings = new Warnings(inputs.terminal());
    ImageDataset all = data.open(shape, Split.TRAIN, warnings);
    ImageDataset training = all;
    ImageDataset standIns;
    String standInLabel;
    if (data.hasTestSplit()) {
      standIns = data.open(shape, Split.TEST, warnings);
      standInLabel = "images of the test split";
    } else {
      requireEnough(all, 2 * LEAST, data);
      HeldOut parts = HeldOut.of(all, Math.min(samples, all.size() / 2), inputs.seed());
      standIns = parts.heldOut();
      training = parts.training();
      standInLabel = "images set aside, which the model may have been trained on";
    }
    warnings.summarize();
    requireEnough(training, LEAST, data);
    int wanted = options.referenceImages(training.size());
    if (wanted < LEAST) {
      throw new UsageException(
          "--reference-images: expected at least %d, found %d".formatted(LEAST, wanted));
    }
    ImageDataset reference =
        wanted == training.size()
            ? training
            : HeldOut.of(training, wanted, inputs.seed()).heldOut();
    return new RealData(
        new RealImages(reference, standIns),
        all,
        data.source() + " (train)",
        standInLabel,
        options.referenceImages(all.size()),
        data.hasTestSplit()
            ? fingerprint(all, inputs) + " " + fingerprint(standIns, inputs)
            : fingerprint(all, inputs));
  }

  private static String fingerprint(ImageDataset images, EvaluationInputs inputs) {
    return DataFingerprint.of(images, inputs.terminal().interrupts().cancellation());
  }

  private static void requireEnough(ImageDataset images, int least, EvaluationDataOptions data)
      throws IOException {
    if (images.size() < least) {
      throw new IOException(
          "%s: expected at least %d images, found %d"
              .formatted(data.source(), least, images.size()));
    }
  }
}
