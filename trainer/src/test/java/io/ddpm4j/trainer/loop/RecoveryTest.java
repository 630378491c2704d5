package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.Recovery;
import io.ddpm4j.trainer.data.DataPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.LongToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that break down once, by one step with a learning rate beyond all measure. */
class RecoveryTest {
  private static final int BATCH = 4;
  private static final int IMAGES = 6000;
  private static final double RATE = 1e-3;

  @TempDir Path folder;
  private final List<Rollback> rollbacks = new ArrayList<>();

  /** A checkpoint every ten steps. */
  private static TrainConfig config(long steps, int kept) {
    return TrainerTest.config(steps, 10, RATE, true)
        .withRun(new RunConfig(steps, 7, 10, kept, 0, 4, 3, 1));
  }

  /** The rate of every step but of one, the first time that it comes. */
  private static LongToDoubleFunction once(long step, double rate) {
    boolean[] came = new boolean[1];
    return number -> {
      if (number == step && !came[0]) {
        came[0] = true;
        return rate;
      }
      return RATE;
    };
  }

  private TrainResult run(Trainer trainer, long stopAfter) throws IOException {
    Cancellation cancellation = new Cancellation();
    TrainListener listener =
        new TrainListener() {
          @Override
          public void onStep(TrainStep step) {
            if (step.step() == stopAfter && (rollbacks.size() > 0 || stopAfter < 30)) {
              cancellation.cancel();
            }
          }

          @Override
          public void onRollback(Rollback rollback) {
            rollbacks.add(rollback);
          }
        };
    return trainer.run(listener, cancellation);
  }

  private Trainer create(String name, TrainConfig config) throws IOException {
    return Trainer.create(folder.resolve(name), config, w -> {});
  }

  private Trainer resume(String name) throws IOException {
    return Trainer.resume(folder.resolve(name), Optional.empty(), w -> {});
  }

  private RunFolder files(String name) {
    return new RunFolder(folder.resolve(name));
  }

  private Checkpoint last(String name) throws IOException {
    return files(name).checkpoints().read(files(name).checkpoints().latest().orElseThrow());
  }

  /** Names of all folders of checkpoints, those set aside included. */
  private List<String> checkpoints(String name) throws IOException {
    try (var all = Files.list(folder.resolve(name).resolve("checkpoints"))) {
      return all.map(p -> p.getFileName().toString().substring("step-00000".length()))
          .sorted()
          .toList();
    }
  }

  /** A column of metrics.csv. */
  private List<Double> column(String name, String label) throws IOException {
    List<String> lines = Files.readAllLines(files(name).metrics());
    int index = List.of(lines.get(0).split(",")).indexOf(label);
    return lines.stream().skip(1).map(line -> Double.valueOf(line.split(",")[index])).toList();
  }

  @Test
  void aLossThatIsNoNumber() throws IOException {
    TrainResult result = run(create("run", config(60, 2)).withRates(once(30, 1e30)), 0);
    assertTrue(result.finished());
    assertEquals(1, rollbacks.size());
    assertEquals(new Rollback(rollbacks.get(0).reason(), 31, 20, 1, RATE / 2), rollbacks.get(0));
    String sentence = rollbacks.get(0).sentence();
    assertTrue(
        sentence.startsWith("the loss of step 31 is not finite (loss NaN, gradient norm NaN): "),
        sentence);
    assertTrue(
        sentence.endsWith(": back to step 20 with half the learning rate, 0.0005 (1 of 3 times)"),
        sentence);
    assertEquals(List.of("030-diverged", "050", "060"), checkpoints("run"));
    assertEquals(
        IntStream.rangeClosed(1, 60).mapToObj(i -> (double) i).toList(), column("run", "step"));
    List<Double> rates = column("run", "learning_rate");
    assertTrue(rates.subList(0, 20).stream().allMatch(rate -> rate == RATE), rates.toString());
    assertTrue(rates.subList(20, 60).stream().allMatch(rate -> rate == RATE / 2));
    assertEquals(60, result.step());
  }

