package io.ddpm4j.cli;

import io.ddpm4j.exporter.Unfinished;
import io.ddpm4j.runtime.sampling.Cancellation;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Ctrl-C (and {@code kill}) as a cancellation: the command stops where nothing is lost, such as
 * after writing a checkpoint, and says so. A second Ctrl-C ends the process at once, and the first
 * does so for a command that asks for it, with the files deleted that it had begun to write.
 *
 * <p>Signals are caught instead of adding a shutdown hook, because ONNX Runtime has one too, which
 * would close it while the command still needs it. Java has no public API for signals; {@code
 * sun.misc.Signal} is used by reflection, and where it is missing Ctrl-C works as everywhere.
 */
final class Interrupts implements AutoCloseable {
  private static final String CTRL_C = "INT";
  private static final String KILL = "TERM";
  private static final Map<String, Integer> EXIT_CODES =
      Map.of(CTRL_C, Main.INTERRUPTED, KILL, 143);

  private final boolean active;
  private final Cancellation cancellation = new Cancellation();
  private final Map<String, Object> previous = new LinkedHashMap<>(); // handlers by signal
  private volatile String received; // null: none
  private volatile PrintStream said; // where the end is said; null: commands end by themselves

  private Interrupts(boolean active) {
    this.active = active;
  }

  /** Those of this process. */
  static Interrupts ofProcess() {
    return new Interrupts(true);
  }

  /** Never any. */
  static Interrupts none() {
    return new Interrupts(false);
  }

  /** Cancelled by a signal from now on. */
  Cancellation cancellation() {
    install();
    return cancellation;
  }

  /**
   * From now on a signal deletes what is {@link Unfinished}, says so, and ends the process: for
   * commands that cannot be stopped in between, since what they write appears whole or not at all.
   */
  void endProcess(PrintStream err) {
    said = err;
    install();
  }

  private void install() {
    if (active && previous.isEmpty()) {
      for (String signal : EXIT_CODES.keySet()) {
        install(signal);
      }
    }
  }

  /** The exit code of a command that ended with {@code code}: a signal has one of its own. */
  int exitCode(int code) {
    return code == Main.INTERRUPTED && received != null ? EXIT_CODES.get(received) : code;
  }

  private void receive(String signal) {
    if (received != null || said != null) {
      Unfinished.deleteAll(deleted -> end(signal, deleted));
    }
    received = signal;
    cancellation.cancel("interrupted");
  }

  /** Without shutdown hooks: ONNX Runtime's would take away what another thread may be using. */
  private void end(String signal, boolean deleted) {
    if (said != null) {
      said.println("ddpm: interrupted" + (deleted ? ", nothing was written" : ""));
    }
    Runtime.getRuntime().halt(EXIT_CODES.get(signal));
  }

  private void install(String signal) {
    try {
      Class<?> type = Class.forName("sun.misc.SignalHandler");
      Object handler =
          Proxy.newProxyInstance(
              Interrupts.class.getClassLoader(),
              new Class<?>[] {type},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  receive(signal);
                }
                return null;
              });
      Object before = handle(signal, handler);
      if (before == type.getField("SIG_IGN").get(null)) {
        handle(signal, before); // in the background, as nohup and scripts start it
      } else {
        previous.put(signal, before);
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      // No such class, or java -Xrs: the process ends at once, as it would without this.
    }
  }

  private static Object handle(String signal, Object handler) throws ReflectiveOperationException {
    Class<?> type = Class.forName("sun.misc.Signal");
    return type.getMethod("handle", type, Class.forName("sun.misc.SignalHandler"))
        .invoke(null, type.getConstructor(String.class).newInstance(signal), handler);
  }

  /** Gives the signals back. Idempotent. */
  @Override
  public void close() {
    previous.forEach(
        (signal, handler) -> {
          try {
            handle(signal, handler);
          } catch (ReflectiveOperationException | RuntimeException e) {
            // It was possible to take it: then it is to give it back.
          }
        });
    previous.clear();
  }
}
