package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetPart;
import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.data.ShapesDataset;
import io.ddpm4j.trainer.step.ParameterLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RehearsalTest {
  @TempDir Path folder;

  private static TrainConfig config(long sampleEvery, long validationEvery) {
    return TrainerTest.config(9, 0, 1e-3, true)
        .withRun(new RunConfig(9, 7, 0, 2, sampleEvery, 4, 2, 1))
        .withReporting(new ReportingConfig(validationEvery, 16, 0.2, true));
  }

  private Rehearsal of(TrainConfig config) throws IOException {
    return Rehearsal.of(folder.resolve("run"), config, w -> {});
  }

  @Test
  void whatIsKnownAtOnce() throws IOException {
    TrainConfig config = config(3, 3);
    Rehearsal rehearsal = of(config);
    int parameters =
        new ParameterLayout(
                UNet.parameters(config.unet(new ShapesDataset(9, 8, 0))).specs().values())
            .size();
    RunSummary summary = rehearsal.summary();
    assertEquals(new RunSummary(summary.dataset(), 6000, parameters, 1, 9), summary);
    assertEquals(parameters, rehearsal.network().stream().mapToLong(UNetPart::parameters).sum());
  }

  @ParameterizedTest
  @CsvSource({"3, 3, 8", "0, 3, 8", "3, 0, 7", "0, 0, 7"})
  void eachPartIsToldBeforeItBegins(long sampleEvery, long validationEvery, int parts)
      throws IOException {
    List<String> told = new ArrayList<>();
    DryRun found =
        of(config(sampleEvery, validationEvery))
            .measure(
                (done, all, what) -> {
                  assertEquals(told.size(), done);
                  assertEquals(parts, all);
                  told.add(what);
                },
                new Cancellation());
    assertEquals(parts, told.size(), told.toString());
    assertEquals(sampleEvery > 0, told.contains("a checkpoint and a sample grid"));
    assertEquals(validationEvery > 0, told.contains("the validation loss"));
    assertEquals(sampleEvery > 0, found.secondsPerGrid() > 0);
    assertEquals(validationEvery > 0, found.secondsPerValidation() > 0);
    assertTrue(found.secondsPerStep() > 0);
    assertEquals(4, found.stepImages());
    try (var all = Files.list(folder)) {
      assertEquals(0, all.count(), "nothing is written");
    }
  }

  @Test
  void aCheckpointIsAsLargeAsToldBefore() throws IOException {
    DryRun found = of(config(0, 0)).measure((done, all, what) -> {}, new Cancellation());
    Path run = folder.resolve("run");
    Trainer.create(run, config(0, 0), w -> {}).run(TrainerTest.SILENT, new Cancellation());
    Path checkpoint = new RunFolder(run).checkpoints().latest().orElseThrow();
    long size = Files.size(checkpoint.resolve("state.safetensors"));
    assertEquals(size, found.checkpointBytes(), 0.01 * size);
  }

  @Test
  void itCanBeCancelledBeforeEachPart() throws IOException {
    for (int part = 0; part < 8; part++) {
      Cancellation cancellation = new Cancellation();
      int last = part;
      List<String> told = new ArrayList<>();
      Rehearsal rehearsal = of(config(3, 3));
      assertThrows(
          CancellationException.class,
          () ->
              rehearsal.measure(
                  (done, all, what) -> {
                    told.add(what);
                    if (done == last) {
                      cancellation.cancel();
                    }
                  },
                  cancellation),
          "after " + told);
      assertEquals(part + 1, told.size());
    }
  }

  @Test
  void whatARunWouldRefuseIsRefused() throws IOException {
    Files.createDirectories(folder.resolve("run"));
    Files.writeString(folder.resolve("run/notes.txt"), "mine");
    TrainerTest.fails(IOException.class, () -> of(config(3, 3)), "run: expected ");
    assertFalse(Files.exists(folder.resolve("run/run.json")));
  }
}
