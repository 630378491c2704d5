package io.ddpm4j.exporter.convert;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** What files that are no checkpoints begin with, for those that are often taken for one. */
final class FileSignature {
  /** How many bytes tell. */
  static final int LENGTH = 262;

  private static final int TAR = 257; // where the mark of a tar archive stands

  /** By how they begin, in Latin-1. */
  private static final Map<String, String> KNOWN = new LinkedHashMap<>();

  static {
    KNOWN.put("version https://git-lfs", "a pointer of Git LFS in place of the file itself");
    KNOWN.put("<", "a web page or XML in place of the file itself");
    KNOWN.put("\u0089HDF", "an HDF5 file of Keras or TensorFlow");
    KNOWN.put("GGUF", "a GGUF file");
    KNOWN.put("\u0093NUMPY", "an array of NumPy");
    KNOWN.put("\u001f\u008b", "a gzip file, which is to be unpacked first");
    KNOWN.put("7z\u00bc\u00af", "a 7z archive, which is to be unpacked first");
    KNOWN.put("\u0028\u00b5\u002f\u00fd", "a zstd file, which is to be unpacked first");
  }

  private FileSignature() {}

  /**
   * In words, to stand behind "found".
   *
   * @param start the file's first {@link #LENGTH} bytes, or all it has
   */
  static String describe(byte[] start) {
    if (start.length == 0) {
      return "an empty file";
    }
    String text = new String(start, StandardCharsets.ISO_8859_1);
    for (Map.Entry<String, String> known : KNOWN.entrySet()) {
      if (text.startsWith(known.getKey())) {
        return known.getValue();
      }
    }
    if (text.startsWith("ustar", TAR)) {
      return "a tar archive, which only the first versions of PyTorch wrote";
    }
    return "a file that begins with "
        + HexFormat.ofDelimiter(" ").formatHex(start, 0, Math.min(8, start.length));
  }
}
