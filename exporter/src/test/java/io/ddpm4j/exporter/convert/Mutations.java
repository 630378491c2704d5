package io.ddpm4j.exporter.convert;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Damage to checkpoint files: any to their bytes, and such that is consistent on the outside, so
 * that it comes to where an archive's entries, a pickle's operations and a header's numbers are
 * read.
 */
final class Mutations {
  private static final Pattern NUMBER = Pattern.compile("\\d+");

  /** What a pickle can be made to say, in Latin-1. */
  private static final String[] OPERATIONS = {
    "(",
    "0",
    "1",
    "2",
    "N",
    "}",
    "]",
    ")",
    ".",
    "R",
    "b",
    "s",
    "u",
    "e",
    "a",
    "t",
    "l",
    "d",
    "o",
    "Q",
    "\u0081",
    "\u0085",
    "\u0086",
    "\u0087",
    "\u0092",
    "\u0093",
    "\u0094",
    "2\u0086",
    "h\0",
    "h\1",
    "h\11",
    "q\0",
    "q\5",
    "j\377\377\377\377",
    "r\377\377\377\177",
    "g5\n",
    "p-1\n",
    "X\377\377\377\177",
    "X\0\0\0\0",
    "T\377\377\377\377",
    "\u008d\377\377\377\377\377\377\377\377",
    "\u008b\377\377\377\177",
    "\u008a\0",
    "\u008a\11\0\0\0\0\0\0\0\0\1",
    "K\377",
    "J\0\0\0\200",
    "\u008a\10\377\377\377\377\377\377\377\177",
    "L99999999999999999999L\n",
    "I-1\n",
    "I01\n",
    "F1e999\n",
    "Fx\n",
    "G\177\360\0\0\0\0\0\0",
    "V\\u0000\n",
    "S'x'\n",
    "S'\n",
    "U\3a\nb",
    "\u008c\2\033[",
    "C\2ab",
    "\u008f",
    "\u0090",
    "\u0091",
    "\u0095\377\377\377\377\377\377\377\377",
    "\u0080\6",
    "\u0082\1",
    "\u0097",
    "P1\n",
    "cos\nsystem\n",
    "cos\nsystem\n)R",
    "ios\nsystem\n",
    "ca.b\nC\n)\u0081",
    "ccollections\nOrderedDict\n)R",
    "cbuiltins\ngetattr\n",
    "ctorch\nSize\n",
    "cbuiltins\nset\n",
    "ctorch._utils\n_rebuild_tensor_v2\n",
    "ctorch\nfloat16\n",
    "ctorch\nDoubleStorage\n",
    "cnumpy.core.multiarray\nscalar\n",
    "cnumpy\ndtype\n",
    "ccopyreg\n_reconstructor\n",
    "ctorch._tensor\n_rebuild_from_type_v2\n",
    "c_codecs\nencode\n",
  };

  private static final String[] NUMBERS = {
    "0",
    "1",
    "2",
    "4",
    "7",
    "-1",
    "1.0",
    "1e3",
    "2147483647",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999",
    "\"1\"",
    "null",
    "[]",
  };

  private Mutations() {}

