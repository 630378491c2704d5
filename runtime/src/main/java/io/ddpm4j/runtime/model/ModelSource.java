package io.ddpm4j.runtime.model;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/** Where a model comes from: its file or its name, and its hash. Thread-safe. */
final class ModelSource {
  private static final int HASH_DIGITS = 16; // tell models apart, and can be compared by eye

  private final String name;
  private final String label;
  private final Path file; // null: from memory
  private final long size;
  private final FileTime modified; // null: from memory
  private Optional<String> sha256; // guarded by this; null: not computed yet

  private ModelSource(String name, String label, Path file, long size, FileTime modified) {
    this.name = name;
    this.label = label;
    this.file = file;
    this.size = size;
    this.modified = modified;
  }

  /**
   * An ONNX file.
   *
   * @throws IOException if there is no regular, readable file with something in it
   */
  static ModelSource of(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new FileNotFoundException(file + ": there is no such file");
    }
    if (!Files.isRegularFile(file)) { // opening a pipe would wait for its other end
      throw new IOException(
          file
              + ": expected a regular file, found "
              + (Files.isDirectory(file) ? "a folder" : "a device or a pipe"));
    }
    if (!Files.isReadable(file)) {
      throw new IOException(file + ": cannot be read, permission denied");
    }
    requireContent(file.toString(), Files.size(file));
    String label = lastTwo(file.toAbsolutePath().normalize().toString());
    return new ModelSource(
        file.toString(), label, file, Files.size(file), Files.getLastModifiedTime(file));
  }

  /** A model in memory; {@code name} is any text. */
  static ModelSource of(byte[] model, String name) throws IOException {
    requireContent(name, model.length);
    ModelSource source = new ModelSource(name, lastTwo(name), null, model.length, null);
    MessageDigest digest = digest();
    digest.update(model); // now: the bytes are the caller's
    source.sha256 = Optional.of(hex(digest));
    return source;
  }

  private static void requireContent(String name, long size) throws ModelFormatException {
    if (size == 0) {
      throw new ModelFormatException(name + ": expected an ONNX model, found an empty file");
    }
  }

  /** {@code models/shoes/model.onnx} becomes {@code shoes/model.onnx}. */
  private static String lastTwo(String text) {
    String[] parts = text.split("[/\\\\]+");
    int count = parts.length;
    return count < 2 || parts[count - 2].isEmpty()
        ? text
        : parts[count - 2] + "/" + parts[count - 1];
  }

  /** The file as it was named, for messages. */
  String name() {
    return name;
  }

  /** Folder and file name, for people. */
  String label() {
    return label;
  }

  /** The first 16 hexadecimal digits of the SHA-256; empty if the file is not the same any more. */
  synchronized Optional<String> sha256() {
    if (sha256 == null) {
      sha256 = hashFile();
    }
    return sha256;
  }

  private Optional<String> hashFile() {
    MessageDigest digest = digest();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 16];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
      boolean same = Files.size(file) == size && Files.getLastModifiedTime(file).equals(modified);
      return same ? Optional.of(hex(digest)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // gone since it was loaded
    }
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e); // every Java has it
    }
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest()).substring(0, HASH_DIGITS);
  }
}
