package io.ddpm4j.trainer.loop;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Keeps a folder to one process at a time that does something there, such as a training, by a lock
 * on its file {@code .training.lock}. The file stays: deleting it would let two others lock two
 * files of that name. The system frees the lock of a process that has died.
 */
public final class FolderLock implements AutoCloseable {
  /** What the message calls it that holds a run's folder. */
  public static final String TRAINING = "training";

  /** The system's locks say nothing to a second lock of the same process. */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private FolderLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock without waiting.
   *
   * @param activity what is done there, in a word
   * @param warnings told where the file system has no locks; it goes on without
   * @throws IOException if somebody else holds it, or the folder cannot be written
   */
  public static FolderLock acquire(Path folder, String activity, Consumer<String> warnings)
      throws IOException {
    Path file = folder.toRealPath().resolve("." + activity + ".lock");
    if (!HELD.add(file)) {
      throw taken(folder, activity);
    }
    FileChannel channel;
    try {
      channel = open(file);
    } catch (IOException e) {
      HELD.remove(file);
      throw e;
    }
    FolderLock lock = new FolderLock(file, channel);
    boolean free = true;
    try {
      free = channel.tryLock() != null;
    } catch (IOException e) {
      warnings.accept(
          "cannot lock %s: %s; see that no other %s is at work there"
              .formatted(folder, e.getMessage(), activity));
    }
    if (!free) {
      lock.close();
      throw taken(folder, activity);
    }
    return lock;
  }

  private static FileChannel open(Path file) throws IOException {
    try {
      return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new IOException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private static IOException taken(Path folder, String activity) {
    return new IOException(
        "%s: expected a folder in which no other %s is at work, found one"
            .formatted(folder, activity));
  }

  /** Frees the lock. Idempotent. */
  @Override
  public void close() throws IOException {
    if (channel.isOpen()) {
      try {
        channel.close();
      } finally {
        HELD.remove(file);
      }
    }
  }
}
