package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.nn.UNetPart;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.data.ImageDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/**
 * What a run is to do, found out before any of it is done or written: its hyperparameters, images,
 * network and first state, held against each other.
 */
record RunPlan(
    RunFolder folder, TrainConfig config, RunData data, DatasetCard card, RunStart start) {

  /**
   * Of a new run.
   *
   * @param path its folder, which need not be there
   * @throws IOException as {@link Trainer#create}
   * @throws IllegalArgumentException as {@link Trainer#create}
   */
  static RunPlan ofNew(Path path, TrainConfig config, Consumer<String> warnings)
      throws IOException {
    RunFolder folder = new RunFolder(path);
    folder.requireFree();
    RunData images = RunData.open(config, warnings);
    ImageDataset data = images.training();
    if (config.init() != null && config.network().labelDropout() > 0) {
      require(
          !data.classNames().isEmpty(),
          "the images of " + data.name(),
          "classes, which the network of " + config.init().model() + " is told",
          "none");
    }
    UNetConfig unet = config.unet(data);
    config.step(unet); // refuses what does not fit before anything is written
    RunStart start = RunStart.anew(config, weights(config, unet, data, warnings));
    return new RunPlan(folder, config, images, DatasetCard.of(data), start);
  }

  /** Those of the model that the run begins with; null for random ones. */
  private static Map<String, TensorData> weights(
      TrainConfig config, UNetConfig unet, ImageDataset data, Consumer<String> warnings)
      throws IOException {
    if (config.init() == null) {
      return null;
    }
    InitialModel model = InitialModel.read(config.init());
    Map<String, TensorData> weights = model.weights(unet, config.network().labelDropout() > 0);
    if (unet.numClassEmbeds() > 0 && !model.classes().equals(data.classNames())) {
      String known =
          model.classes().isEmpty()
              ? " does not name its classes: they are, in this order, the start of "
              : " has other classes: what it knows of "
                  + String.join(", ", model.classes())
                  + " is the start of ";
      warnings.accept(model.file() + known + String.join(", ", data.classNames()));
    }
    return weights;
  }

  /**
   * Of a run that goes on from its newest checkpoint.
   *
   * @throws IOException as {@link Trainer#resume(Path, Optional, OptionalDouble, Consumer)}
   * @throws IllegalArgumentException as there
   */
  static RunPlan ofResumed(
      Path path, Optional<Long> steps, OptionalDouble learningRate, Consumer<String> warnings)
      throws IOException {
    RunFolder folder = new RunFolder(path);
    TrainConfig config = changed(folder.readConfig(), steps, learningRate);
    CheckpointStore store = folder.checkpoints();
    Path latest =
        store
            .latest()
            .orElseThrow(
                () ->
                    new CheckpointException(
                        path + ": expected a checkpoint to resume from, found none"));
    Checkpoint checkpoint = store.read(latest);
    if (config.run().steps() < checkpoint.step()) {
      throw new IllegalArgumentException(
          "--steps: expected at least "
              + checkpoint.step()
              + ", the step of "
              + latest
              + ", found "
              + config.run().steps());
    }
    RunData images = RunData.open(config, warnings);
    CheckpointMatch.require(latest, checkpoint, config, config.unet(images.training()));
    DatasetCard card = DatasetCard.of(images.training());
    Optional<DatasetCard> kept = DatasetCard.read(folder.dataset());
    if (kept.isPresent()) {
      kept.get().requireSame(card, folder.dataset());
    }
    RunStart start = RunStart.from(checkpoint, config, learningRate.isPresent());
    return new RunPlan(folder, config, images, card, start);
  }

  private static TrainConfig changed(
      TrainConfig before, Optional<Long> steps, OptionalDouble learningRate) {
    double rate = learningRate.orElse(before.optimizer().learningRate());
    return before
        .withRun(before.run().withSteps(steps.orElse(before.run().steps())))
        .withOptimizer(before.optimizer().withLearningRate(rate));
  }

  /**
   * Writes what the run's folder, which is there, does not say yet.
   *
   * @throws IOException if it cannot be written, or a training is at work in the folder
   */
  void write(Consumer<String> warnings) throws IOException {
    FolderLock lock =
        FolderLock.acquire(
            folder.path(), FolderLock.TRAINING, warnings); // one without checkpoints may be
    try {
      if (start.isNew() || !config.equals(folder.readConfig())) {
        folder.writeText(folder.config(), config.toJson());
      }
      // What a resumed run has of its data may be of an early version, or gone.
      if (start.isNew() || !DatasetCard.read(folder.dataset()).equals(Optional.of(card))) {
        folder.writeText(folder.dataset(), card.toJson());
      }
    } finally {
      lock.close();
    }
  }

  UNetConfig unet() {
    return config.unet(data.training());
  }

  List<UNetPart> network() {
    return UNetPart.of(unet());
  }

  /** What measures the averaged weights; empty where no images are held out. */
  Optional<Validator> validator() {
    return data.heldOut().map(images -> new Validator(config, unet(), card, images));
  }

  Pictures pictures() {
    return new Pictures(folder, config, unet(), card);
  }

  RunSummary summary() {
    return new RunSummary(
        data.training().description(),
        data.training().size(),
        network().stream().mapToLong(UNetPart::parameters).sum(),
        start.progress().step() + 1,
        config.run().steps());
  }
}