  /** One to four changes: bits, bytes, lengths, runs that are cut out, repeated, moved, cut off. */
  static byte[] ofBytes(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    for (int n = 1 + random.nextInt(4); n > 0 && bytes.length > 8; n--) {
      int at = random.nextInt(bytes.length - 8);
      int length = 1 + random.nextInt(Math.min(64, bytes.length - at));
      switch (random.nextInt(8)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> little(bytes).putInt(at, random.nextInt() >> random.nextInt(32));
        case 3 -> little(bytes).putLong(at, random.nextLong() >> random.nextInt(64));
        case 4 -> bytes = splice(bytes, at, length, new byte[0]);
        case 5 -> bytes = splice(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + length));
        case 6 ->
            System.arraycopy(bytes, at, bytes, random.nextInt(bytes.length - length + 1), length);
        default -> bytes = random.nextInt(4) == 0 ? Arrays.copyOf(bytes, at) : bytes;
      }
    }
    return bytes;
  }

  /** Operations put in, in place of others, many times over; arguments of others changed. */
  static byte[] ofPickle(byte[] pickle, Random random) {
    byte[] bytes = pickle.clone();
    for (int n = 1 + random.nextInt(3); n > 0 && bytes.length > 8; n--) {
      int at = random.nextInt(bytes.length - 1);
      byte[] operation =
          OPERATIONS[random.nextInt(OPERATIONS.length)].getBytes(StandardCharsets.ISO_8859_1);
      int run = Math.min(1 + random.nextInt(40), bytes.length - at);
      switch (random.nextInt(6)) {
        case 0 -> bytes = splice(bytes, at, 0, operation);
        case 1 -> bytes = splice(bytes, at, Math.min(operation.length, run), operation);
        case 2 -> bytes = splice(bytes, at, 0, repeat(operation, 1 << random.nextInt(12)));
        case 3 -> {
          byte[] several = Arrays.copyOfRange(bytes, at, at + run);
          bytes = splice(bytes, at, 0, repeat(several, 1 << random.nextInt(9)));
        }
        case 4 -> bytes = splice(bytes, at, run, new byte[0]);
        default -> bytes = ofBytes(bytes, random);
      }
    }
    return bytes;
  }

  /** Numbers and texts of a JSON text. */
  static String ofJson(String json, Random random) {
    String text = json;
    for (int n = 1 + random.nextInt(3); n > 0 && text.length() > 2; n--) {
      int at = random.nextInt(text.length() - 1);
      Matcher number = NUMBER.matcher(text);
      switch (random.nextInt(6)) {
        case 0, 1, 2 -> {
          if (number.find(at)) {
            String other = NUMBERS[random.nextInt(NUMBERS.length)];
            text = text.substring(0, number.start()) + other + text.substring(number.end());
          }
        }
        case 3 -> text = text.substring(0, at) + text.substring(at + 1);
        case 4 -> {
          int end = Math.min(text.length(), at + 1 + random.nextInt(60));
          text = text.substring(0, end) + text.substring(at);
        }
        default -> {
          char other = "{}[]\":,0-.\\ue\n\u2028".charAt(random.nextInt(15));
          text = text.substring(0, at) + other + text.substring(at + 1);
        }
      }
    }
    return text;
  }

  /** A safetensors file with a changed header of the length that it says. */
  static byte[] ofSafetensors(byte[] whole, Random random) {
    int length = (int) little(whole).getLong(0);
    String header = new String(whole, 8, length, StandardCharsets.UTF_8);
    byte[] json = ofJson(header, random).getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = little(new byte[8 + json.length + whole.length - 8 - length]);
    return bytes.putLong(json.length).put(json).put(whole, 8 + length, bytes.remaining()).array();
  }

  /** An archive with one entry changed, left out, doubled in size, or put in place of another. */
  static byte[] ofZip(Map<String, byte[]> entries, Random random) throws IOException {
    Map<String, byte[]> changed = new LinkedHashMap<>(entries);
    List<String> names = new ArrayList<>(entries.keySet());
    String name = names.get(random.nextInt(names.size()));
    switch (random.nextInt(8)) {
      case 0 -> changed.remove(name);
      case 1 -> changed.put(name, repeat(changed.get(name), 2));
      case 2 -> changed.put(name, changed.get(names.get(random.nextInt(names.size()))));
      case 3 -> changed.put(name, ofBytes(changed.get(name), random));
      default ->
          changed.replaceAll(
              (key, value) -> key.endsWith("data.pkl") ? ofPickle(value, random) : value);
    }
    return zip(changed, random.nextBoolean());
  }

  /** An archive, stored or deflated. */
  static byte[] zip(Map<String, byte[]> entries, boolean stored) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> content : entries.entrySet()) {
        ZipEntry entry = new ZipEntry(content.getKey());
        if (stored) {
          CRC32 crc = new CRC32();
          crc.update(content.getValue());
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(content.getValue().length);
          entry.setCrc(crc.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(content.getValue());
        zip.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] repeat(byte[] bytes, int times) {
    byte[] several = new byte[bytes.length * times];
    for (int k = 0; k < several.length; k++) {
      several[k] = bytes[k % bytes.length];
    }
    return several;
  }

  private static byte[] splice(byte[] bytes, int at, int remove, byte[] insert) {
    byte[] result = new byte[bytes.length - remove + insert.length];
    System.arraycopy(bytes, 0, result, 0, at);
    System.arraycopy(insert, 0, result, at, insert.length);
    System.arraycopy(bytes, at + remove, result, at + insert.length, bytes.length - at - remove);
    return result;
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
