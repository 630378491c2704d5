package io.ddpm4j.cli;

import io.ddpm4j.runtime.model.ModelMetadata.ImageShape;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Split;
import io.ddpm4j.trainer.evaluate.quality.ClassMix;
import io.ddpm4j.trainer.evaluate.quality.RealImages;
import io.ddpm4j.trainer.evaluate.samples.SampleSettings;
import java.io.IOException;
import java.util.Optional;

/**
 * The real images of a measurement of samples: training images that samples are compared with, and
 * others that stand in for samples. Of data with a test split those are its images, of other data
 * some that are set aside.
 *
 * @param images what is measured with
 * @param training all training images, among which a sample's neighbours are looked for
 * @param referenceLabel what the reference is, in words
 * @param standInLabel what stands in for samples, in words
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
  /** Share of images whose classes may differ without a word. */
  private static final double SLIGHT = 0.05;

  /**
   * Opens them.
   *
   * @param samples that they are held against
   * @param count how many samples
   * @param nullClass the label of no class; negative if there is none
   */
  static RealData open(
      EvaluationInputs inputs,
      SampleQualityOptions options,
      SampleSettings samples,
      int count,
      int nullClass)
      throws IOException {
    EvaluationDataOptions data = inputs.data();
    Warnings warnings = new Warnings(inputs.terminal());
    ImageShape shape = new ImageShape(samples.channels(), samples.height(), samples.width());
    ImageDataset training = data.open(shape, Split.TRAIN, warnings);
    Optional<ImageDataset> test =
        data.hasTestSplit()
            ? Optional.of(data.open(shape, Split.TEST, warnings))
            : Optional.empty();
    warnings.summarize();
    ClassMix mix = ClassMix.of(samples, count);
    ImageDataset own = mix.select(training);
    String label = data.source() + " (train)" + only(own, training, mix);
    requireEnough(own, test.isPresent() ? RealImages.LEAST : 2 * RealImages.LEAST, label);
    RealImages images =
        test.isPresent()
            ? RealImages.ofSplits(training, test.get(), mix, inputs.seed())
            : RealImages.setAside(training, mix, inputs.seed());
    requireEnough(images.standIns(), RealImages.LEAST, data.source() + ", " + standIns(data));
    int wanted = options.referenceImages(images.reference().size());
    if (wanted < RealImages.LEAST) {
      throw new UsageException(
          "--reference-images: expected at least %d, found %d".formatted(RealImages.LEAST, wanted));
    }
    if (options.classes().areSaid() && samples.labels().stream().anyMatch(l -> l != nullClass)) {
      warnOfOtherClasses(training, mix, data, warnings);
    }
    warnOfProportions(images, samples, mix, data, warnings);
    return new RealData(
        images.withReference(wanted, inputs.seed()),
        training,
        label,
        standIns(data),
        options.referenceImages(own.size()),
        fingerprint(training, inputs) + test.map(t -> " " + fingerprint(t, inputs)).orElse(""));
  }

  private static void warnOfOtherClasses(
      ImageDataset training, ClassMix mix, EvaluationDataOptions data, Warnings warnings) {
    if (!mix.isKnownTo(training)) {
      warnings.accept(
          "%s: which of its images are of the samples' classes is not known by their names, so that samples are compared with images of all kinds"
              .formatted(data.source()));
    }
  }

  /** Distances that are of the proportions of classes and not of the images. */
  private static void warnOfProportions(
      RealImages images,
      SampleSettings samples,
      ClassMix mix,
      EvaluationDataOptions data,
      Warnings warnings) {
    // One turn of the classes: what the last one lacks of all samples is no proportion.
    ClassMix turn = ClassMix.of(samples, Math.max(1, samples.labels().size()));
    double reference = turn.difference(images.reference());
    if (reference > SLIGHT) {
      warnings.accept(
          "%s: %.0f %% of the images would have to be of other classes to have the proportions of the samples, which take the classes in turn: all distances have a part in that, those of the floor, too"
              .formatted(data.source(), 100 * reference));
    }
    double rounding = (double) mix.byClass().size() / images.standIns().size();
    if (mix.difference(images.standIns()) > Math.max(SLIGHT, rounding)) {
      warnings.accept(
          "%s: the floor is of images of any class, since there are too few of some to have the samples' proportions"
              .formatted(data.source()));
    }
  }

  private static String only(ImageDataset own, ImageDataset all, ClassMix mix) {
    return own.size() == all.size()
        ? ""
        : ", of " + String.join(", ", mix.byClass().keySet()) + " only";
  }

  private static String standIns(EvaluationDataOptions data) {
    return data.hasTestSplit()
        ? "images of the test split"
        : "images set aside, which the model may have been trained on";
  }

  private static String fingerprint(ImageDataset images, EvaluationInputs inputs) {
    return DataFingerprint.of(images, inputs.terminal().interrupts().cancellation());
  }

  private static void requireEnough(ImageDataset images, int least, String label)
      throws IOException {
    if (images.size() < least) {
      throw new IOException(
          "%s: expected at least %d images, found %d".formatted(label, least, images.size()));
    }
  }
}
