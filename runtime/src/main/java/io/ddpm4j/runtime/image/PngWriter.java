package io.ddpm4j.runtime.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;

/** Writes PNG files with text chunks, whole or not at all. */
public final class PngWriter {
  private static final String METADATA_FORMAT = "javax_imageio_png_1.0";
  private static final int MAX_KEYWORD = 79; // PNG specification, §11.3.4.2

  private PngWriter() {}

  /**
   * Writes an image. The bytes go to a temporary file in the same folder, which then takes the
   * file's place, so that a reader never sees half a picture; missing folders are made.
   *
   * @param text keyword (1 to 79 Latin-1 characters) to text, each a chunk of its own: tEXt, or
   *     iTXt where the text is not Latin-1
   * @throws IOException naming the file and what prevents writing it
   */
  public static void write(Path file, BufferedImage image, Map<String, String> text)
      throws IOException {
    byte[] bytes = encode(image, text);
    Path target = file.toAbsolutePath();
    Path temporary = null;
    try {
      Files.createDirectories(target.getParent());
      temporary = Files.createTempFile(target.getParent(), ".ddpm4j", ".png.tmp");
      Files.write(temporary, bytes);
      makeReadable(temporary);
      move(temporary, target);
    } catch (IOException e) {
      if (temporary != null) {
        Files.deleteIfExists(temporary);
      }
      throw new IOException("cannot write " + file + ": " + reason(e), e);
    }
  }

  /** Temporary files are private to their owner; a picture gets what a new file here would have. */
  private static void makeReadable(Path temporary) {
    try {
      Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
    } catch (IOException | UnsupportedOperationException e) {
      // A file system without such permissions: nothing to set.
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException missing) {
      return "there is no folder " + Path.of(missing.getFile()).getParent();
    }
    if (e instanceof FileAlreadyExistsException exists) {
      return exists.getFile() + " is no folder";
    }
    if (e instanceof FileSystemException system && system.getReason() != null) {
      return system.getReason();
    }
    return e.getMessage();
  }

  /** The PNG file as bytes, for callers that have no file. */
  public static byte[] encode(BufferedImage image, Map<String, String> text) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), null);
      if (!text.isEmpty()) {
        metadata.mergeTree(METADATA_FORMAT, chunks(text));
      }
      writer.write(new IIOImage(image, null, metadata));
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  private static IIOMetadataNode chunks(Map<String, String> text) {
    IIOMetadataNode plain = new IIOMetadataNode("tEXt");
    IIOMetadataNode international = new IIOMetadataNode("iTXt");
    text.forEach(
        (keyword, value) -> {
          if (keyword.isEmpty() || keyword.length() > MAX_KEYWORD || !isLatin1(keyword)) {
            throw new IllegalArgumentException(
                "PNG keyword: expected 1 to 79 Latin-1 characters, found \"" + keyword + "\"");
          }
          if (isLatin1(value)) {
            plain.appendChild(entry("tEXtEntry", keyword, "value", value));
          } else {
            IIOMetadataNode node = entry("iTXtEntry", keyword, "text", value);
            node.setAttribute("compressionFlag", "FALSE");
            node.setAttribute("compressionMethod", "0");
            node.setAttribute("languageTag", "");
            node.setAttribute("translatedKeyword", "");
            international.appendChild(node);
          }
        });
    IIOMetadataNode root = new IIOMetadataNode(METADATA_FORMAT);
    if (plain.hasChildNodes()) {
      root.appendChild(plain);
    }
    if (international.hasChildNodes()) {
      root.appendChild(international);
    }
    return root;
  }

  private static IIOMetadataNode entry(String name, String keyword, String field, String value) {
    IIOMetadataNode node = new IIOMetadataNode(name);
    node.setAttribute("keyword", keyword);
    node.setAttribute(field, value);
    return node;
  }

  private static boolean isLatin1(String value) {
    return StandardCharsets.ISO_8859_1.newEncoder().canEncode(value);
  }
}
