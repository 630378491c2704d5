package io.ddpm4j.runtime.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
   * file's place, so that a reader never sees half a picture. A symbolic link is followed.
   *
   * @param text keyword (1 to 79 Latin-1 characters) to text, each a chunk of its own: tEXt, or
   *     iTXt where the text is not Latin-1
   * @throws IOException naming the file and what prevents writing it: the folder is missing, what
   *     is there is no regular file, …
   */
  public static void write(Path file, BufferedImage image, Map<String, String> text)
      throws IOException {
    WholeFile.write(file, encode(image, text));
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
