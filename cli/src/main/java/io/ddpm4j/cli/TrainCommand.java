package io.ddpm4j.cli;

import io.ddpm4j.trainer.data.DatasetOptionException;
import io.ddpm4j.trainer.evaluate.QuarterLosses;
import io.ddpm4j.trainer.loop.ConfigFile;
import io.ddpm4j.trainer.loop.DivergedException;
import io.ddpm4j.trainer.loop.DryRun;
import io.ddpm4j.trainer.loop.InitialModel;
import io.ddpm4j.trainer.loop.NetworkConfig;
import io.ddpm4j.trainer.loop.Preset;
import io.ddpm4j.trainer.loop.Rehearsal;
import io.ddpm4j.trainer.loop.RunFolder;
import io.ddpm4j.trainer.loop.RunSummary;
import io.ddpm4j.trainer.loop.TrainConfig;
import io.ddpm4j.trainer.loop.TrainListener;
import io.ddpm4j.trainer.loop.TrainResult;
import io.ddpm4j.trainer.loop.TrainStep;
import io.ddpm4j.trainer.loop.Trainer;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a network. */
@Command(
    name = "train",
    description = "Train a network on images; stop with Ctrl-C, go on with --resume.",
    footer = {
      "",
      "The run's folder holds report.html, run.json, metrics.csv, loss.png, samples/,"
          + " tensorboard/ and checkpoints/.",
      "",
      "Examples:",
      "  ddpm train --data shapes --steps 600                    needs no files",
      "  ddpm train --data fashion-mnist --out runs/fashion --preset small --steps 20000",
      "  ddpm train --data fashion-mnist --preset base --dry-run    what that would take",
      "  ddpm train --data photos/ --image-size 32 --horizontal-flips --out runs/photos",
      "  ddpm train --data fashion-mnist --init fashion-mnist --learning-rate 0.0001",
      "  ddpm train --config runs/fashion/run.json --out runs/again   the same weights again",
      "  ddpm train --resume --out runs/fashion --steps 40000    goes on, up to step 40000"
    })
final class TrainCommand implements Callable<Integer> {
  /** Everything else stands in the configuration of the run that goes on. */
  private static final Set<String> WITH_RESUME =
      Set.of("--resume", "--out", "--steps", "--learning-rate", "--help", "--debug");

  private static final long DEFAULT_STEPS = 2000;
  private static final double USUAL_RATE = 5e-4; // of the preset small

