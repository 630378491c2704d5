package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.Requirements.require;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.nn.UNetPart;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.checkpoint.Recovery;
import io.ddpm4j.trainer.data.BatchIterator;
import io.ddpm4j.trainer.data.BatchOptions;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.objective.TimestepSampler;
import io.ddpm4j.trainer.step.ParameterLayout;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.UpdateGraph;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.LongToDoubleFunction;

/**
 * One training run in one folder. The weights after k steps are a function of the configuration
 * alone: a run that was stopped and resumed equals, bit for bit, one that was not (on the same
 * machine with the same number of threads).
 */
public final class Trainer {
  private final RunFolder folder;
  private final TrainConfig config;
  private final ImageDataset data;
  private final Optional<ImageDataset> heldOut;
  private final UNetConfig unet;
  private final DatasetCard card;
  private final Checkpoint start; // null for a new run
  private CheckpointStore store;
  private LongToDoubleFunction rate; // of each step
  private Map<String, TensorData> initial; // of a new run; null for random weights
  private boolean rateIsChosen; // for the steps to come

  /**
   * @param card of the images that are trained on
   * @param start null for a new run
   */
  Trainer(RunFolder folder, TrainConfig config, RunData data, DatasetCard card, Checkpoint start) {
    this.folder = folder;
    this.config = config;
    this.data = data.training();
    this.heldOut = data.heldOut();
    this.card = card;
    this.start = start;
    this.unet = config.unet(data.training());
    this.store = folder.checkpoints();
    this.rate = config.optimizer().rate(config.run().steps())::at;
  }

  /** The same run with its checkpoints elsewhere: in a test, on a disk that is full. */
  Trainer withStore(CheckpointStore other) {
    this.store = other;
    return this;
  }

  /** The same run with other learning rates: in a test, with some that it breaks down by. */
  Trainer withRates(LongToDoubleFunction rates) {
    this.rate = rates;
    return this;
  }

