package io.ddpm4j.bench;

import io.ddpm4j.exporter.nn.UNetConfig;
import io.ddpm4j.runtime.model.BoundModel;
import io.ddpm4j.runtime.model.Device;
import io.ddpm4j.runtime.model.OnnxEpsilonModel;
import io.ddpm4j.runtime.model.SessionSettings;
import io.ddpm4j.runtime.random.TorchNoise;
import io.ddpm4j.runtime.sampling.DdimSampler;
import io.ddpm4j.runtime.sampling.SamplingRun;
import io.ddpm4j.runtime.schedule.NoiseSchedule;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;

/**
 * A whole run of DDIM over evenly spaced timesteps with η = 0, from the noise that PyTorch draws
 * after {@code torch.manual_seed(7)}: what {@code pytorch/ddim.py} does.
 */
final class DdimRun implements AutoCloseable {
  private static final long SEED = 7;

  private final OnnxEpsilonModel model;
  private final BoundModel bound;
  private final DdimSampler sampler;
  private final NoiseSchedule schedule;
  private final SamplingRun run;

  DdimRun(UNetConfig unet, int batch, int steps, int threads) throws IOException {
    SchedulerConfig config = SchedulerConfig.ddpm();
    int size = unet.sampleSize();
    int channels = unet.inChannels();
    sampler = DdimSampler.of(config).withSteps(steps);
    schedule = config.noiseSchedule();
    run =
        SamplingRun.builder(batch, channels, size, size).noise(TorchNoise.of(SEED, batch)).build();
    model =
        OnnxEpsilonModel.open(
            BenchNetwork.model(unet), "ddim", new SessionSettings(Device.cpu(), threads));
    bound = model.bind(run.inputBuffer(), run.outputBuffer(), batch, channels, size, size);
  }

  /** The images, (N, C, H, W); the run's own array. */
  float[] sample() {
    sampler.sample(bound, schedule, run);
    return run.x();
  }

  @Override
  public void close() {
    bound.close();
    model.close();
  }
}
