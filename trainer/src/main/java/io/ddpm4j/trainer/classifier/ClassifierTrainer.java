package io.ddpm4j.trainer.classifier;

import io.ddpm4j.exporter.nn.ClassifierConfig;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.data.DatasetOptions;
import io.ddpm4j.trainer.data.Datasets;
import io.ddpm4j.trainer.data.HeldOut;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.Split;
import io.ddpm4j.trainer.loop.DatasetCard;
import io.ddpm4j.trainer.loop.DivergedException;
import io.ddpm4j.trainer.loop.FolderLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The training of a classifier in one folder. The weights after k steps are a function of the
 * configuration alone: a run that was stopped and resumed equals, bit for bit, one that was not (on
 * the same machine with the same number of threads).
 *
 * <p>Which epoch's weights become the model a part of the training images decides that is held out;
 * images of a test split are looked at once, by the finished model.
 */
public final class ClassifierTrainer {
  private final ClassifierFolder folder;
  private final ClassifierTrainConfig config;
  private final ImageDataset all;
  private final HeldOut parts;
  private final ClassifierConfig network;
  private final DatasetCard card;
  private final Checkpoint start; // null for a new run
  private final Consumer<String> warnings;

  private ClassifierTrainer(
      Path path, ClassifierTrainConfig config, Checkpoint start, Consumer<String> warnings)
      throws IOException {
    this.folder = new ClassifierFolder(path);
    this.config = config;
    this.start = start;
    this.warnings = warnings;
    this.all = Datasets.open(config.data().source(), config.data().options(), warnings);
    this.network = config.network(all);
    this.card = DatasetCard.of(all);
    int heldOut = HeldOut.count(all.size(), config.heldOutShare());
    if (heldOut == 0) {
      throw new IllegalArgumentException(
          "--data "
              + config.data().source()
              + ": expected enough images to hold some of them out, found "
              + all.size());
    }
    this.parts = HeldOut.of(all, heldOut, config.seed());
  }

  /**
   * Prepares a new run.
   *
   * @param path the run's folder; made if it is not there
   * @param warnings told, a sentence each, of images that were skipped
   * @throws IOException if the data cannot be read, or the folder holds a run or other files
   * @throws IllegalArgumentException if the data have no labels or are too few
   */
  public static ClassifierTrainer create(
      Path path, ClassifierTrainConfig config, Consumer<String> warnings) throws IOException {
    new ClassifierFolder(path).requireFree();
    ClassifierTrainer trainer = new ClassifierTrainer(path, config, null, warnings);
    Files.createDirectories(path);
    trainer.folder.writeText(trainer.folder.config(), config.toJson() + "\n");
    trainer.folder.writeText(trainer.folder.dataset(), trainer.card.toJson() + "\n");
    return trainer;
  }

  /**
   * Prepares to go on with a run from its newest checkpoint, as it began.
   *
   * @param warnings told, a sentence each, of images that were skipped
   * @throws IOException if there is no run or no checkpoint, the checkpoint is damaged or of
   *     another network, or the data cannot be read or are others
   */
  public static ClassifierTrainer resume(Path path, Consumer<String> warnings) throws IOException {
    ClassifierFolder folder = new ClassifierFolder(path);
    ClassifierTrainConfig config = folder.readConfig();
    Path newest =
        folder
            .checkpoints()
            .latest()
            .orElseThrow(
                () ->
                    new CheckpointException(
                        path + ": expected a run with a checkpoint to go on from, found none"));
    Checkpoint checkpoint = folder.checkpoints().read(newest);
    ClassifierTrainer trainer = new ClassifierTrainer(path, config, checkpoint, warnings);
    Optional<DatasetCard> before = DatasetCard.read(folder.dataset());
    if (before.isPresent()) {
      before.get().requireSame(trainer.card, folder.dataset());
    }
    if (!ClassifierConfig.fromJson(checkpoint.unet()).equals(trainer.network)) {
      throw new CheckpointException(
          newest
              + ": expected a checkpoint of the network "
              + trainer.network.toJson()
              + ", found one of "
              + checkpoint.unet());
    }
    return trainer;
  }

  /** The run's configuration. */
  public ClassifierTrainConfig config() {
    return config;
  }

  /**
   * Trains until the last step, or until it is cancelled; either way the last step is checkpointed.
   *
   * @throws DivergedException if the loss is no longer a number
   * @throws IOException if a file cannot be written, or another training is at work in the folder
   */
  public ClassifierResult run(ClassifierListener listener, Cancellation cancellation)
      throws IOException {
    FolderLock lock = FolderLock.acquire(folder.path(), FolderLock.TRAINING, listener::onWarning);
    try (ClassifierLoop loop = new ClassifierLoop(this, listener, cancellation)) {
      return loop.run();
    } finally {
      lock.close();
    }
  }

  /** The test split, of data that have one; empty where it cannot be read. */
  Optional<ImageDataset> test() {
    DatasetOptions options = config.data().options();
    if (!Datasets.hasTestSplit(config.data().source())) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          Datasets.open(config.data().source(), options.withSplit(Split.TEST), warnings));
    } catch (IOException e) { // the model is none the worse
      warnings.accept("no accuracy on the test split: " + e.getMessage());
      return Optional.empty();
    }
  }

  ClassifierFolder folder() {
    return folder;
  }

  HeldOut parts() {
    return parts;
  }

  ClassifierConfig network() {
    return network;
  }

  DatasetCard card() {
    return card;
  }

  /** Null for a new run. */
  Checkpoint start() {
    return start;
  }
}
