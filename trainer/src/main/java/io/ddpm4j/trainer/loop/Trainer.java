package io.ddpm4j.trainer.loop;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.data.BatchIterator;
import io.ddpm4j.trainer.data.BatchOptions;
import io.ddpm4j.trainer.data.DataPosition;
import io.ddpm4j.trainer.data.Datasets;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.optim.LearningRate;
import io.ddpm4j.trainer.step.ParameterLayout;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.TrainStepGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * One training run in one folder. The weights after k steps are a function of the configuration
 * alone: a run that was stopped and resumed equals, bit for bit, one that was not (on the same
 * machine with the same number of threads).
 */
public final class Trainer {
  private final RunFolder folder;
  private final TrainConfig config;
  private final ImageDataset data;
  private final UNetConfig unet;
  private final Checkpoint start; // null for a new run

  private Trainer(
      RunFolder folder, TrainConfig config, ImageDataset data, UNetConfig unet, Checkpoint start) {
    this.folder = folder;
    this.config = config;
    this.data = data;
    this.unet = unet;
    this.start = start;
  }

  /**
   * Prepares a new run.
   *
   * @param path the run's folder; made if it is not there
   * @param warnings told, a sentence each, what could be gone around: images that were skipped
   * @throws IOException if the data cannot be read, or the folder holds a run already
   * @throws IllegalArgumentException if network and images do not fit each other
   */
  public static Trainer create(Path path, TrainConfig config, Consumer<String> warnings)
      throws IOException {
    RunFolder folder = new RunFolder(path);
    if (folder.checkpoints().latest().isPresent()) {
      throw new IOException(
          path
              + ": expected a folder without a run, found one with checkpoints; resume it or"
              + " choose another folder");
    }
    ImageDataset data = Datasets.open(config.data().source(), config.data().options(), warnings);
    UNetConfig unet = config.network().unet(data);
    config.step(unet); // refuses what does not fit before anything is written
    try {
      Files.createDirectories(path);
    } catch (IOException e) {
      throw new IOException("cannot make the folder " + path + ": " + reason(e), e);
    }
    folder.writeText(folder.config(), config.toJson());
    folder.writeText(folder.dataset(), RunExporter.DatasetCard.of(data).toJson());
    return new Trainer(folder, config, data, unet, null);
  }

  /**
   * Prepares to go on with a run from its newest checkpoint.
   *
   * @param steps up to which step; empty for the run's own number
   * @throws IOException if there is no run or no checkpoint, the checkpoint is damaged or of
   *     another network, or the data cannot be read
   */
  public static Trainer resume(Path path, Optional<Long> steps, Consumer<String> warnings)
      throws IOException {
    RunFolder folder = new RunFolder(path);
    TrainConfig config = folder.readConfig();
    boolean longer = steps.isPresent() && steps.get() != config.run().steps();
    if (longer) {
      config = config.withRun(config.run().withSteps(steps.get()));
    }
    CheckpointStore store = folder.checkpoints();
    Path latest =
        store
            .latest()
            .orElseThrow(
                () ->
                    new CheckpointException(
                        path + ": expected a checkpoint to resume from, found none"));
    Checkpoint checkpoint = store.read(latest);
    ImageDataset data = Datasets.open(config.data().source(), config.data().options(), warnings);
    UNetConfig unet = config.network().unet(data);
    if (!isNetwork(unet, checkpoint.unet())) {
      throw new CheckpointException(
          latest
              + ": expected a checkpoint of the network in config.json, found another network's");
    }
    if (checkpoint.seed() != config.run().seed()) {
      throw new CheckpointException(
          latest
              + ": expected a checkpoint of seed "
              + config.run().seed()
              + ", found "
              + checkpoint.seed());
    }
    if (longer) { // only now is it sure that the run goes on
      folder.writeText(folder.config(), config.toJson());
    }
    return new Trainer(folder, config, data, unet, checkpoint);
  }

  private static boolean isNetwork(UNetConfig unet, String json) {
    try {
      return unet.equals(UNetConfig.fromJson(json));
    } catch (IllegalArgumentException e) {
      return false; // one that this version does not know
    }
  }

