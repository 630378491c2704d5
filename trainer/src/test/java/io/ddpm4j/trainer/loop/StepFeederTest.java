package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.TensorData;
import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.trainer.data.BatchIterator;
import io.ddpm4j.trainer.data.BatchOptions;
import io.ddpm4j.trainer.data.DataPosition;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.objective.TimestepSampler;
import io.ddpm4j.trainer.objective.TimestepSampling;
import io.ddpm4j.trainer.step.StepInputs;
import io.ddpm4j.trainer.step.TrainSession;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Timesteps and labels of steps; that noise and data are the seed's is tested where they are. */
class StepFeederTest {
  private static final int BATCH = 64;
  private static final int STEPS = 60;
  private static final int CLASSES = 6;
  private static final int TIMESTEPS = 1000;
  private static final long SEED = -77;

  private final ShapesDataset data = new ShapesDataset(500, 8, 0);
  private TrainSession session;

  /** What one image of the run gets. */
  private record Drawn(long label, long timestep) {
    boolean isDropped() {
      return label == CLASSES;
    }
  }

  @BeforeEach
  void open() {
    TrainConfig config = TrainerTest.config(1, 0, 1e-3, true);
    OptimizerConfig o = config.optimizer();
    TrainConfig wide =
        new TrainConfig(
            config.data(),
            config.network().withLabelDropout(0.5),
            config.diffusion(),
            new OptimizerConfig(
                BATCH,
                o.learningRate(),
                o.warmupSteps(),
                o.beta1(),
                o.beta2(),
                o.epsilon(),
                o.maxGradientNorm(),
                o.emaDecay()),
            config.run());
    session =
        new TrainSession(wide.step(wide.network().unet(data)), TrainSession.Options.ofThreads(1));
  }

  @AfterEach
  void close() {
    session.close();
  }

  private List<Drawn> draw(double dropout, long firstStep, int steps) throws InterruptedException {
    DataPosition position = DataPosition.START.plus((int) (firstStep - 1) * BATCH, data.size());
    List<Drawn> drawn = new ArrayList<>();
    try (BatchIterator batches = new BatchIterator(data, BatchOptions.of(BATCH, SEED), position);
        StepFeeder feeder =
            new StepFeeder(
                batches,
                session,
                SEED,
                new StepFeeder.Draws(
                    TimestepSampling.UNIFORM.sampler(TIMESTEPS), 0, dropout, CLASSES),
                firstStep)) {
      for (int step = 0; step < steps; step++) {
        StepInputs inputs = feeder.next().inputs();
        for (int i = 0; i < BATCH; i++) {
          drawn.add(new Drawn(inputs.labels().get(i), inputs.timesteps().get(i)));
        }
      }
    }
    return drawn;
  }

  @Test
  void theShareOfDroppedLabelsIsTheOneAskedFor() throws InterruptedException {
    int images = STEPS * BATCH;
    for (double share : new double[] {0.1, 0.3, 0.9}) {
      long dropped = draw(share, 1, STEPS).stream().filter(Drawn::isDropped).count();
      double deviation = Math.sqrt(images * share * (1 - share));
      assertEquals(images * share, dropped, 3 * deviation, "share " + share);
    }
  }

  @Test
  void whatIsDroppedDoesNotHangOnWhereTheRunBegan() throws InterruptedException {
    List<Drawn> whole = draw(0.3, 1, 9);
    assertEquals(whole, draw(0.3, 1, 9));
    assertEquals(whole.subList(5 * BATCH, 9 * BATCH), draw(0.3, 6, 4), "resumed after step 5");
  }

  @Test
  void everythingElseIsAsWithoutDropout() throws InterruptedException {
    List<Drawn> all = draw(0, 1, STEPS);
    List<Drawn> some = draw(0.3, 1, STEPS);
    double early = 0; // of the dropped ones
    int dropped = 0;
    for (int i = 0; i < all.size(); i++) {
      assertTrue(!all.get(i).isDropped(), "none is dropped without dropout");
      assertEquals(all.get(i).timestep(), some.get(i).timestep());
      if (some.get(i).isDropped()) {
        dropped++;
        early += some.get(i).timestep() < TIMESTEPS / 2 ? 1 : 0;
      } else {
        assertEquals(all.get(i), some.get(i));
      }
    }
    double deviation = Math.sqrt(dropped * 0.25);
    assertEquals(dropped * 0.5, early, 3 * deviation, "dropped whatever the timestep is");
  }

  private float[] noise(double offset) throws InterruptedException {
    try (BatchIterator batches =
            new BatchIterator(data, BatchOptions.of(BATCH, SEED), DataPosition.START);
        StepFeeder feeder =
            new StepFeeder(
                batches,
                session,
                SEED,
                new StepFeeder.Draws(
                    TimestepSampling.UNIFORM.sampler(TIMESTEPS), offset, 0, CLASSES),
                1)) {
      feeder.next();
      FloatBuffer noise = feeder.next().inputs().noise(); // of the second step
      float[] values = new float[noise.capacity()];
      noise.get(0, values);
      return values;
    }
  }

  /** One number for each image and channel: draw 1 of the image of that number in the run. */
  @Test
  void offsetNoiseIsTheSameForAllPixelsOfAChannel() throws InterruptedException {
    float[] without = noise(0);
    float[] with = noise(0.1);
    int channels = data.channels();
    int pixels = data.height() * data.width();
    float[] offsets = new float[BATCH * channels];
    new ImageNoise(SEED).fill(offsets, BATCH, BATCH, channels, 1);
    double squares = 0;
    for (int i = 0; i < with.length; i++) {
      assertEquals(0.1 * offsets[i / pixels], with[i] - without[i], 1e-6, "element " + i);
      squares += Math.pow(offsets[i / pixels], 2);
    }
    assertEquals(1, squares / with.length, 0.3, "they are standard normal");
  }

  /** What a sampler that is told of losses chooses hangs on the steps before, and on no others. */
  @Test
  void timestepsAreChosenWhenTheStepsBeforeAreDone() throws InterruptedException {
    List<String> calls = new ArrayList<>();
    TimestepSampler sampler =
        new TimestepSampler() {
          @Override
          public int timestep(long word) {
            calls.add("draw");
            return 7;
          }

          @Override
          public double weight(int timestep) {
            return timestep;
          }

          @Override
          public void observe(LongBuffer timesteps, FloatBuffer losses) {
            throw new AssertionError("the feeder knows no losses");
          }

          @Override
          public Map<String, TensorData> state() {
            return Map.of();
          }

          @Override
          public void restore(Map<String, TensorData> state) {}
        };
    try (BatchIterator batches =
            new BatchIterator(data, BatchOptions.of(BATCH, SEED), DataPosition.START);
        StepFeeder feeder =
            new StepFeeder(
                batches, session, SEED, new StepFeeder.Draws(sampler, 0, 0, CLASSES), 1)) {
      for (int step = 1; step <= 5; step++) {
        StepInputs inputs = feeder.next().inputs();
        assertEquals(step * BATCH, calls.size(), "none is drawn ahead");
        assertEquals(7, inputs.timesteps().get(BATCH - 1));
        assertEquals(7f / BATCH, inputs.sampleWeights().get(BATCH - 1));
      }
    }
  }
}
