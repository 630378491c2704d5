package io.ddpm4j.trainer.classifier;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.Classifier;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.Recovery;
import io.ddpm4j.trainer.data.Batch;
import io.ddpm4j.trainer.data.BatchIterator;
import io.ddpm4j.trainer.data.DataPosition;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.evaluate.features.FeatureNetwork;
import io.ddpm4j.trainer.evaluate.features.FeatureOptions;
import io.ddpm4j.trainer.loop.DivergedException;
import io.ddpm4j.trainer.loop.Pace;
import io.ddpm4j.trainer.loop.SessionTensors;
import io.ddpm4j.trainer.loop.SmoothedLoss;
import io.ddpm4j.trainer.optim.LearningRate;
import io.ddpm4j.trainer.step.StepInputs;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.UpdateGraph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** The steps of one call of {@link ClassifierTrainer#run}, one after the other. */
final class ClassifierLoop implements AutoCloseable {
  /** The newest, and one more in case that it is damaged. */
  private static final int KEPT_CHECKPOINTS = 2;

  private final ClassifierTrainer trainer;
  private final ClassifierTrainConfig config;
  private final ClassifierListener listener;
  private final Cancellation cancellation;
  private final EpochLog log;
  private final LearningRate rate;
  private final long steps;
  private final int images;
  private final TrainSession session;
  private final BatchIterator batches;
  private final Pace pace;
  private final SmoothedLoss loss;
  private long step;
  private long checkpointed;
  private double seconds;

  /** Makes the session; takes seconds. */
  ClassifierLoop(ClassifierTrainer trainer, ClassifierListener listener, Cancellation cancellation)
      throws IOException {
    this.trainer = trainer;
    this.config = trainer.config();
    this.listener = listener;
    this.cancellation = cancellation;
    Checkpoint start = trainer.start();
    ImageDataset training = trainer.parts().training();
    this.images = training.size();
    this.steps = config.endOf(config.epochs(), images);
    this.rate = config.rate(images);
    this.step = start == null ? 0 : start.step();
    this.checkpointed = step;
    this.seconds = start == null ? 0 : start.seconds();
    this.log = new EpochLog(trainer.folder(), step);
    this.pace = new Pace(config.batchSize());
    this.loss = new SmoothedLoss(start == null ? 0 : start.smoothedLoss(), step);
    this.session =
        new TrainSession(
            config.step(trainer.network()), TrainSession.Options.ofThreads(config.threadCount()));
    try {
      if (start == null) {
        Map<String, TensorData> first =
            Classifier.parameters(trainer.network()).initialize(config.seed());
        session.initialize(session.layout().join(first));
      } else {
        SessionTensors.restore(session, start, trainer.folder().path());
      }
      this.batches =
          new BatchIterator(
              training, config.batches(), start == null ? DataPosition.START : start.position());
    } catch (IOException | RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  ClassifierResult run() throws IOException {
    listener.onStart(trainer.parts().training().description(), session.layout().size());
    StepInputs inputs = session.newInputs();
    boolean interrupted = false;
    while (!cancellation.isCancelled()) {
      try {
        if (epochEnds()) {
          epoch();
        }
        if (step == steps) {
          break;
        }
        step(inputs);
      } catch (InterruptedException e) {
        interrupted = true;
        break;
      } catch (CancellationException e) { // the epoch is measured when the run goes on
        break;
      }
    }
    if (step > checkpointed) {
      checkpoint();
    }
    boolean finished = log.step() == steps;
    Optional<ClassifierQuality> test = finished ? test() : Optional.empty();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return new ClassifierResult(step, finished, log.best(), test);
  }

  private void step(StepInputs inputs) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    Batch batch = batches.next();
    inputs.images().put(0, batch.images(), 0, inputs.images().capacity());
    for (int i = 0; i < config.batchSize(); i++) {
      inputs.labels().put(i, batch.labels().get(i));
    }
    TrainSession.Result result = session.step(inputs, step + 1, rate.at(step + 1));
    if (!result.isFinite()) {
      throw new DivergedException(
          "the loss of step "
              + (step + 1)
              + " is not finite: training stopped; a lower --learning-rate may help",
          false);
    }
    step++;
    loss.add(result.loss());
    double took = (System.nanoTime() - begin) / 1e9;
    seconds += took;
    pace.add(took);
    listener.onStep(
        step, steps, loss.value(), pace.imagesPerSecond(), pace.secondsFor(steps - step));
  }

  /**
   * The epochs that are done after the last step: of a batch larger than the data more than one.
   */
  private int epochs() {
    return (int) Math.min(config.epochs(), step * config.batchSize() / images);
  }

  /** Whether one has just ended that was not measured yet. */
  private boolean epochEnds() {
    return step > log.step() && config.endOf(epochs(), images) == step;
  }

  /**
   * Measures the averaged weights, which become the model if no others were better.
   *
   * @throws CancellationException if it was cancelled
   */
  private void epoch() throws IOException {
    boolean interrupted = Thread.interrupted(); // would close the files that are being written
    try {
      ImageDataset heldOut = trainer.parts().heldOut();
      Map<String, TensorData> averaged = session.layout().split(session.state(UpdateGraph.EMA));
      ClassifierFile model = ClassifierFile.of(trainer.network(), trainer.card(), averaged);
      ClassifierQuality found;
      try (FeatureNetwork open =
          FeatureNetwork.open(
              model.toBytes(), "step " + step, FeatureOptions.defaults(), settings())) {
        found = ClassifierQuality.measure(open, heldOut, cancellation);
      }
      Epoch epoch =
          log.add(
              new Epoch(
                  epochs(),
                  step,
                  loss.value(),
                  found.loss(),
                  found.accuracy().accuracy(),
                  rate.at(step),
                  step * config.batchSize() / seconds));
      log.draw();
      boolean best = log.best().filter(epoch::equals).isPresent();
      if (best) {
        model
            .told(config, trainer.card(), images, heldOut.size(), epoch)
            .write(trainer.folder().model());
      }
      checkpoint();
      listener.onEpoch(epoch, best);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private SessionSettings settings() {
    return new SessionSettings(Device.cpu(), config.threadCount());
  }

  private void checkpoint() throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      listener.onCheckpoint(
          trainer
              .folder()
              .checkpoints()
              .write(
                  new Checkpoint(
                      step,
                      step * config.batchSize(),
                      config.seed(),
                      batches.position(),
                      loss.value(),
                      seconds,
                      Recovery.none(config.learningRate()),
                      trainer.network().toJson(),
                      SessionTensors.of(session))),
          step);
      checkpointed = step;
      trainer.folder().checkpoints().prune(KEPT_CHECKPOINTS);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What the best model takes the images of the test split for; the file is told. */
  private Optional<ClassifierQuality> test() throws IOException {
    Optional<ImageDataset> data = trainer.test();
    if (data.isEmpty()) {
      return Optional.empty();
    }
    Path file = trainer.folder().model();
    ClassifierQuality found;
    try (FeatureNetwork open = FeatureNetwork.open(file, FeatureOptions.defaults(), settings())) {
      found = ClassifierQuality.measure(open, data.get(), cancellation);
    } catch (CancellationException e) {
      return Optional.empty();
    }
    ClassifierFile.read(file).told(found.accuracy()).write(file);
    trainer.folder().writeText(trainer.folder().test(), found.toCsv());
    return Optional.of(found);
  }

  @Override
  public void close() {
    batches.close();
    session.close();
  }
}
