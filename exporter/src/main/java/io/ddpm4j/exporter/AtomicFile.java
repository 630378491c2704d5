package io.ddpm4j.exporter;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file that appears whole or not at all: it is written under a temporary name in the same folder,
 * and {@link #commit} moves it into place. What is not committed is deleted by {@link #close}. Not
 * thread-safe.
 */
public final class AtomicFile implements AutoCloseable {
  private static final AtomicLong COUNTER = new AtomicLong();

  private final Path target;
  private final Path temporary;
  private boolean done;

  /** Writes the bytes of a file. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes the whole content; the stream is the caller's to close. It has no buffer, and is a
     * {@link java.nio.channels.WritableByteChannel} that writes mapped buffers without a copy.
     */
    void writeTo(OutputStream out) throws IOException;
  }

  private AtomicFile(Path target, Path temporary) {
    this.target = target;
    this.temporary = temporary;
  }

  /**
   * Writes a file whole or not at all; an existing one is replaced.
   *
   * @throws IOException if that is impossible; the message is one sentence that names the file
   */
  public static void write(Path target, Content content) throws IOException {
    try (AtomicFile file = stage(target, content)) {
      file.commit();
    }
  }

  /**
   * Writes the content beside {@code target}, to be moved there by {@link #commit}.
   *
   * @throws IOException if that is impossible; the message is one sentence that names the file
   */
  public static AtomicFile stage(Path target, Content content) throws IOException {
    Path absolute = target.toAbsolutePath();
    if (absolute.getFileName() == null
        || Files.exists(absolute) && !Files.isRegularFile(absolute)) {
      // A device or a folder must never be replaced by the move.
      throw new IOException("cannot write " + target + ": it exists and is no regular file");
    }
    Path folder = absolute.getParent();
    if (!Files.isDirectory(folder)) {
      throw new IOException("cannot write " + target + ": there is no folder " + folder);
    }
    String unique = ProcessHandle.current().pid() + "-" + COUNTER.getAndIncrement();
    Path temporary = folder.resolve("." + absolute.getFileName() + "." + unique + ".tmp");
    AtomicFile file = new AtomicFile(target, temporary);
    try (FileChannel channel =
        FileChannel.open(
            Unfinished.begin(() -> Files.createFile(temporary)), StandardOpenOption.WRITE)) {
      content.writeTo(new ChannelStream(channel));
      channel.force(true); // else a power cut after the move could leave an empty file
      return file;
    } catch (IOException e) {
      file.close();
      throw new IOException("cannot write " + target + ": " + reason(e), e);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /**
   * Moves the file into place.
   *
   * @throws IOException if that is impossible; the message is one sentence that names the file
   */
  public void commit() throws IOException {
    try {
      Unfinished.together(
          () -> {
            move();
            done = true;
            Unfinished.end(temporary);
          });
    } catch (IOException e) {
      throw new IOException("cannot write " + target + ": " + reason(e), e);
    }
  }

  private void move() throws IOException {
    try {
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Deletes what was not committed. Idempotent. */
  @Override
  public void close() {
    if (!done) {
      done = true;
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        temporary.toFile().deleteOnExit(); // the error that led here matters more
      }
      Unfinished.end(temporary);
    }
  }

  private static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such folder";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileSystemException f && f.getReason() != null) {
      return f.getReason();
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
