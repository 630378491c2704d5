package io.ddpm4j.cli;

import io.ddpm4j.trainer.loop.ConfigFile;
import io.ddpm4j.trainer.loop.InitialModel;
import io.ddpm4j.trainer.loop.NetworkConfig;
import io.ddpm4j.trainer.loop.Preset;
import io.ddpm4j.trainer.loop.TrainConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The hyperparameters of {@code ddpm train}: what options say, then a file of them or a model to
 * begin with, then the preset.
 */
final class TrainConfigOptions {
  /** Places in the help; what has none stands behind them. */
  private static final int FIRST = -4;

  /** The place of {@code --out}. */
  static final int SECOND = -3;

  private static final int THIRD = -2;

  private static final long DEFAULT_STEPS = 2000;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--data",
      order = FIRST,
      paramLabel = "DATA",
      description =
          "emoji, fashion-mnist, shapes, a folder of PNG and JPEG images, or an idx file of images"
              + " (required without --resume and --config).")
  private String data;

  @Option(
      names = "--config",
      order = FIRST,
      paramLabel = "FILE",
      description =
          "Hyperparameters as a run keeps them in its run.json, all or some. Options win over the"
              + " file; what neither says is the preset's (default: none).")
  private Path configFile;

  @Option(
      names = "--steps",
      order = THIRD,
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description =
          "Steps in all (default: " + DEFAULT_STEPS + "; with --resume: what the run began with).")
  private Integer steps;

  @Option(
      names = "--preset",
      order = THIRD,
      paramLabel = "NAME",
      converter = Names.Presets.class,
      defaultValue = "tiny",
      description =
          "Where the other defaults come from: tiny, small or base (default: ${DEFAULT-VALUE};"
              + " with --init: the one with the model's network).")
  private Preset preset;

  @Option(
      names = "--init",
      order = THIRD,
      paramLabel = "MODEL",
      description =
          "Begin with the weights of a model that ddpm export wrote, that ships with ddpm, or that"
              + " diffusers saved (a folder or a checkpoint file), and with its network and forward"
              + " process (default: random weights).")
  private String init;

  @ArgGroup(validate = false, order = 1, heading = "%nRun:%n")
  private final TrainRunOptions run = new TrainRunOptions();

  @ArgGroup(validate = false, order = 6, heading = "%nReport:%n")
  private final ReportingOptions reporting = new ReportingOptions();

  @ArgGroup(validate = false, order = 2, heading = "%nData:%n")
  private final TrainDataOptions images = new TrainDataOptions();

  @ArgGroup(validate = false, order = 3, heading = "%nNetwork:%n")
  private final TrainNetworkOptions network = new TrainNetworkOptions();

  @ArgGroup(validate = false, order = 4, heading = "%nOptimizer:%n")
  private final TrainOptimizerOptions optimizer = new TrainOptimizerOptions();

  @ArgGroup(validate = false, order = 5, heading = "%nForward process:%n")
  private final TrainDiffusionOptions diffusion = new TrainDiffusionOptions();

  @ArgGroup(validate = false, order = 6, heading = "%nObjective:%n")
  private final TrainObjectiveOptions objective = new TrainObjectiveOptions();

  /** Up to which step; empty where that is not said. */
  Optional<Long> steps() {
    return Optional.ofNullable(steps).map(Long::valueOf);
  }

  /** Empty where that is not said. */
  OptionalDouble learningRate() {
    return optimizer.learningRate();
  }

  /** Refuses a new run that nobody says the data of. */
  void requireData() {
    if (data == null && configFile == null) {
      throw new UsageException("--data: expected what to train on, or --resume, found neither");
    }
  }

  /**
   * All of a new run's.
   *
   * @throws IOException if the file of them or the model cannot be read
   */
  TrainConfig config() throws IOException {
    TrainConfig defaults = configFile == null ? defaults(data, init) : fromFile();
    NetworkConfig levels = network.over(defaults.network());
    images.requireFits(levels.channels().size());
    try {
      return new TrainConfig(
          images.over(defaults.data()),
          levels,
          objective.over(diffusion.over(defaults.diffusion())),
          optimizer.over(defaults.optimizer()),
          run.over(defaults.run(), steps),
          defaults.init(),
          reporting.over(defaults.reporting()));
    } catch (IllegalArgumentException e) { // names the option
      throw new UsageException(e.getMessage());
    }
  }

  /** What the file says, but for what options say of data and model. */
  private TrainConfig fromFile() throws IOException {
    ConfigFile file = ConfigFile.read(configFile);
    String source = data == null ? file.dataSource().orElse(null) : data;
    if (source == null) {
      throw new UsageException(
          "--data: expected what to train on, or data.source in " + configFile + ", found neither");
    }
    String model = init == null ? file.initialModel().orElse(null) : init;
    ConfigFile others = init == null ? file.without("init", "model") : file.without("init");
    TrainConfig said = others.without("data", "source").over(defaults(source, model));
    if (!network.saysWidths()) {
      file.requireWidths(said.network());
    }
    return said;
  }

  private TrainConfig defaults(String source, String model) throws IOException {
    return model == null
        ? preset.config(source, DEFAULT_STEPS, 0)
        : defaultsOf(source, model, Models.resolve(model));
  }

  /** Network and forward process of a model, with the optimizer of the preset that it is of. */
  private TrainConfig defaultsOf(String source, String name, Path path) throws IOException {
    InitialModel model = InitialModel.read(path);
    NetworkConfig itsNetwork = model.network().orElse(null);
    if (itsNetwork == null) { // weights alone: the options say of what
      return preset.config(source, DEFAULT_STEPS, 0).withInit(model.init());
    }
    network.requireSame(itsNetwork, name);
    Optional<Preset> of = Preset.of(itsNetwork);
    boolean given = spec.commandLine().getParseResult().hasMatchedOption("--preset");
    if (given && of.filter(preset::equals).isEmpty()) {
      throw new UsageException(
          "--preset: expected %s, whose network is that of %s, found %s"
              .formatted(
                  of.map(TrainConfigOptions::lowerCase).orElse("none"), name, lowerCase(preset)));
    }
    TrainConfig defaults = of.orElse(preset).config(source, DEFAULT_STEPS, 0);
    return new TrainConfig(
        defaults.data(),
        itsNetwork,
        model.diffusion().orElse(defaults.diffusion()),
        defaults.optimizer(),
        defaults.run(),
        model.init(),
        defaults.reporting());
  }

  private static String lowerCase(Preset preset) {
    return preset.name().toLowerCase(Locale.ROOT);
  }
}
