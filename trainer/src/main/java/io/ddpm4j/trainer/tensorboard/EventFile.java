package io.ddpm4j.trainer.tensorboard;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file of events in a folder that TensorBoard watches. TensorBoard reads all event files of a
 * folder as one run, in the order of their names, which begin with the time. Each event is in the
 * file when its method returns. Not thread-safe.
 */
public final class EventFile implements AutoCloseable {
  private static final AtomicLong COUNTER = new AtomicLong();

  private final Path file;
  private final Clock clock;
  private final OutputStream out;

  private EventFile(Path file, Clock clock) throws IOException {
    this.file = file;
    this.clock = clock;
    this.out = new FileOutputStream(file.toFile()); // no channel: an interrupt must not close it
  }

  /**
   * Begins a file.
   *
   * @param folder made if it is not there
   * @param firstStep what earlier files of the folder tell from this step on is void
   * @throws IOException if that is impossible; the message names the file
   */
  public static EventFile create(Path folder, long firstStep) throws IOException {
    return create(folder, firstStep, Clock.systemUTC());
  }

  static EventFile create(Path folder, long firstStep, Clock clock) throws IOException {
    Path file = folder.resolve(name(clock));
    try {
      Files.createDirectories(folder);
      EventFile events = new EventFile(file, clock);
      events.add(Events.version(events.at(0)));
      events.add(Events.start(events.at(firstStep)));
      return events;
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  /** TensorBoard looks for "tfevents" in a name; the rest tells files of one second apart. */
  private static String name(Clock clock) {
    return String.format(
        Locale.ROOT,
        "events.out.tfevents.%010d.%s.%d.%d",
        clock.millis() / 1000,
        host(),
        ProcessHandle.current().pid(),
        COUNTER.getAndIncrement());
  }

  /** From the environment: asking a name server may take long. */
  private static String host() {
    String name = System.getenv("HOSTNAME");
    return name != null && name.matches("[A-Za-z0-9-]{1,63}") ? name : "localhost";
  }

  /** The file. */
  public Path file() {
    return file;
  }

  /**
   * Adds numbers.
   *
   * @param values by tag, such as {@code loss/smoothed}, in which TensorBoard groups by what stands
   *     before the slash
   */
  public void scalars(long step, Map<String, Double> values) throws IOException {
    add(Events.scalars(at(step), values));
  }

  /**
   * Adds a picture.
   *
   * @param png the bytes of a PNG file
   * @throws IllegalArgumentException if it is none
   */
  public void image(long step, String tag, byte[] png) throws IOException {
    add(Events.image(at(step), tag, Png.of(png)));
  }

  private Events.Moment at(long step) {
    return new Events.Moment(clock.millis() / 1000.0, step);
  }

  private void add(byte[] event) throws IOException {
    try {
      out.write(TfRecord.of(event)); // in one piece: a reader may be at work
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  private static IOException unwritable(Path file, IOException e) {
    return new IOException("cannot write " + file + ": " + e.getMessage(), e);
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
