package io.ddpm4j.bench;

import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.TrainStepConfig;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;

/**
 * Times whole train steps, as {@code pytorch/train_step.py} does: one line a step, milliseconds.
 * {@code --profile PREFIX} has ONNX Runtime write the time of every operator, {@code --standard 1}
 * runs convolutions as ONNX's Conv, {@code --shard 4} so many images at a time.
 */
public final class TrainStepTime {
  private TrainStepTime() {}

  public static void main(String[] args) {
    BenchOptions given = new BenchOptions(args);
    UNetConfig unet = BenchNetwork.config(given);
    int batch = given.number("--batch", 32);
    int warmup = given.number("--warmup", 3);
    int steps = given.number("--steps", 20);
    int shard = given.number("--shard", 0);
    boolean standard = given.number("--standard", 0) == 1;
    String profile = given.text("--profile", "");
    TrainSession.Options options =
        new TrainSession.Options(
            given.number("--threads", 2),
            shard == 0 ? OptionalInt.empty() : OptionalInt.of(shard),
            standard,
            profile.isEmpty() ? Optional.empty() : Optional.of(Path.of(profile)));
    given.end();
    TrainStepConfig config = BenchNetwork.trainStep(unet, batch);
    try (TrainSession session = new TrainSession(config, options)) {
      session.initialize(session.layout().join(UNet.parameters(unet).initialize(1)));
      TrainSession.Inputs inputs = session.newInputs();
      Random random = new Random(0);
      for (int i = 0; i < inputs.images().capacity(); i++) {
        inputs.images().put(i, (byte) random.nextInt(256));
      }
      for (int step = 1; step <= warmup + steps; step++) {
        long start = System.nanoTime();
        for (int i = 0; i < inputs.noise().capacity(); i++) { // PyTorch's side draws its noise too
          inputs.noise().put(i, (float) random.nextGaussian());
        }
        for (int i = 0; i < config.batchSize(); i++) {
          inputs.timesteps().put(i, random.nextInt(1000));
        }
        session.step(inputs, step, 2e-4);
        if (step > warmup) {
          System.out.printf(Locale.ROOT, "%.3f%n", (System.nanoTime() - start) / 1e6);
        }
      }
    }
  }
}
