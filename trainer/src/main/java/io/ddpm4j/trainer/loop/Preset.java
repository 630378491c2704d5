package io.ddpm4j.trainer.loop;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Networks that go with their optimiser: where to start from. */
public enum Preset {
  /** About 0.4 million parameters: minutes on two cores. */
  TINY(List.of(32, 32, 32), List.of(false, false, true), 1, 8, 2e-3, 0.99),
  /** About 1.1 million parameters: an hour or more on two cores for Fashion-MNIST. */
  SMALL(List.of(32, 64, 64), List.of(false, false, true), 1, 8, 5e-4, 0.999),
  /** About 7 million parameters: a night or more on two cores. */
  BASE(List.of(64, 128, 128), List.of(false, true, true), 2, 32, 2e-4, 0.9995);

  private final NetworkConfig network;
  private final OptimizerConfig optimizer;

  Preset(
      List<Integer> channels,
      List<Boolean> attention,
      int layers,
      int groups,
      double learningRate,
      double emaDecay) {
    network = new NetworkConfig(channels, attention, layers, groups, 8, true, 0);
    optimizer = new OptimizerConfig(32, learningRate, 100, 0.9, 0.999, 1e-8, 1, emaDecay);
  }

  /** The preset with that network, told the class or not. */
  public static Optional<Preset> of(NetworkConfig network) {
    if (network.unet() != null) {
      return Optional.empty();
    }
    NetworkConfig conditional =
        new NetworkConfig(
            network.channels(),
            network.attention(),
            network.layersPerBlock(),
            network.groups(),
            network.attentionHeadDim(),
            true,
            0);
    return Arrays.stream(values()).filter(p -> p.network.equals(conditional)).findFirst();
  }

  /** The network; conditional on the class wherever the data have classes. */
  public NetworkConfig network() {
    return network;
  }

  /** Batch size, learning rate and what belongs to them. */
  public OptimizerConfig optimizer() {
    return optimizer;
  }

  /** The linear schedule of Ho et al. 2020 with 1000 steps, predicting the noise. */
  public static DiffusionConfig diffusion() {
    return new DiffusionConfig(1000, "linear", 1e-4, 0.02, "epsilon");
  }

  /** A run of that many steps. */
  public static RunConfig run(long steps, long seed) {
    return new RunConfig(steps, seed, 500, 2, 500, 16, 100, 0);
  }

  /** This preset on a data set. */
  public TrainConfig config(String data, long steps, long seed) {
    return new TrainConfig(DataConfig.of(data), network, diffusion(), optimizer, run(steps, seed))
        .withReporting(ReportingConfig.DEFAULTS);
  }
}
