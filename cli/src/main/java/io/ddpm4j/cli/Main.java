package io.ddpm4j.cli;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program {@code ddpm}. */
@Command(
    name = "ddpm",
    description = "Denoising diffusion for the JVM: train, export and sample without Python.",
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    optionListHeading = "%nOptions:%n",
    footer = {
      "",
      "ddpm COMMAND --help, or ddpm help COMMAND, shows the options of a command and their"
          + " defaults.",
      "Environment: JAVA_HOME (Java 17 or later), DDPM_OPTS (options for Java, such as -Xmx8g),",
      "DDPM_PROFILE=gpu (builds with the CUDA version of ONNX Runtime)."
    })
public final class Main implements Runnable {
  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int INTERRUPTED = 130;

  private static final String DEBUG = "--debug";
  private static final String HELP = "--help";
  private static final int SUGGESTIONS = 2;

  /** Every command, in the order in which help shows them. */
  private static final Map<String, Function<Terminal, Object>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("sample", SampleCommand::commandLine);
    COMMANDS.put("interpolate", InterpolateCommand::commandLine);
    COMMANDS.put("encode", EncodeCommand::commandLine);
    COMMANDS.put("decode", DecodeCommand::commandLine);
    COMMANDS.put("train", TrainCommand::commandLine);
    COMMANDS.put("train-classifier", TrainClassifierCommand::new);
    COMMANDS.put("evaluate", EvaluateCommand::new);
    COMMANDS.put("export", ExportCommand::new);
    COMMANDS.put("convert", ConvertCommand::new);
    COMMANDS.put("inspect", InspectCommand::new);
    COMMANDS.put("diff", DiffCommand::new);
    COMMANDS.put("noise", NoiseCommand::new);
    COMMANDS.put("run", RunCommand::new);
    COMMANDS.put("doctor", DoctorCommand::new);
  }

  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", HELP},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help.")
  private boolean help;

  @Option(names = "--version", description = "Show the version.")
  private boolean version;

  @Option(names = DEBUG, scope = ScopeType.INHERIT, description = "Show where an error comes from.")
  private boolean debug;

  private final Terminal terminal;

  private Main(Terminal terminal) {
    this.terminal = terminal;
  }

  /** The program. */
  public static void main(String[] args) {
    System.exit(run(args, Terminal.ofProcess()));
  }

  /** The program without its end: returns the exit code. */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    return run(args, Terminal.plain(out, err));
  }

  static int run(String[] args, Terminal terminal) {
    int code = execute(helpAsOption(args), terminal);
    if (terminal.out().checkError() && code == OK) { // print never throws
      terminal.err().println("ddpm: standard output could not be written");
      code = FAILED;
    }
    terminal.err().flush();
    return code;
  }

  private static int execute(String[] args, Terminal terminal) {
    // Asked often, by scripts: not worth building an option parser for.
    if (args.length == 1 && args[0].equals("--version")) {
      printVersion(terminal);
      return OK;
    }
    boolean debug = Arrays.asList(args).contains(DEBUG);
    CommandLine line = null;
    try {
      line = commandLine(args, terminal);
      return terminal.interrupts().exitCode(line.execute(args));
    } catch (Throwable thrown) {
      boolean begun = line != null && args.length > 0;
      return failed(thrown, begun ? line.getSubcommands().get(args[0]) : null, debug, terminal);
    } finally {
      terminal.interrupts().close();
    }
  }

  /** {@code help sample} is {@code sample --help}. */
  private static String[] helpAsOption(String[] args) {
    if (args.length == 0 || !args[0].equals("help")) {
      return args;
    }
    if (args.length > 1 && !COMMANDS.containsKey(args[1])) {
      return Arrays.copyOfRange(args, 1, args.length); // an unknown command, which is said
    }
    return args.length == 1 ? new String[] {HELP} : new String[] {args[1], HELP};
  }

  /** A parser of what {@code args} can mean: building the other commands takes time. */
  static CommandLine commandLine(String[] args, Terminal terminal) {
    CommandLine line = new CommandLine(new Main(terminal));
    boolean one = args.length > 0 && COMMANDS.containsKey(args[0]);
    for (String name : one ? List.of(args[0]) : COMMANDS.keySet()) {
      line.addSubcommand(name, COMMANDS.get(name).apply(terminal));
    }
    for (CommandLine command : line.getSubcommands().values()) {
      command
          .getCommandSpec()
          .usageMessage()
          .optionListHeading("%nOptions:%n")
          .parameterListHeading("%n")
          .abbreviateSynopsis(true)
          .sortOptions(false);
    }
    return line.registerConverter(Long.class, new Numbers.Whole())
        .registerConverter(Double.class, new Numbers.Real())
        .setOut(new java.io.PrintWriter(terminal.out(), true))
        .setErr(new java.io.PrintWriter(terminal.err(), true))
        .setUsageHelpWidth(100)
        .setUsageHelpLongOptionsMaxWidth(30)
        .setParameterExceptionHandler((e, given) -> wrongUsage(e, terminal))
        .setExecutionExceptionHandler(
            (e, command, parsed) ->
                e instanceof UsageException
                    ? wrongUsage(e.getMessage(), List.of(), command, terminal)
                    : failed(e, command, Arrays.asList(args).contains(DEBUG), terminal));
  }

  /** The names of all commands. */
  static List<String> commandNames() {
    return List.copyOf(COMMANDS.keySet());
  }

  /** Without a command: the version, or the list of commands. */
  @Override
  public void run() {
    if (version) {
      printVersion(terminal);
    } else {
      spec.commandLine().usage(spec.commandLine().getOut());
    }
  }

  private static void printVersion(Terminal terminal) {
    terminal.out().println("ddpm " + version());
  }

  /** The version of ddpm4j. */
  static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  private static int wrongUsage(ParameterException e, Terminal terminal) {
    return e instanceof UnmatchedArgumentException unmatched
        ? wrongUsage(
            unmatchedSentence(unmatched), unmatched.getSuggestions(), e.getCommandLine(), terminal)
        : wrongUsage(
            e.getMessage().lines().findFirst().orElse(""), List.of(), e.getCommandLine(), terminal);
  }

  private static String unmatchedSentence(UnmatchedArgumentException e) {
    String what =
        e.isUnknownOption()
            ? "unknown option"
            : e.getCommandLine().getParent() == null ? "unknown command" : "unexpected argument";
    return what + " '" + e.getUnmatched().get(0) + "'";
  }

  private static int wrongUsage(
      String sentence, List<String> suggestions, CommandLine command, Terminal terminal) {
    terminal.err().println("ddpm: " + sentence);
    List<String> nearest = suggestions.subList(0, Math.min(SUGGESTIONS, suggestions.size()));
    terminal
        .err()
        .println(
            (nearest.isEmpty() ? "" : "Did you mean " + String.join(" or ", nearest) + "? ")
                + "Usage: "
                + command.getCommandSpec().qualifiedName()
                + " "
                + HELP);
    return USAGE;
  }

  /**
   * @param command that failed; null where none had begun
   */
  private static int failed(
      Throwable thrown, CommandLine command, boolean debug, Terminal terminal) {
    if (debug) {
      thrown.printStackTrace(terminal.err());
    }
    if (thrown instanceof CancellationException) {
      terminal.err().println("ddpm: interrupted");
      return INTERRUPTED;
    }
    Set<String> options =
        command == null ? Set.of() : command.getCommandSpec().optionsMap().keySet();
    terminal.err().println("ddpm: " + Failures.sentence(thrown, options));
    Failures.details(thrown).forEach(line -> terminal.err().println("  " + line));
    return FAILED;
  }
}