  /** Against a run that is told at step 20 what the first one found out. */
  @Test
  void itGoesOnWithTheBatchesAfterThose() throws IOException {
    run(create("run", config(40, 2)).withRates(once(30, 1e30)), 0);
    Checkpoint found = last("run");
    assertEquals(11, found.recovery().skippedSteps());
    assertEquals(DataPosition.START.plus((40 + 11) * BATCH, IMAGES), found.position());

    run(create("told", config(20, 2)).withRates(step -> RATE), 0);
    Checkpoint at20 = last("told");
    Recovery told = new Recovery(1, RATE, 0.5, 11, at20.recovery().recentLosses());
    files("told")
        .checkpoints()
        .write(
            new Checkpoint(
                at20.step(),
                at20.images(),
                at20.seed(),
                DataPosition.START.plus(31 * BATCH, IMAGES),
                at20.smoothedLoss(),
                at20.seconds(),
                told,
                at20.unet(),
                at20.tensors()));
    Trainer.resume(folder.resolve("told"), Optional.of(40L), w -> {})
        .withRates(step -> RATE)
        .run(TrainerTest.SILENT, new Cancellation());
    assertEquals(last("told").tensors(), found.tensors(), "bit for bit");
    assertEquals(last("told").recovery(), found.recovery());
    assertEquals(column("told", "loss"), column("run", "loss"));
  }

  @Test
  void beforeAndAfterAnInterruptionAllIsTheSame() throws IOException {
    run(create("whole", config(60, 2)).withRates(once(30, 1e30)), 0);
    for (long stop : new long[] {25, 33}) {
      String name = "stopped-" + stop;
      rollbacks.clear();
      assertFalse(run(create(name, config(60, 2)).withRates(once(30, 1e30)), stop).finished());
      assertEquals(stop, last(name).step());
      LongToDoubleFunction rest = stop < 30 ? once(30, 1e30) : step -> RATE;
      assertTrue(run(resume(name).withRates(rest), 0).finished());
      assertEquals(1, rollbacks.size(), "in one of the two parts");
      if (stop > 30) {
        assertEquals(last("whole").tensors(), last(name).tensors(), name);
        assertEquals(last("whole").recovery(), last(name).recovery());
        assertEquals(column("whole", "loss"), column(name, "loss"));
      } else { // the checkpoint of the interruption is the newest good one
        assertEquals(25, rollbacks.get(0).step());
      }
    }
  }

  /** Of the checkpoints that are kept only one is as old as that, and it would be deleted. */
  @Test
  void aLossThatExplodesButStaysFinite() throws IOException {
    TrainResult result = run(create("run", config(120, 1)).withRates(once(69, 3)), 0);
    assertTrue(result.finished());
    assertEquals(1, rollbacks.size(), rollbacks.toString());
    Rollback rollback = rollbacks.get(0);
    assertTrue(rollback.failedStep() >= 74 && rollback.failedStep() <= 80, rollback.toString());
    assertEquals(40, rollback.step(), "one that twenty steps have shown to be good");
    assertTrue(
        rollback
            .reason()
            .matches("the loss of step 7\\d is [\\d.e+]+ times what it was \\d steps before"),
        rollback.reason());
    assertEquals(List.of("060-diverged", "070-diverged", "120"), checkpoints("run"));
    List<Double> smoothed = column("run", "smoothed_loss");
    assertTrue(smoothed.stream().allMatch(loss -> loss < 3), "of the explosion no row is left");
  }

  @Test
  void fromTheBeginningIfThereIsNothingElse() throws IOException {
    TrainConfig config = config(9, 2).withRun(new RunConfig(9, 7, 0, 2, 0, 4, 3, 1));
    assertTrue(run(create("run", config).withRates(once(1, 1e30)), 0).finished());
    assertEquals(0, rollbacks.get(0).step());
    assertEquals(2, last("run").recovery().skippedSteps());
    assertEquals(List.of("009"), checkpoints("run"));
  }

  @Test
  void weightsThatAreNotFiniteAreNotWritten() throws IOException {
    assertTrue(run(create("run", config(30, 2)).withRates(once(20, 3e38)), 0).finished());
    assertEquals("the weights of step 20 are not finite", rollbacks.get(0).reason());
    assertEquals(10, rollbacks.get(0).step());
    assertEquals(10, last("run").recovery().skippedSteps());
  }

