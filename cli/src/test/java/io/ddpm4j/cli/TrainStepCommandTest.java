package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ddpm export} with {@code --train-step} and {@code --from-state}. */
class TrainStepCommandTest {
  private static final List<String> TRAINING =
      List.of(
          "train",
          "--data=shapes",
          "--image-size=8",
          "--widths=8,8",
          "--groups=4",
          "--batch-size=4",
          "--ema-decay=0.9,0.99",
          "--sample-every=0",
          "--steps=2",
          "--threads=1",
          "--out");

  @TempDir static Path runs;
  @TempDir Path dir;

  private static Path run;

  @BeforeAll
  static void train() {
    run = runs.resolve("run");
    Object[] args = TRAINING.toArray(new Object[TRAINING.size() + 1]);
    args[TRAINING.size()] = run;
    CommandRun trained = CommandRun.of(args);
    assertEquals(0, trained.exitCode(), trained.err());
  }

  @Test
  void theStepGoesOutAndItsStateComesBack() throws IOException {
    Path folder = dir.resolve("new/folder"); // made, as every command makes those of its files
    Path step = folder.resolve("step.onnx");
    CommandRun.of("export", run, "--train-step", step, "--batch", 2)
        .succeeds()
        .prints(
            step + ": the training step of " + run + " after step 2",
            folder.resolve("step-predictor.onnx"),
            folder.resolve("step.safetensors"),
            folder.resolve("step.json"));
    assertTrue(Files.readString(folder.resolve("step.json")).contains("\"batch_size\": 2,"));
    String said =
        CommandRun.of("inspect", step)
            .succeeds()
            .prints("new_weights", "learning_rate", "one step of training for 2 images")
            .prints("schedule      ")
            .out();
    assertFalse(said.contains("none in the file"), said);
    assertFalse(Files.exists(run.resolve("model.onnx")));

    Path state = folder.resolve("step.safetensors");
    for (String ema : List.of("0.9", "0.99")) {
      Path model = dir.resolve("model-" + ema + ".onnx");
      CommandRun.of("export", run, "--from-state", state, "--ema", ema, "-o", model)
          .succeeds()
          .prints(model + ": " + run + " after step 2");
      Path picture = dir.resolve("picture.png");
      CommandRun.of("sample", model, "-n", 1, "--steps", 2, "--threads", 1, "-o", picture)
          .succeeds();
    }
    Path again = dir.resolve("again.onnx"); // with another batch, from where it was left
    CommandRun.of("export", run, "--from-state", state, "--train-step", again).succeeds();
    assertEquals(-1, Files.mismatch(state, dir.resolve("again.safetensors")));
  }

  @Test
  void aStepIsNoModelToSampleFrom() throws IOException {
    Path step = dir.resolve("step.onnx");
    CommandRun.of("export", run, "--train-step", step).succeeds();
    for (String file : List.of("step.onnx", "step-predictor.onnx")) {
      CommandRun sampled =
          CommandRun.of("sample", dir.resolve(file), "-o", dir.resolve("picture.png"));
      assertEquals(1, sampled.exitCode(), sampled.err());
      sampled.failsSaying(file);
    }
    Path out = dir.resolve("out.onnx");
    String found = "ddpm: " + step + ": expected a network, found a training step; export its run";
    CommandRun.of("export", step, "--int8", "-o", out)
        .isWrongUsage(found + " with --int8 instead\n");
    CommandRun.of("export", step, "--sampler", "ddim:3", "-o", out)
        .isWrongUsage(found + " with --sampler instead\n");
    CommandRun.of("export", step, "--diffusers", dir.resolve("folder"))
        .isWrongUsage(found + " with --diffusers instead\n");
    CommandRun.of("export", step, "-o", out).succeeds().prints("loads: ");
    assertEquals(-1, Files.mismatch(step, out));
  }

  @Test
  void optionsThatDoNotGoTogetherAreRefused() {
    Path step = dir.resolve("step.onnx");
    Object[][] refused = {
      {"-o: expected it without --train-step", "--train-step", step, "-o", dir.resolve("m.onnx")},
      {"--ema: expected it without --train-step", "--train-step", step, "--ema", 0.9},
      {"--opset: expected it without --train-step", "--train-step", step, "--opset", 13},
      {"--batch", "--train-step", step, "--batch", 0},
      {"--batch: expected 1 to ", "--train-step", step, "--batch", 2_000_000_000},
      {"--train-step: expected a file name that ends in .onnx", "--train-step", dir + "/step"},
    };
    for (Object[] each : refused) {
      Object[] args = each.clone();
      args[0] = run;
      CommandRun.of(with("export", args)).isWrongUsage(each[0]);
    }
    assertFalse(Files.exists(step));
    CommandRun.of("export", run, "--from-state", dir.resolve("none"))
        .failsSaying(dir.resolve("none"), "found no such file");
  }

  private static Object[] with(Object first, Object... others) {
    Object[] all = new Object[others.length + 1];
    all[0] = first;
    System.arraycopy(others, 0, all, 1, others.length);
    return all;
  }
}
