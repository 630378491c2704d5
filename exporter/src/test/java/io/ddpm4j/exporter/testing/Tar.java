package io.ddpm4j.exporter.testing;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/** Reads a small {@code .tar.gz} into memory. */
public final class Tar {
  private static final int BLOCK = 512;

  private Tar() {}

  /** The regular files by path. */
  public static Map<String, byte[]> read(Path archive) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (DataInputStream in =
        new DataInputStream(new GZIPInputStream(Files.newInputStream(archive)))) {
      byte[] header = new byte[BLOCK];
      while (true) {
        in.readFully(header);
        if (header[0] == 0) {
          return files; // an empty block ends the archive
        }
        int size = Integer.parseInt(text(header, 124, 12).strip(), 8);
        byte[] content = new byte[(size + BLOCK - 1) / BLOCK * BLOCK];
        in.readFully(content);
        char type = (char) header[156];
        if (type == '0' || type == 0) {
          String prefix = text(header, 345, 155);
          String name = (prefix.isEmpty() ? "" : prefix + "/") + text(header, 0, 100);
          files.put(name.replaceFirst("^\\./", ""), Arrays.copyOf(content, size));
        }
      }
    }
  }

  private static String text(byte[] header, int from, int length) {
    String field = new String(header, from, length, StandardCharsets.US_ASCII);
    int end = field.indexOf(0);
    return end < 0 ? field : field.substring(0, end);
  }
}