  /**
   * Prepares a new run.
   *
   * @param path the run's folder; made if it is not there
   * @param warnings told, a sentence each, what could be gone around: images that were skipped
   * @throws IOException if the data cannot be read, or the folder holds a run or other files
   * @throws IllegalArgumentException if network and images do not fit each other, or the model that
   *     the first weights come from does not fit them
   */
  public static Trainer create(Path path, TrainConfig config, Consumer<String> warnings)
      throws IOException {
    Trainer trainer = prepare(path, config, warnings);
    RunFolder folder = trainer.folder;
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new IOException("cannot make the folder " + path + ": " + reason(e), e);
    }
    RunLock lock = RunLock.acquire(path, warnings); // a run without checkpoints may be at work
    try {
      folder.writeText(folder.config(), config.toJson());
      folder.writeText(folder.dataset(), trainer.card.toJson());
    } finally {
      lock.close();
    }
    return trainer;
  }

  /**
   * Finds out what a new run would be, without writing anything: what {@link #create} refuses is
   * refused, and a few steps are run as {@link #run} runs them, with a checkpoint and a sample grid
   * that go nowhere.
   *
   * @param path the run's folder, which need not be there
   * @throws IOException as {@link #create}
   * @throws IllegalArgumentException as {@link #create}
   */
  public static DryRun dryRun(Path path, TrainConfig config, Consumer<String> warnings)
      throws IOException {
    return prepare(path, config, warnings).rehearse();
  }

  /** All of a new run but what is written. */
  private static Trainer prepare(Path path, TrainConfig config, Consumer<String> warnings)
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
    Map<String, TensorData> initial = initial(config, unet, data, warnings);
    Trainer trainer = new Trainer(folder, config, images, DatasetCard.of(data), null);
    trainer.initial = initial;
    return trainer;
  }

  private static Map<String, TensorData> initial(
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
   * Prepares to go on with a run from its newest checkpoint, as it began.
   *
   * @param steps up to which step; empty for the run's own number
   * @throws IOException as {@link #resume(Path, Optional, OptionalDouble, Consumer)}
   * @throws IllegalArgumentException if the run is further already than {@code steps}
   */
  public static Trainer resume(Path path, Optional<Long> steps, Consumer<String> warnings)
      throws IOException {
    return resume(path, steps, OptionalDouble.empty(), warnings);
  }

  /**
   * Prepares to go on with a run from its newest checkpoint. What changes is written into its
   * {@code run.json}.
   *
   * @param steps up to which step; empty for the run's own number
   * @param learningRate from now on; empty for the run's own
   * @throws IOException if there is no run or no checkpoint, the checkpoint is damaged or of
   *     another network, or the data cannot be read or are others
   * @throws IllegalArgumentException if the run is further already than {@code steps}, or the
   *     learning rate is not positive
   */
  public static Trainer resume(
      Path path, Optional<Long> steps, OptionalDouble learningRate, Consumer<String> warnings)
      throws IOException {
    RunFolder folder = new RunFolder(path);
    TrainConfig before = folder.readConfig();
    TrainConfig config =
        before
            .withRun(before.run().withSteps(steps.orElse(before.run().steps())))
            .withOptimizer(
                before
                    .optimizer()
                    .withLearningRate(learningRate.orElse(before.optimizer().learningRate())));
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
    ImageDataset data = images.training();
    UNetConfig unet = config.unet(data);
    CheckpointMatch.require(latest, checkpoint, config, unet);
    DatasetCard card = DatasetCard.of(data);
    Optional<DatasetCard> kept = DatasetCard.read(folder.dataset());
    if (kept.isPresent()) {
      kept.get().requireSame(card, folder.dataset());
    }
    RunLock lock = RunLock.acquire(path, warnings);
    try { // only now is it sure that the run goes on
      if (!config.equals(before)) {
        folder.writeText(folder.config(), config.toJson());
      }
      if (!kept.equals(Optional.of(card))) { // of an early version, or gone
        folder.writeText(folder.dataset(), card.toJson());
      }
    } finally {
      lock.close();
    }
    Trainer trainer = new Trainer(folder, config, images, card, checkpoint);
    trainer.rateIsChosen = learningRate.isPresent();
    return trainer;
  }

  private static String reason(IOException e) {
    return switch (e.getClass().getSimpleName()) { // of these the message is a bare path
      case "FileAlreadyExistsException" -> "there is a file of that name";
      case "AccessDeniedException" -> "permission denied";
      case "NoSuchFileException" -> "there is no such folder";
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  /** The run's configuration, with the steps and the learning rate that were asked for. */
  public TrainConfig config() {
    return config;
  }

  /**
   * Trains until the last step, or until it is cancelled; either way the last step is checkpointed.
   * Whatever else ends it, what was learnt until then is checkpointed if that is possible. When
   * training breaks down, it goes on from its last good state with half the learning rate, {@value
   * Recovery#MOST} times at most.
   *
   * @throws DivergedException if the loss is no longer a number, or far above what it was, for good
   * @throws IOException if a checkpoint or the metrics cannot be written, or another training is at
   *     work in the folder; a picture that cannot be written is a warning
   */
  public TrainResult run(TrainListener listener, Cancellation cancellation) throws IOException {
    RunLock lock = RunLock.acquire(folder.path(), listener::onWarning);
    try {
      return train(listener, cancellation);
    } finally {
      lock.close();
    }
  }

  private TrainResult train(TrainListener listener, Cancellation cancellation) throws IOException {
    Progress progress = Progress.from(start, recovery());
    TimestepSampler timesteps = timesteps();
    try (TrainSession session = session();
        Reporter reporter =
            Reporter.open(
                folder,
                new ReportFacts(
                    folder.name(),
                    config,
                    card,
                    session.layout().size(),
                    heldOut.map(ImageDataset::description)),
                progress.step(),
                listener::onWarning);
        BatchIterator batches = batches(progress);
        StepFeeder feeder = feeder(batches, session, timesteps, progress)) {
      restore(session, session.layout(), start);
      restore(timesteps, start);
      listener.onStart(summary(session, progress));
      Checkpointer checkpointer = new Checkpointer(store, config, unet.toJson(), progress.step());
      Loop.Parts parts =
          new Loop.Parts(
              session,
              feeder,
              reporter,
              validator(),
              timesteps,
              checkpointer,
              new Pictures(folder, config, unet, card),
              new Recoverer(
                  checkpointer,
                  reporter,
                  state -> {
                    restore(session, session.layout(), state);
                    restore(timesteps, state);
                  },
                  start == null),
              rate);
      return new Loop(config, parts, progress, listener, cancellation).run();
    }
  }

  private TimestepSampler timesteps() {
    return config.diffusion().objective().sampling().sampler(config.diffusion().trainTimesteps());
  }

  /**
   * Puts the losses that timesteps were seen to have into their sampler.
   *
   * @param from null for none
   */
  private void restore(TimestepSampler timesteps, Checkpoint from) throws CheckpointException {
    try {
      timesteps.restore(from == null ? timesteps().state() : from.state(Checkpoint.TIMESTEPS));
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(
          folder.path() + ": the checkpoint is of another run: " + e.getMessage(), e);
    }
  }

  private TrainSession session() {
    return new TrainSession(
        config.step(unet), TrainSession.Options.ofThreads(config.run().threadCount()));
  }

  private BatchIterator batches(Progress progress) {
    BatchOptions options =
        BatchOptions.of(config.optimizer().stepImages(), config.run().seed())
            .withHorizontalFlips(config.data().horizontalFlips());
    return new BatchIterator(data, options, progress.position());
  }

  private StepFeeder feeder(
      BatchIterator batches, TrainSession session, TimestepSampler timesteps, Progress progress) {
    return new StepFeeder(
        batches,
        session,
        config.run().seed(),
        new StepFeeder.Draws(
            timesteps,
            config.diffusion().objective().offsetNoise(),
            config.network().labelDropout(),
            data.classNames().size()),
        progress.step() + 1 + progress.recovery().skippedSteps());
  }

  private Optional<Validator> validator() {
    return heldOut.map(images -> new Validator(config, unet, card, images));
  }

  private RunSummary summary(TrainSession session, Progress progress) {
    return new RunSummary(
        data.description(),
        data.size(),
        session.layout().size(),
        progress.step() + 1,
        config.run().steps());
  }

  private DryRun rehearse() throws IOException {
    Progress progress = Progress.from(null, recovery());
    TimestepSampler timesteps = timesteps();
    try (TrainSession session = session();
        BatchIterator batches = batches(progress);
        StepFeeder feeder = feeder(batches, session, timesteps, progress)) {
      restore(session, session.layout(), null);
      double[] seconds = new double[DryRun.STEPS];
      for (int i = -1; i < seconds.length; i++) {
        long begin = System.nanoTime();
        session.step(feeder.next().inputs(), i + 2, rate.applyAsDouble(i + 2));
        seconds[Math.max(0, i)] = (System.nanoTime() - begin) / 1e9; // the first is not timed
      }
      Arrays.sort(seconds);
      double validation = validation(session);
      double grid = 0;
      long checkpoint = 0;
      for (int round = 0; round < 2; round++) { // memory still grows in the second
        CountingStream nowhere = new CountingStream();
        new Safetensors(Checkpointer.tensors(session), Map.of()).write(nowhere);
        checkpoint = nowhere.count;
        if (config.run().sampleEvery() > 0) {
          Map<String, TensorData> average = session.layout().split(session.state(UpdateGraph.EMA));
          grid = new Pictures(folder, config, unet, card).rehearse(average);
        }
        session.step(feeder.next().inputs(), DryRun.STEPS + 2 + round, rate.applyAsDouble(1));
      }
      return new DryRun(
          summary(session, progress),
          UNetPart.of(unet),
          config.run().threadCount(),
          config.optimizer().stepImages(),
          seconds[DryRun.STEPS / 2],
          grid,
          validation,
          checkpoint,
          PeakMemory.bytes());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted");
    }
  }

  /** The seconds that the validation loss takes; 0 where it is not measured. */
  private double validation(TrainSession session) throws IOException {
    if (heldOut.isEmpty()) {
      return 0;
    }
    long begin = System.nanoTime();
    Map<String, TensorData> average = session.layout().split(session.state(UpdateGraph.EMA));
    validator().get().measure(average, 0, new Cancellation());
    return (System.nanoTime() - begin) / 1e9;
  }

  /** Counts what is written, and forgets it. */
  private static final class CountingStream extends OutputStream {
    private long count;

    @Override
    public void write(int value) {
      count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      count += length;
    }
  }

  /** How the run stands with breakdowns: a learning rate that was chosen since is not lowered. */
  private Recovery recovery() {
    double rate = config.optimizer().learningRate();
    if (start == null) {
      return Recovery.none(rate);
    }
    Recovery kept = start.recovery();
    return rateIsChosen || kept.learningRate() != rate ? kept.withLearningRate(rate) : kept;
  }

  /**
   * Puts a state into the session.
   *
   * @param from null for the first one
   */
  private void restore(TrainSession session, ParameterLayout layout, Checkpoint from)
      throws CheckpointException {
    if (from == null) {
      Map<String, TensorData> random = UNet.parameters(unet).initialize(config.run().seed());
      session.initialize(layout.join(initial == null ? random : initial));
      return;
    }
    List<float[]> state = new ArrayList<>();
    for (String name : session.stateNames()) {
      try {
        state.add(layout.join(from.state(name)));
      } catch (IllegalArgumentException e) {
        throw new CheckpointException(
            folder.path() + ": the checkpoint is of another network: " + e.getMessage(), e);
      }
    }
    session.setState(state);
  }
}
