package io.ddpm4j.bench;

import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.random.ImageNoise;
import io.ddpm4j.trainer.step.StepInputs;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.TrainStepConfig;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;

/**
 * Times whole train steps, as {@code pytorch/train_step.py} does: one line a step, milliseconds.
 * {@code --start 1} prints two lines instead: the seconds that creating the session took, and those
 * from the process's start to the end of its first step. {@code --profile PREFIX} has ONNX Runtime
 * write the time of every operator, {@code --standard 1} runs convolutions as ONNX's Conv, {@code
 * --shard 4} so many images at a time.
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
    boolean start = given.number("--start", 0) == 1;
    String profile = given.text("--profile", "");
    TrainSession.Options options =
        new TrainSession.Options(
            given.number("--threads", 2),
            shard == 0 ? OptionalInt.empty() : OptionalInt.of(shard),
            standard,
            profile.isEmpty() ? Optional.empty() : Optional.of(Path.of(profile)));
    given.end();
    TrainStepConfig config = BenchNetwork.trainStep(unet, batch);
    long begin = System.nanoTime();
    try (TrainSession session = new TrainSession(config, options)) {
      double created = (System.nanoTime() - begin) / 1e9;
      session.initialize(session.layout().join(UNet.parameters(unet).initialize(1)));
      StepInputs inputs = session.newInputs();
      Random random = new Random(0);
      for (int i = 0; i < inputs.images().capacity(); i++) {
        inputs.images().put(i, (byte) random.nextInt(256));
      }
      if (start) {
        step(session, inputs, 1, random);
        long process = ManagementFactory.getRuntimeMXBean().getStartTime();
        double first = (System.currentTimeMillis() - process) / 1e3;
        System.out.printf(Locale.ROOT, "%.3f%n%.3f%n", created, first);
        return;
      }
      for (int number = 1; number <= warmup + steps; number++) {
        long from = System.nanoTime();
        step(session, inputs, number, random);
        if (number > warmup) {
          System.out.printf(Locale.ROOT, "%.3f%n", (System.nanoTime() - from) / 1e6);
        }
      }
    }
  }

  /** Noise and timesteps are drawn within the time, as PyTorch's side does. */
  private static void step(TrainSession session, StepInputs inputs, long number, Random random) {
    int batch = session.task().batchSize();
    float[] noise = new float[inputs.noise().capacity()];
    new ImageNoise(1).fill(noise, (number - 1) * batch, batch, noise.length / batch, 0);
    inputs.noise().put(0, noise);
    for (int i = 0; i < batch; i++) {
      inputs.timesteps().put(i, random.nextInt(1000));
    }
    session.step(inputs, number, 2e-4);
  }
}