  @Test
  void threeTimesAndNoMore() throws IOException {
    run(create("run", config(20, 2)), 0);
    Trainer trainer =
        Trainer.resume(folder.resolve("run"), Optional.of(60L), w -> {})
            .withRates(step -> step == 30 ? 1e30 : RATE);
    TrainerTest.fails(
        DivergedException.class,
        () -> run(trainer, 0),
        "the loss of step 31 is not finite",
        "after going back 3 times already: training stopped; the last good checkpoint is ",
        "step-00000020, ");
    assertEquals(
        List.of(RATE / 2, RATE / 4, RATE / 8),
        rollbacks.stream().map(Rollback::learningRate).toList());
    assertEquals(List.of("010", "020", "030-diverged"), checkpoints("run"));
  }

  /** The checkpoint of step 60 is not known to be bad, but no twenty steps have shown it good. */
  @Test
  void whatIsLeftIsACheckpointThatHasShownToBeGood() throws IOException {
    int[] times = new int[1];
    LongToDoubleFunction rates =
        step -> step == 69 ? 3 * Math.pow(2, times[0]++) : RATE; // against the halved rates
    Trainer trainer = create("run", config(120, 1)).withRates(rates);
    TrainerTest.fails(
        DivergedException.class,
        () -> run(trainer, 0),
        " times what it was ",
        "after going back 3 times already: training stopped; the last good checkpoint is ",
        "step-00000040, ");
    assertEquals(List.of(40L, 40L, 40L), rollbacks.stream().map(Rollback::step).toList());
    List<String> left = checkpoints("run");
    assertEquals("040", left.get(0));
    assertTrue(left.stream().skip(1).allMatch(n -> n.contains("-diverged")), left.toString());
    assertEquals(40, last("run").step());
  }

  @Test
  void aRunThatGivesUpLeavesItsPictures() throws IOException {
    TrainConfig config = config(9, 2).withRun(new RunConfig(9, 7, 0, 2, 0, 4, 3, 1));
    Trainer trainer = create("run", config).withRates(step -> step == 4 ? 1e30 : RATE);
    TrainerTest.fails(DivergedException.class, () -> run(trainer, 0), "training stopped");
    assertEquals(3, rollbacks.size());
    assertEquals(4, column("run", "step").size(), "the steps before the one that failed");
    assertTrue(Files.size(files("run").lossCurve()) > 0);
    assertTrue(Files.readString(files("run").report()).contains("<dt>steps</dt><dd>4 of 9</dd>"));
  }

  @Test
  void aRateThatIsChosenIsNotLowered() throws IOException {
    run(create("run", config(40, 2)).withRates(once(30, 1e30)), 0);
    Trainer same = Trainer.resume(folder.resolve("run"), Optional.of(42L), w -> {});
    same.run(TrainerTest.SILENT, new Cancellation());
    Trainer chosen =
        Trainer.resume(folder.resolve("run"), Optional.of(44L), OptionalDouble.of(RATE), w -> {});
    chosen.run(TrainerTest.SILENT, new Cancellation());
    assertEquals(
        List.of(RATE / 2, RATE / 2, RATE / 2, RATE, RATE),
        column("run", "learning_rate").subList(39, 44));
    assertEquals(
        new Recovery(0, RATE, 1, 11, last("run").recovery().recentLosses()),
        last("run").recovery());
  }

  @Test
  void checkpointsOfEarlierVersionsHaveNoRecovery() throws IOException {
    run(create("whole", config(30, 2)), 0);
    run(create("run", config(20, 2)), 0);
    Path file = folder.resolve("run/checkpoints/step-00000020/checkpoint.json");
    String json = Files.readString(file);
    String early =
        json.replaceAll("(?s)  \"recovery\": \\{.*?\\},\\n", "")
            .replaceAll(",\\s*\"description_sha256\": \"\\w+\"", "");
    assertFalse(early.contains("recovery") || early.contains("description_sha256"), early);
    Files.writeString(file, early);
    Trainer.resume(folder.resolve("run"), Optional.of(30L), w -> {})
        .run(TrainerTest.SILENT, new Cancellation());
    assertEquals(last("whole").tensors(), last("run").tensors());
  }
}