  @Spec private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "DATA",
      description =
          "emoji, fashion-mnist, shapes, a folder of PNG and JPEG images, or an idx file of images"
              + " (required without --resume and --config).")
  private String data;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "Hyperparameters as a run keeps them in its run.json, all or some. Options win over the"
              + " file; what neither says is the preset's (default: none).")
  private Path configFile;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "DIR",
      description = "The run's folder (default: runs/ and the name of the data).")
  private Path out;

  @Option(
      names = "--steps",
      paramLabel = "N",
      converter = Numbers.Positive.class,
      description =
          "Steps in all (default: " + DEFAULT_STEPS + "; with --resume: what the run began with).")
  private Integer steps;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      converter = Names.Presets.class,
      defaultValue = "tiny",
      description =
          "Where the other defaults come from: tiny, small or base (default: ${DEFAULT-VALUE};"
              + " with --init: the one with the model's network).")
  private Preset preset;

  @Option(
      names = "--init",
      paramLabel = "MODEL",
      description =
          "Begin with the weights of a model that ddpm export wrote, that ships with ddpm, or that"
              + " diffusers saved (a folder or .safetensors file), and with its network and forward"
              + " process (default: random weights).")
  private String init;

  @Option(
      names = "--dry-run",
      description =
          "Show network, memory, time and files of the run, by a few of its steps; write nothing.")
  private boolean dryRun;

  @Option(
      names = "--resume",
      description = "Go on with the run in --out, from its newest checkpoint.")
  private boolean resume;

  @ArgGroup(validate = false, order = 1, heading = "%nRun:%n")
  private final TrainOptions.Run run = new TrainOptions.Run();

  @ArgGroup(validate = false, order = 6, heading = "%nReport:%n")
  private final ReportingOptions reporting = new ReportingOptions();

  @ArgGroup(validate = false, order = 2, heading = "%nData:%n")
  private final TrainOptions.Data images = new TrainOptions.Data();

  @ArgGroup(validate = false, order = 3, heading = "%nNetwork:%n")
  private final TrainOptions.Network network = new TrainOptions.Network();

  @ArgGroup(validate = false, order = 4, heading = "%nOptimizer:%n")
  private final TrainOptions.Optimizer optimizer = new TrainOptions.Optimizer();

  @ArgGroup(validate = false, order = 5, heading = "%nForward process:%n")
  private final TrainOptions.Diffusion diffusion = new TrainOptions.Diffusion();

  @ArgGroup(validate = false, order = 6, heading = "%nObjective:%n")
  private final TrainOptions.Objective objective = new TrainOptions.Objective();

  private final Terminal terminal;

  TrainCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The command, with the presets' numbers for its help. */
  static CommandLine commandLine(Terminal terminal) {
    return new CommandLine(new TrainCommand(terminal)).setResourceBundle(new PresetDefaults());
  }

  @Override
  public Integer call() throws IOException {
    requireUsage();
    TrainConfig config = resume ? null : config();
    Warnings warnings = new Warnings(terminal);
    Path folder = out == null ? freeFolder(config) : out;
    Outputs.requireFolder("--out", folder);
    if (resume && isDone(folder)) {
      return Main.OK;
    }
    if (dryRun) {
      return rehearse(folder, config, warnings);
    }
    terminal.interrupts().cancellation(); // from here on, so that Ctrl-C always says something
    Trainer trainer =
        resume
            ? Trainer.resume(
                folder,
                Optional.ofNullable(steps).map(Long::valueOf),
                optimizer.learningRate == null
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(optimizer.learningRate),
                warnings)
            : create(folder, config, warnings);
    warnings.summarize();
    TrainResult result;
    try (ProgressBar bar = new ProgressBar(terminal, "Training")) {
      result = trainer.run(new Watcher(folder, bar), terminal.interrupts().cancellation());
    } catch (DivergedException e) {
      throw new IOException(e.getMessage() + "; " + cure(folder, trainer.config(), e), e);
    }
    return report(folder, result);
  }

  private static Trainer create(Path folder, TrainConfig config, Warnings warnings)
      throws IOException {
    try {
      return Trainer.create(folder, config, warnings);
    } catch (DatasetOptionException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private int rehearse(Path folder, TrainConfig config, Warnings warnings) throws IOException {
    terminal.interrupts().cancellation();
    Rehearsal rehearsal;
    try {
      rehearsal = Rehearsal.of(folder, config, warnings);
    } catch (DatasetOptionException e) {
      throw new UsageException(e.getMessage());
    }
    warnings.summarize();
    DryRunReport report = new DryRunReport(terminal.out(), folder, config);
    report.plan(rehearsal);
    DryRun found;
    try (ProgressBar bar = new ProgressBar(terminal, "Measuring")) {
      found =
          rehearsal.measure(
              (done, parts, what) -> bar.update(done, parts, what, Double.NaN),
              terminal.interrupts().cancellation());
    }
    report.measured(found);
    return Main.OK;
  }

  /** What to type after training has broken down: a tenth of the rate, or a usual one. */
  private static String cure(Path folder, TrainConfig config, DivergedException diverged) {
    double rate = Math.min(config.optimizer().learningRate() / 10, USUAL_RATE);
    String shown = new BigDecimal(rate).round(new MathContext(2)).toString();
    return diverged.isResumable()
        ? "go on with: ddpm train --resume --out " + folder + " --learning-rate " + shown
        : "begin again with: --learning-rate " + shown;
  }

  private void requireUsage() {
    if (!resume) {
      if (data == null && configFile == null) {
        throw new UsageException("Missing required option: '--data=DATA' (or --resume)");
      }
      return;
    }
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (!WITH_RESUME.contains(option.longestName())) {
        throw new UsageException(
            option.longestName()
                + " does not apply with --resume: the run goes on as it began (only --steps and"
                + " --learning-rate may change)");
      }
    }
    if (out == null) {
      throw new UsageException("Missing required option: '--out=DIR', the run to resume");
    }
  }

  /** Whether the run has all its steps already; then says so. */
  private boolean isDone(Path folder) throws IOException {
    RunFolder files = new RunFolder(folder);
    long asked = steps == null ? files.readConfig().run().steps() : steps;
    Optional<Path> latest = files.checkpoints().latest();
    if (latest.isEmpty()) {
      return false;
    }
    long done = Long.parseLong(latest.get().getFileName().toString().replaceAll("\\D", ""));
    if (asked < done) {
      throw new UsageException(
          "--steps: expected at least %d, the steps that %s has already, found %d"
              .formatted(done, folder, asked));
    }
    if (asked == done) {
      terminal.out().printf("%s: the run has %d steps already; --steps N goes on%n", folder, done);
    }
    return asked == done;
  }

  private TrainConfig config() throws IOException {
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
          "Missing required option: '--data=DATA' (or data.source in " + configFile + ")");
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
              .formatted(of.map(TrainCommand::lowerCase).orElse("none"), name, lowerCase(preset)));
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

  /** runs/shapes, or runs/shapes-2 where there is a run already. */
  private static Path freeFolder(TrainConfig config) {
    String name = RunFolder.nameOf(Path.of(config.data().source()));
    Path runs = Path.of("runs");
    Path folder = runs.resolve(name);
    for (int number = 2; Files.exists(folder); number++) {
      folder = runs.resolve(name + "-" + number);
    }
    return folder;
  }

  private int report(Path folder, TrainResult result) throws IOException {
    String loss = String.format(Locale.ROOT, "loss %.4f", result.smoothedLoss());
    if (!result.finished()) {
      terminal
          .err()
          .println(
              result.checkpoint() == null
                  ? "ddpm: interrupted before the first step"
                  : "ddpm: interrupted after step %d, %s; go on with: ddpm train --resume --out %s"
                      .formatted(result.step(), loss, folder));
      return Main.INTERRUPTED;
    }
    RunFolder files = new RunFolder(folder);
    terminal.out().printf("%s: step %d, %s%n", folder, result.step(), loss);
    terminal.out().printf("loss curve: %s%n", files.lossCurve());
    if (Files.exists(files.report())) {
      terminal.out().printf("report: %s%n", files.report());
    }
    if (Files.exists(files.samples(result.step()))) {
      terminal.out().printf("samples: %s%n", files.samples(result.step()));
    }
    terminal.out().printf("next: ddpm export %s -o model.onnx%n", folder);
    return Main.OK;
  }

  /** Shows how training goes. */
  private final class Watcher implements TrainListener {
    private final Path folder;
    private final ProgressBar bar;

    Watcher(Path folder, ProgressBar bar) {
      this.folder = folder;
      this.bar = bar;
    }

    @Override
    public void onStart(RunSummary summary) {
      terminal
          .out()
          .printf(
              Locale.ROOT,
              "%s: %s; %,d parameters; steps %d to %d%n",
              folder,
              summary.dataset(),
              summary.parameters(),
              summary.firstStep(),
              summary.steps());
      terminal.out().flush();
    }

    @Override
    public void onStep(TrainStep step) {
      String details =
          String.format(
              Locale.ROOT,
              "step %d/%d  loss %.4f  %.0f images/s",
              step.step(),
              step.steps(),
              step.smoothedLoss(),
              step.imagesPerSecond());
      bar.update(step.step(), step.steps(), details, step.secondsLeft());
    }

    @Override
    public void onValidation(QuarterLosses losses, long step) {
      String quarters =
          losses.quarters().stream()
              .map(loss -> String.format(Locale.ROOT, "%.4f", loss))
              .collect(Collectors.joining(" "));
      bar.println(
          String.format(
              Locale.ROOT,
              "step %d: validation loss %.4f (by quarter of the timesteps: %s)",
              step,
              losses.mean(),
              quarters));
    }

    @Override
    public void onSamples(Path file, long step) {
      bar.println("step " + step + ": " + file);
    }

    @Override
    public void onCheckpoint(Path checkpoint, long step) {
      bar.println("step " + step + ": " + checkpoint);
    }

    @Override
    public void onWarning(String sentence) {
      bar.println("ddpm: warning: " + sentence);
    }
  }
}
