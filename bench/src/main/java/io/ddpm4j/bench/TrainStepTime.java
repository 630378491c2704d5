package io.ddpm4j.bench;

import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import io.ddpm4j.trainer.step.TrainSession;
import io.ddpm4j.trainer.step.TrainStepConfig;
import io.ddpm4j.trainer.step.TrainStepGraph;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;

/**
 * Times whole train steps, as {@code pytorch/train_step.py} does: one line a step, milliseconds.
 * {@code --profile PREFIX} has ONNX Runtime write the time of every operator, {@code --block 0}
 * runs the graph in standard operators.
 */
public final class TrainStepTime {
  private TrainStepTime() {}

  public static void main(String[] args) {
    UNetConfig unet = BenchNetwork.config(args);
    int warmup = BenchNetwork.number(args, "--warmup", 3);
    int steps = BenchNetwork.number(args, "--steps", 20);
    TrainStepConfig config =
        new TrainStepConfig(
            unet,
            BenchNetwork.number(args, "--batch", 32),
            NoiseSchedule.linear(),
            PredictionType.EPSILON,
            Adam.DEFAULT,
            new GradientClipping(1),
            new Ema(0.999));
    TrainStepGraph graph = TrainStepGraph.build(config);
    int block = BenchNetwork.number(args, "--block", -1);
    String profile = BenchNetwork.option(args, "--profile", "");
    TrainSession.Options options =
        new TrainSession.Options(
            BenchNetwork.number(args, "--threads", 2),
            block < 0 ? OptionalInt.empty() : OptionalInt.of(block),
            profile.isEmpty() ? Optional.empty() : Optional.of(Path.of(profile)));
    try (TrainSession session = new TrainSession(graph, options)) {
      session.initialize(graph.layout().join(UNet.parameters(unet).initialize(1)));
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