  private static String reason(IOException e) {
    return switch (e.getClass().getSimpleName()) { // of these the message is a bare path
      case "FileAlreadyExistsException" -> "there is a file of that name";
      case "AccessDeniedException" -> "permission denied";
      case "NoSuchFileException" -> "there is no such folder";
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  public TrainConfig config() {
    return config;
  }

  /**
   * Trains until the last step, or until it is cancelled; either way the last step is checkpointed.
   *
   * @throws DivergedException if the loss is no longer a number
   * @throws IOException if a file of the run cannot be written
   */
  public TrainResult run(TrainListener listener, Cancellation cancellation) throws IOException {
    TrainStepGraph graph = TrainStepGraph.build(config.step(unet));
    DataPosition position = start == null ? DataPosition.START : start.position();
    BatchOptions options =
        BatchOptions.of(config.optimizer().batchSize(), config.run().seed())
            .withHorizontalFlips(config.data().horizontalFlips());
    long first = start == null ? 1 : start.step() + 1;
    try (TrainSession session =
            new TrainSession(graph, TrainSession.Options.ofThreads(config.run().threadCount()));
        Metrics metrics = Metrics.open(folder.metrics(), first - 1);
        StepFeeder feeder =
            new StepFeeder(
                new BatchIterator(data, options, position),
                session,
                config.run().seed(),
                config.diffusion().trainTimesteps(),
                first)) {
      restore(session, graph.layout());
      listener.onStart(
          new RunSummary(
              data.description(), data.size(), graph.layout().size(), first, config.run().steps()));
      return new Loop(session, metrics, feeder, listener, cancellation).run(first, position);
    }
  }

  private void restore(TrainSession session, ParameterLayout layout) throws CheckpointException {
    if (start == null) {
      session.initialize(layout.join(UNet.parameters(unet).initialize(config.run().seed())));
      return;
    }
    List<float[]> state = new ArrayList<>();
    for (String name : TrainStepGraph.STATE) {
      Map<String, TensorData> tensors = new LinkedHashMap<>();
      start
          .tensors()
          .forEach(
              (key, tensor) -> {
                if (key.startsWith(name + ".")) {
                  tensors.put(key.substring(name.length() + 1), tensor);
                }
              });
      try {
        state.add(layout.join(tensors));
      } catch (IllegalArgumentException e) {
        throw new CheckpointException(
            folder.path() + ": the checkpoint is of another network: " + e.getMessage(), e);
      }
    }
    session.setState(state);
  }

  /** The mutable state of one call of {@link #run}. */
  private final class Loop {
    private final TrainSession session;
    private final Metrics metrics;
    private final StepFeeder feeder;
    private final TrainListener listener;
    private final Cancellation cancellation;
    private final LearningRate rate = config.optimizer().rate();
    private final Pace pace = new Pace(config.optimizer().batchSize());
    private final SmoothedLoss smoothed =
        start == null
            ? new SmoothedLoss(0, 0)
            : new SmoothedLoss(start.smoothedLoss(), start.step());
    private DataPosition position;
    private double seconds = start == null ? 0 : start.seconds();
    private long checkpointed = start == null ? 0 : start.step();
    private Path lastCheckpoint;

    Loop(
        TrainSession session,
        Metrics metrics,
        StepFeeder feeder,
        TrainListener listener,
        Cancellation cancellation) {
      this.session = session;
      this.metrics = metrics;
      this.feeder = feeder;
      this.listener = listener;
      this.cancellation = cancellation;
    }

    TrainResult run(long first, DataPosition from) throws IOException {
      TrainConfig.Run run = config.run();
      position = from;
      lastCheckpoint = folder.checkpoints().latest().orElse(null);
      long step = first - 1;
      boolean interrupted = false;
      while (step < run.steps() && !cancellation.isCancelled()) {
        StepFeeder.Prepared prepared;
        try {
          prepared = feeder.next();
        } catch (InterruptedException e) {
          interrupted = true;
          break; // as if cancelled
        } catch (RuntimeException e) { // the data failed: what was learnt is kept
          if (step > checkpointed) {
            checkpoint(step);
          }
          throw e;
        }
        step(prepared, step + 1);
        step++;
        position = prepared.next();
        boolean last = step == run.steps();
        if (run.checkpointEvery() > 0 && step % run.checkpointEvery() == 0 || last) {
          checkpoint(step);
        }
        if (run.sampleEvery() > 0 && (step % run.sampleEvery() == 0 || last)) {
          sample(step); // after the checkpoint: a picture that fails must not cost the weights
        }
      }
      if (step > checkpointed) {
        checkpoint(step);
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return new TrainResult(step, step >= run.steps(), smoothed.value(), lastCheckpoint);
    }

    private void step(StepFeeder.Prepared prepared, long number) throws IOException {
      long begin = System.nanoTime();
      double learningRate = rate.at(number);
      TrainSession.Result result = session.step(prepared.inputs(), number, learningRate);
      if (!result.isFinite()) {
        if (number - 1 > checkpointed) {
          checkpoint(number - 1);
        }
        throw diverged(
            "the loss of step %d is not finite (loss %s, gradient norm %s)"
                .formatted(number, result.loss(), result.gradientNorm()));
      }
      double took = (System.nanoTime() - begin) / 1e9;
      seconds += took;
      smoothed.add(result.loss());
      pace.add(took);
      TrainStep report =
          new TrainStep(
              number,
              config.run().steps(),
              result.loss(),
              smoothed.value(),
              result.gradientNorm(),
              learningRate,
              pace.imagesPerSecond(),
              pace.secondsFor(config.run().steps() - number));
      metrics.add(report);
      listener.onStep(report);
    }

    private DivergedException diverged(String what) {
      return new DivergedException(
          what
              + ": training stopped; "
              + (lastCheckpoint == null
                  ? "there was no good state to keep"
                  : "the state of step " + checkpointed + " is kept in " + lastCheckpoint)
              + "; a lower learning rate may help");
    }

    /** An interrupt is put off: it would close the files that are being written. */
    private void checkpoint(long step) throws IOException {
      boolean interrupted = Thread.interrupted();
      try {
        if (!session.stateIsFinite()) { // the loss only shows the weights of the step before
          throw diverged("the weights of step " + step + " are not finite");
        }
        write(step);
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    private void write(long step) throws IOException {
      Map<String, TensorData> tensors = new LinkedHashMap<>();
      for (String name : TrainStepGraph.STATE) {
        session
            .graph()
            .layout()
            .split(session.state(name))
            .forEach((parameter, tensor) -> tensors.put(name + "." + parameter, tensor));
      }
      metrics.draw(folder.lossCurve());
      lastCheckpoint =
          folder
              .checkpoints()
              .write(
                  new Checkpoint(
                      step,
                      step * config.optimizer().batchSize(),
                      config.run().seed(),
                      position,
                      smoothed.value(),
                      seconds,
                      unet.toJson(),
                      tensors));
      folder.checkpoints().prune(config.run().keepCheckpoints());
      checkpointed = step;
      listener.onCheckpoint(lastCheckpoint, step);
    }

    /** A grid from the averaged weights, as the exported model would make it. */
    private void sample(long step) throws IOException {
      Map<String, TensorData> ema = session.graph().layout().split(session.state("ema"));
      byte[] model =
          OnnxWriter.toBytes(
              RunExporter.model(config, unet, RunExporter.DatasetCard.of(data), ema, step));
      try (DiffusionPipeline pipeline =
          DiffusionPipeline.open(model, folder.path().toString())
              .threads(config.run().threadCount())
              .steps(Math.min(config.run().sampleSteps(), config.diffusion().trainTimesteps()))
              .build()) {
        GenerationRequest request =
            GenerationRequest.of(config.run().sampleImages(), config.run().seed())
                .withCancellation(cancellation);
        Path file = folder.samples(step);
        Files.createDirectories(file.getParent());
        pipeline.generate(request).images().writeGrid(file);
        listener.onSamples(file, step);
      } catch (CancellationException e) {
        // The loop sees it and ends; a grid is not worth waiting for.
      }
    }
  }

  /** A running mean of about the last hundred losses; the first ones weigh alike. */
  private static final class SmoothedLoss {
    private static final double SHARE = 0.01;
    private double value;
    private long count;

    SmoothedLoss(double value, long count) {
      this.value = value;
      this.count = count;
    }

    void add(double loss) {
      count++;
      double share = Math.max(SHARE, 1.0 / count);
      value = count == 1 ? loss : value + share * (loss - value);
    }

    double value() {
      return value;
    }
  }

  /** Images a second over about the last twenty steps. */
  private static final class Pace {
    private final int batchSize;
    private double secondsPerStep;

    Pace(int batchSize) {
      this.batchSize = batchSize;
    }

    void add(double seconds) {
      secondsPerStep =
          secondsPerStep == 0 ? seconds : secondsPerStep + 0.05 * (seconds - secondsPerStep);
    }

    double imagesPerSecond() {
      return batchSize / secondsPerStep;
    }

    double secondsFor(long steps) {
      return steps * secondsPerStep;
    }
  }
}
