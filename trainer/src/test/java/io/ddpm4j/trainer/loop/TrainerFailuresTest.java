package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.TrainerTest.SILENT;
import static io.ddpm4j.trainer.loop.TrainerTest.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.convert.Safetensors;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import io.ddpm4j.trainer.checkpoint.CheckpointStore;
import io.ddpm4j.trainer.data.ImageDataset;
import io.ddpm4j.trainer.data.ShapesDataset;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What fails on the way must not cost what was learnt. */
class TrainerFailuresTest {
  @TempDir Path folder;
  private Path run;
  private final List<String> warnings = new ArrayList<>();
  private final TrainListener warned =
      new TrainListener() {
        @Override
        public void onWarning(String sentence) {
          warnings.add(sentence);
        }
      };

  @BeforeEach
  void name() {
    run = folder.resolve("run");
  }

  private static TrainConfig config(long steps, long checkpointEvery, long sampleEvery) {
    return TrainerTest.config(steps, checkpointEvery, 1e-3, true)
        .withRun(new RunConfig(steps, 7, checkpointEvery, 2, sampleEvery, 4, 2, 1));
  }

  private Trainer create(TrainConfig config) throws IOException {
    return Trainer.create(run, config, w -> {});
  }

  private List<String> checkpoints() throws IOException {
    return new RunFolder(run)
        .checkpoints().all().stream().map(p -> p.getFileName().toString()).toList();
  }

  @Test
  void aLossCurveThatCannotBeWrittenIsAWarning() throws IOException {
    Trainer trainer = create(config(4, 2, 0));
    Files.createDirectory(run.resolve("loss.png"));
    assertTrue(trainer.run(warned, new Cancellation()).finished());
    assertEquals(List.of("step-00000002", "step-00000004"), checkpoints());
    assertEquals(2, warnings.size(), warnings.toString());
    assertTrue(warnings.get(0).startsWith("the loss curve was not drawn: "), warnings.get(0));
    assertTrue(warnings.get(0).contains("loss.png"), warnings.get(0));
  }

  @Test
  void samplesThatCannotBeWrittenAreAWarning() throws IOException {
    Trainer trainer = create(config(4, 0, 3));
    Files.writeString(run.resolve("samples"), "in the way");
    assertTrue(trainer.run(warned, new Cancellation()).finished());
    assertEquals(List.of("step-00000004"), checkpoints());
    assertEquals(2, warnings.size(), warnings.toString());
    assertTrue(warnings.get(0).startsWith("no samples of step 3: "), warnings.get(0));
    assertTrue(warnings.get(0).contains("samples"), warnings.get(0));
  }

  @Test
  void aListenerThatThrowsCostsNoStep() throws IOException {
    IllegalStateException thrown = new IllegalStateException("mine");
    TrainListener listener =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            if (step.step() == 5) {
              throw thrown;
            }
          }
        };
    Trainer trainer = create(config(9, 0, 0));
    assertSame(
        thrown,
        assertThrows(IllegalStateException.class, () -> trainer.run(listener, new Cancellation())));
    assertEquals(List.of("step-00000005"), checkpoints());
    Trainer.resume(run, Optional.empty(), w -> {}).run(SILENT, new Cancellation());
    assertEquals(10, Files.readAllLines(run.resolve("metrics.csv")).size());
  }

  @Test
  void aListenerThatThrowsAtSamplesCostsNoStep() throws IOException {
    TrainListener listener =
        new TrainListener() {
          @Override
          public void onSamples(Path file, long step) {
            throw new IllegalStateException("mine");
          }
        };
    Trainer trainer = create(config(9, 0, 3));
    assertThrows(IllegalStateException.class, () -> trainer.run(listener, new Cancellation()));
    assertEquals(List.of("step-00000003"), checkpoints());
  }

  @Test
  void dataThatFailCostNoStep() throws IOException {
    TrainConfig config = config(90, 0, 0);
    create(config);
    ImageDataset shapes = new ShapesDataset(100, 8, 0);
    ImageDataset failing =
        new DelegatingDataset(shapes) {
          private int left = 40;

          @Override
          public void read(int index, byte[] dest, int offset) {
            if (left-- <= 0) {
              throw new IllegalStateException("the disk is gone");
            }
            super.read(index, dest, offset);
          }
        };
    Trainer trainer = of(config, failing, shapes);
    fails(
        IllegalStateException.class,
        () -> trainer.run(SILENT, new Cancellation()),
        "the disk is gone");
    assertEquals(List.of("step-00000010"), checkpoints());
  }

  /** A run whose images are not what they were. */
  private Trainer of(TrainConfig config, ImageDataset images, ImageDataset described) {
    return new Trainer(
        new RunPlan(
            new RunFolder(run),
            config,
            RunData.of(images),
            DatasetCard.of(described),
            RunStart.anew(config, null)));
  }

  /** Room for so many whole states. */
  private static CheckpointStore disk(Path run, int states) {
    return new CheckpointStore(run.resolve("checkpoints")) {
      private int left = states;

      @Override
      protected void writeState(Safetensors tensors, OutputStream out) throws IOException {
        if (left-- <= 0) {
          out.write(new byte[1000]);
          throw new IOException("No space left on device");
        }
        super.writeState(tensors, out);
      }
    };
  }

  @Test
  void aDiskThatFillsUpLeavesTheOlderCheckpoint() throws IOException {
    Trainer trainer = create(config(9, 3, 0)).withStore(disk(run, 1));
    fails(
        CheckpointException.class,
        () -> trainer.run(SILENT, new Cancellation()),
        "cannot write the checkpoint ",
        run.resolve("checkpoints/step-00000006").toString(),
        "state.safetensors: No space left on device");
    assertEquals(List.of("step-00000003"), checkpoints());
    try (var files = Files.list(run.resolve("checkpoints"))) {
      assertEquals(1, files.count(), "nothing half-written stays");
    }
    assertEquals(
        9, Trainer.resume(run, Optional.empty(), w -> {}).run(SILENT, new Cancellation()).step());
  }

  @Test
  void theFirstFailureIsTheOneThatIsTold() throws IOException {
    TrainListener listener =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            throw new IllegalStateException("mine");
          }
        };
    Trainer trainer = create(config(9, 3, 0)).withStore(disk(run, 0));
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> trainer.run(listener, new Cancellation()));
    assertEquals("mine", e.getMessage());
    assertTrue(e.getSuppressed()[0].getMessage().contains("No space left"));
    assertFalse(Files.exists(run.resolve("checkpoints/step-00000001")));
  }

  @Test
  void waitingForDataCounts() throws IOException {
    TrainConfig config = config(12, 0, 0);
    create(config);
    ImageDataset shapes = new ShapesDataset(100, 8, 0);
    ImageDataset slow =
        new DelegatingDataset(shapes) {
          @Override
          public void read(int index, byte[] dest, int offset) {
            try {
              Thread.sleep(5);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            super.read(index, dest, offset);
          }
        };
    double[] last = new double[1];
    TrainListener listener =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            last[0] = step.imagesPerSecond();
          }
        };
    of(config, slow, shapes).run(listener, new Cancellation());
    assertTrue(last[0] > 0 && last[0] < 400, "images a second, of at most 200: " + last[0]);
  }
}
