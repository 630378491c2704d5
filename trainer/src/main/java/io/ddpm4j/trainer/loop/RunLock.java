package io.ddpm4j.trainer.loop;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Keeps a run's folder to one training at a time, by a lock on its file {@code .lock}. The file
 * stays: deleting it would let two others lock two files of that name. The system frees the lock of
 * a process that has died.
 */
public final class RunLock implements AutoCloseable {
  private static final String NAME = ".lock";

  /** The system's locks say nothing to a second lock of the same process. */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final FileChannel channel;

  private RunLock(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Takes the lock without waiting.
   *
   * @param warnings told where the file system has no locks; training goes on without
   * @throws IOException if somebody else holds it, or the folder cannot be written
   */
  public static RunLock acquire(Path folder, Consumer<String> warnings) throws IOException {
    Path key = folder.toRealPath();
    if (!HELD.add(key)) {
      throw taken(folder);
    }
    FileChannel channel;
    try {
      channel = open(folder.resolve(NAME));
    } catch (IOException e) {
      HELD.remove(key);
      throw e;
    }
    RunLock lock = new RunLock(key, channel);
    boolean free = true;
    try {
      free = channel.tryLock() != null;
    } catch (IOException e) {
      warnings.accept(
          "cannot lock " + folder + ": " + e.getMessage() + "; see that nothing else trains there");
    }
    if (!free) {
      lock.close();
      throw taken(folder);
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

  private static IOException taken(Path folder) {
    return new IOException(
        folder + ": expected a folder in which nothing else trains, found a training in it");
  }

  /** Frees the lock. Idempotent. */
  @Override
  public void close() throws IOException {
    if (channel.isOpen()) {
      try {
        channel.close();
      } finally {
        HELD.remove(folder);
      }
    }
  }
}
