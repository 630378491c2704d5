package io.ddpm4j.runtime.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/** A file that appears whole or not at all, with the permissions that any new file gets. */
final class WholeFile {
  private static final AtomicLong COUNTER = new AtomicLong();
  private static final int MOST_LINKS = 40; // as Linux: beyond that they go round in circles

  private WholeFile() {}

  /**
   * Writes it under a temporary name in the same folder, forces it to the disk and moves it into
   * place; an existing file is replaced.
   *
   * @throws IOException if that is impossible; the message is one sentence that names the file
   */
  static void write(Path file, byte[] bytes) throws IOException {
    Path target = followLinks(file.toAbsolutePath());
    boolean taken = Files.isSymbolicLink(target) || Files.exists(target);
    if (target.getFileName() == null || taken && !Files.isRegularFile(target)) {
      // A device or a folder must never be replaced by the move.
      throw new IOException("cannot write " + file + ": it exists and is no regular file");
    }
    Path folder = target.getParent();
    if (!Files.isDirectory(folder)) {
      throw new IOException("cannot write " + file + ": there is no folder " + folder);
    }
    String unique = ProcessHandle.current().pid() + "-" + COUNTER.getAndIncrement();
    Path temporary = folder.resolve("." + target.getFileName() + "." + unique + ".tmp");
    try {
      writeThrough(temporary, bytes);
      move(temporary, target);
    } catch (IOException e) {
      throw new IOException("cannot write " + file + ": " + reason(e), e);
    } finally {
      delete(temporary); // not there after the move
    }
  }

  /** Where a chain of symbolic links ends, whether or not anything is there yet. */
  private static Path followLinks(Path path) {
    Path end = path;
    for (int link = 0; link < MOST_LINKS && Files.isSymbolicLink(end); link++) {
      try {
        end = end.resolveSibling(Files.readSymbolicLink(end));
      } catch (IOException e) {
        return end; // writing there will say what is wrong
      }
    }
    return end;
  }

  private static void writeThrough(Path temporary, byte[] bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer rest = ByteBuffer.wrap(bytes);
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
      channel.force(true); // else a power cut after the move could leave an empty file
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void delete(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      temporary.toFile().deleteOnExit(); // the error that led here matters more
    }
  }

  /** What prevented it, as the end of a sentence. */
  static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException) { // the folder was there a moment ago: /proc is such
      return "no file can be made in this folder";
    }
    if (e instanceof FileAlreadyExistsException exists) {
      return exists.getFile() + " is no folder";
    }
    if (e instanceof FileSystemException system && system.getReason() != null) {
      return system.getReason();
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
