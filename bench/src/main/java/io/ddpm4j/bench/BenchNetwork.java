package io.ddpm4j.bench;

import io.ddpm4j.exporter.nn.UNet;
import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.exporter.proto.OnnxModel;
import io.ddpm4j.exporter.proto.OnnxWriter;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.trainer.optim.Adam;
import io.ddpm4j.trainer.optim.Ema;
import io.ddpm4j.trainer.optim.GradientClipping;
import io.ddpm4j.trainer.step.TrainStepConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The network of the benchmarks, from the same options as {@code pytorch/unet.py} takes. */
final class BenchNetwork {
  private BenchNetwork() {}

  /** Options: --size 32 --channels 32,64,64 --image-channels 1 --groups 32. */
  static UNetConfig config(BenchOptions options) {
    List<Integer> channels =
        Arrays.stream(options.text("--channels", "32,64,64").split(","))
            .map(Integer::valueOf)
            .toList();
    List<Boolean> attention = new ArrayList<>();
    for (int level = 0; level < channels.size(); level++) {
      attention.add(level == channels.size() - 1);
    }
    return UNetConfig.of(
        options.number("--size", 32),
        options.number("--image-channels", 1),
        channels,
        attention,
        1,
        options.number("--groups", 32),
        0,
        0);
  }

  /** The train step of {@code pytorch/train_step.py}. */
  static TrainStepConfig trainStep(UNetConfig unet, int batch) {
    return new TrainStepConfig(
        unet,
        batch,
        NoiseSchedule.linear(),
        PredictionType.EPSILON,
        Adam.DEFAULT,
        new GradientClipping(1),
        new Ema(0.999));
  }

  /** The exported network with its starting weights. */
  static byte[] model(UNetConfig config) {
    return OnnxWriter.toBytes(
        OnnxModel.of(UNet.portable(config, UNet.parameters(config).initialize(1))));
  }
}
