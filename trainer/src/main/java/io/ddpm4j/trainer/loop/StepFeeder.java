package io.ddpm4j.trainer.loop;

import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.runtime.random.Philox;
import io.ddpm4j.trainer.data.Batch;
import io.ddpm4j.trainer.data.BatchIterator;
import io.ddpm4j.trainer.data.BatchOptions;
import io.ddpm4j.trainer.data.DataPosition;
import io.ddpm4j.trainer.objective.TimestepSampler;
import io.ddpm4j.trainer.step.StepInputs;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.TrainStepConfig;
import java.nio.LongBuffer;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Prepares the inputs of steps on a thread of its own: pixels, labels and noise. What step k gets
 * is a function of the seed and k: image j of step k has the noise of image number (k - 1)·N + j of
 * the seed. Its timestep comes from the first number of a block of the same generator, and the
 * second one says whether its label is replaced by the null class. The masks of dropout, {@link
 * DropoutDraws}, are only named here: whoever runs the step has them drawn.
 *
 * <p>Timesteps may hang on the losses of the steps before, so they are not chosen ahead but by
 * {@link #next}, when all those steps are done.
 */
final class StepFeeder implements AutoCloseable {
  private static final int SLOTS = 3;

  /** The stream of timesteps and dropped labels: no image has so many draws. */
  private static final int TIMESTEP_DRAW = -1;

  /** The draw of an image's noise, and of the numbers that offset it, one for each channel. */
  private static final int NOISE_DRAW = 0;

  private static final int OFFSET_DRAW = 1;

  private final BatchIterator batches;
  private final long seed;
  private final Draws draws;
  private final DropoutDraws dropout;
  private final int batchSize;
  private final int channels;
  private final BlockingQueue<StepInputs> free = new ArrayBlockingQueue<>(SLOTS);
  private final BlockingQueue<Prepared> ready = new ArrayBlockingQueue<>(SLOTS + 1);
  private final Thread thread;
  private Prepared last;

  /**
   * The inputs of one step.
   *
   * @param next where the step after it begins in the data
   */
  record Prepared(long step, StepInputs inputs, DataPosition next, Throwable failure) {}

  /**
   * What is drawn for an image beside its noise.
   *
   * @param timesteps chooses them
   * @param offsetNoise the share of a number for each channel in its noise
   * @param labelDropout the share of labels that the null class replaces
   * @param nullClass that label; of no meaning where nothing is dropped
   */
  record Draws(TimestepSampler timesteps, double offsetNoise, double labelDropout, int nullClass) {}

  /**
   * Begins to prepare them.
   *
   * @param batches closed with this
   * @param session whose inputs are filled, which trains a noise predictor
   */
  StepFeeder(BatchIterator batches, TrainSession session, long seed, Draws draws, long firstStep) {
    this.batches = batches;
    this.seed = seed;
    this.draws = draws;
    TrainStepConfig step = (TrainStepConfig) session.task();
    this.dropout = new DropoutDraws(seed, step.unet().dropout());
    this.batchSize = step.batchSize();
    this.channels = step.unet().inChannels();
    for (int i = 0; i < SLOTS; i++) {
      free.add(session.newInputs());
    }
    thread = new Thread(() -> produce(firstStep), "ddpm4j-step-feeder");
    thread.setDaemon(true);
    thread.start();
  }

  /** Of the steps of a run from its start on; closes the batches that it makes. */
  static StepFeeder of(RunPlan plan, TrainingState state) {
    TrainConfig config = plan.config();
    Progress progress = plan.start().progress();
    BatchOptions options =
        BatchOptions.of(config.optimizer().stepImages(), config.run().seed())
            .withHorizontalFlips(config.data().horizontalFlips());
    Draws draws =
        new Draws(
            state.timesteps(),
            config.diffusion().objective().offsetNoise(),
            config.network().labelDropout(),
            plan.card().classes().size());
    long firstStep = progress.step() + 1 + progress.recovery().skippedSteps();
    BatchIterator batches = new BatchIterator(plan.data().training(), options, progress.position());
    try {
      return new StepFeeder(batches, state.session(), config.run().seed(), draws, firstStep);
    } catch (RuntimeException | Error e) {
      batches.close();
      throw e;
    }
  }

  private void produce(long firstStep) {
    float[] noise = null;
    try {
      for (long step = firstStep; ; step++) {
        StepInputs inputs = free.take();
        Batch batch = batches.next();
        inputs.images().put(0, batch.images(), 0, inputs.images().capacity());
        labels(batch.labels(), inputs.labels());
        if (noise == null) {
          noise = new float[inputs.noise().capacity()];
        }
        long firstImage = (step - 1) * batchSize;
        fill(noise, firstImage);
        inputs.noise().put(0, noise);
        inputs.masks(dropout.from(firstImage));
        ready.put(new Prepared(step, inputs, batch.end(), null));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) { // also errors: the training thread would wait for ever
      ready.add(new Prepared(0, null, null, e));
    }
  }

  private void labels(LongBuffer from, LongBuffer to) {
    for (int i = 0; i < batchSize; i++) {
      to.put(i, Math.max(0, from.get(i)));
    }
  }

  /** Noise, offset by a number for each image and channel where that was asked for. */
  private void fill(float[] noise, long firstImage) {
    ImageNoise source = new ImageNoise(seed);
    source.fill(noise, firstImage, batchSize, noise.length / batchSize, NOISE_DRAW);
    if (draws.offsetNoise() == 0) {
      return;
    }
    float[] offsets = new float[batchSize * channels];
    source.fill(offsets, firstImage, batchSize, channels, OFFSET_DRAW);
    int pixels = noise.length / offsets.length;
    for (int i = 0; i < noise.length; i++) {
      noise[i] += (float) (draws.offsetNoise() * offsets[i / pixels]);
    }
  }

  /** Timesteps with the weights that go with them, and labels that are dropped. */
  private void draw(long firstImage, StepInputs to) {
    int[] counter = new int[4];
    int[] block = new int[4];
    for (int i = 0; i < batchSize; i++) {
      long image = firstImage + i;
      counter[1] = TIMESTEP_DRAW;
      counter[2] = (int) image;
      counter[3] = (int) (image >>> 32);
      Philox.block(counter, seed, block);
      int timestep = draws.timesteps().timestep(block[0] & 0xFFFFFFFFL);
      to.timesteps().put(i, timestep);
      to.sampleWeights().put(i, (float) (draws.timesteps().weight(timestep) / batchSize));
      if ((block[1] & 0xFFFFFFFFL) * 0x1p-32 < draws.labelDropout()) {
        to.labels().put(i, draws.nullClass());
      }
    }
  }

  /**
   * The next step's inputs, valid until the next call. The timesteps' sampler must have been told
   * of all steps before.
   *
   * @throws IllegalStateException if the data could not be read
   */
  Prepared next() throws InterruptedException {
    if (last != null) {
      free.put(last.inputs());
    }
    last = ready.take();
    if (last.failure() != null) {
      Throwable failure = last.failure();
      last = null;
      throw failure instanceof IllegalStateException e
          ? e
          : new IllegalStateException("preparing a step failed: " + failure.getMessage(), failure);
    }
    draw((last.step() - 1) * batchSize, last.inputs());
    return last;
  }

  @Override
  public void close() {
    thread.interrupt();
    batches.close();
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
