package io.ddpm4j.exporter.convert.torch;

import io.ddpm4j.exporter.TemporaryBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The entries of a zip archive (PKWARE's APPNOTE), with the places of their bytes, which {@code
 * java.util.zip} does not tell and without which they cannot be mapped. Zip64 too; no encryption,
 * no archives in parts.
 */
final class ZipEntries {
  private static final int END = 0x06054b50;
  private static final int END64 = 0x06064b50;
  private static final int LOCATOR64 = 0x07064b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int LOCAL = 0x04034b50;
  private static final int END_LENGTH = 22;
  private static final int LONGEST_COMMENT = 0xFFFF;
  private static final long LONGEST_DIRECTORY = 16L << 20;
  private static final long CHUNK = 1L << 28;
  private static final int PIECE = 1 << 16;

  /** What deflated entries may have together, beside some multiple of the archive. */
  private static final long SMALL_CONTENT = 1L << 28;

  private static final int MOST_TIMES = 16;
  private static final int STORED = 0;
  private static final int DEFLATED = 8;
  private static final int ENCRYPTED = 1;

  private final MappedFile file;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Set<String> checked = new HashSet<>();
  private final Map<String, ByteBuffer> inflated = new HashMap<>();

  /**
   * One entry.
   *
   * @param header where its local header begins
   * @param crc of its content; 0 where the writer left it out
   */
  record Entry(String name, int method, long packed, long size, long header, int crc) {}

  private ZipEntries(MappedFile file) {
    this.file = file;
  }

  /**
   * Reads the directory.
   *
   * @throws TorchFormatException if the archive is cut short or its entries overlap
   */
  static ZipEntries of(MappedFile file) throws IOException {
    ZipEntries zip = new ZipEntries(file);
    zip.readDirectory();
    zip.requireApart();
    zip.requireModest();
    return zip;
  }

  Map<String, Entry> entries() {
    return Collections.unmodifiableMap(entries);
  }

  private void readDirectory() throws IOException {
    int tailLength = (int) Math.min(file.size(), END_LENGTH + LONGEST_COMMENT);
    long tailStart = file.size() - tailLength;
    ByteBuffer tail = file.part("the end of the archive", tailStart, tailLength);
    int end = tailLength - END_LENGTH;
    while (end >= 0 && tail.getInt(end) != END) {
      end--;
    }
    if (end < 0) {
      throw file.bad("a whole zip archive", "no directory at its end");
    }
    long count = tail.getShort(end + 10) & 0xFFFF;
    long length = tail.getInt(end + 12) & 0xFFFFFFFFL;
    long start = tail.getInt(end + 16) & 0xFFFFFFFFL;
    if (count == 0xFFFF || length == 0xFFFFFFFFL || start == 0xFFFFFFFFL) {
      long locator = tailStart + end - 20;
      ByteBuffer place = file.part("the locator of its directory", locator, 20);
      if (place.getInt() != LOCATOR64) {
        throw file.bad("the locator of a large archive", "something else");
      }
      place.getInt();
      ByteBuffer end64 = file.part("the end of the archive", place.getLong(), 56);
      if (end64.getInt() != END64) {
        throw file.bad("the end of a large archive", "something else");
      }
      count = end64.getLong(32);
      length = end64.getLong(40);
      start = end64.getLong(48);
    }
    if (length < 0 || length > LONGEST_DIRECTORY || count < 0 || count > length / 46) {
      throw file.bad(
          "a directory of at most " + LONGEST_DIRECTORY + " bytes with room for its entries",
          count + " entries in " + length + " bytes");
    }
    ByteBuffer directory = file.part("the archive's directory", start, length);
    for (long k = 0; k < count; k++) {
      Entry entry = entry(directory);
      if (entries.put(entry.name(), entry) != null) {
        throw file.bad("each entry once", entry.name() + " twice");
      }
    }
  }

  /** Zeros pack a thousand to one: a small archive could fill a disk. */
  private void requireModest() throws TorchFormatException {
    long most = SMALL_CONTENT + MOST_TIMES * file.size();
    long unpacked = 0;
    for (Entry entry : entries.values()) {
      if (entry.method() == DEFLATED) {
        unpacked += Math.min(entry.size(), most); // no overflow
      }
      if (unpacked > most || entry.method() == DEFLATED && entry.size() > most) {
        throw file.bad("an archive that unpacks to at most " + most + " bytes", "more");
      }
    }
  }

  private Entry entry(ByteBuffer in) throws TorchFormatException {
    if (in.remaining() < 46 || in.getInt(in.position()) != CENTRAL) {
      throw file.bad("an entry of the archive's directory", "something else");
    }
    int at = in.position();
    int flags = in.getShort(at + 8);
    int method = in.getShort(at + 10) & 0xFFFF;
    int crc = in.getInt(at + 16);
    long packed = in.getInt(at + 20) & 0xFFFFFFFFL;
    long size = in.getInt(at + 24) & 0xFFFFFFFFL;
    int nameLength = in.getShort(at + 28) & 0xFFFF;
    int extraLength = in.getShort(at + 30) & 0xFFFF;
    int commentLength = in.getShort(at + 32) & 0xFFFF;
    long header = in.getInt(at + 42) & 0xFFFFFFFFL;
    if (in.remaining() - 46 < nameLength + extraLength + commentLength) {
      throw file.bad("a whole directory of the archive", "its end in the middle");
    }
    byte[] name = new byte[nameLength];
    in.get(at + 46, name);
    ByteBuffer extra = in.slice(at + 46 + nameLength, extraLength).order(ByteOrder.LITTLE_ENDIAN);
    in.position(at + 46 + nameLength + extraLength + commentLength);
    while (extra.remaining() >= 4) {
      int tag = extra.getShort() & 0xFFFF;
      int length = Math.min(extra.getShort() & 0xFFFF, extra.remaining());
      ByteBuffer field = extra.slice(extra.position(), length).order(ByteOrder.LITTLE_ENDIAN);
      extra.position(extra.position() + length);
      if (tag == 1) { // zip64: those of the three that did not fit, in this order
        size = size == 0xFFFFFFFFL && field.remaining() >= 8 ? field.getLong() : size;
        packed = packed == 0xFFFFFFFFL && field.remaining() >= 8 ? field.getLong() : packed;
        header = header == 0xFFFFFFFFL && field.remaining() >= 8 ? field.getLong() : header;
      }
    }
    String text = new String(name, StandardCharsets.UTF_8);
    if ((flags & ENCRYPTED) != 0 || method != STORED && method != DEFLATED) {
      throw file.bad("entries that are stored or deflated", text + ", which is neither");
    }
    if (size < 0 || packed < 0 || header < 0 || method == STORED && size != packed) {
      throw file.bad("possible sizes", "others of " + text);
    }
    return new Entry(text, method, packed, size, header, crc);
  }

  /** Entries that share bytes are how a small file becomes a huge one. */
  private void requireApart() throws TorchFormatException {
    List<Entry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingLong(Entry::header));
    long end = 0;
    for (Entry entry : sorted) {
      if (entry.header() < end || entry.packed() > file.size() - entry.header()) {
        throw file.bad("entries side by side within the archive", entry.name() + " elsewhere");
      }
      end = entry.header() + 30 + entry.packed();
    }
  }

  /** Where the bytes of an entry begin. */
  long start(Entry entry) throws IOException {
    ByteBuffer header = file.part("the header of " + entry.name(), entry.header(), 30);
    if (header.getInt() != LOCAL) {
      throw file.bad("the header of " + entry.name(), "something else");
    }
    return entry.header() + 30 + (header.getShort(26) & 0xFFFF) + (header.getShort(28) & 0xFFFF);
  }

  /**
   * A part of the content of an entry: mapped where it is stored, else on the heap.
   *
   * @throws TorchFormatException if the entry is damaged or has no such part
   */
  ByteBuffer content(Entry entry, long from, long length) throws IOException {
    if (from < 0 || length < 0 || from > entry.size() - length) {
      throw file.bad(length + " bytes of " + entry.name() + " at " + from, "fewer");
    }
    if (entry.method() == STORED) {
      check(entry);
      return file.part(entry.name(), start(entry) + from, length);
    }
    ByteBuffer content = inflated.get(entry.name());
    if (content == null) {
      content = inflate(entry);
      inflated.put(entry.name(), content);
    }
    return content.slice((int) from, (int) length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Adds up the checksum of what is stored, once. */
  private void check(Entry entry) throws IOException {
    if (checked.add(entry.name())) {
      CRC32 crc = new CRC32();
      long start = start(entry);
      for (long at = 0; at < entry.size(); at += CHUNK) {
        crc.update(file.part(entry.name(), start + at, Math.min(CHUNK, entry.size() - at)));
      }
      requireChecksum(entry, crc);
    }
  }

  private void requireChecksum(Entry entry, CRC32 crc) throws TorchFormatException {
    if (entry.crc() != 0 && (int) crc.getValue() != entry.crc()) {
      throw file.bad(
          "the checksum %08x of %s".formatted(entry.crc(), entry.name()),
          "%08x: the file is damaged".formatted(crc.getValue()));
    }
  }

  private ByteBuffer inflate(Entry entry) throws IOException {
    if (entry.size() > Integer.MAX_VALUE - 8) {
      throw file.bad("at most 2 GB in " + entry.name(), entry.size() + " bytes");
    }
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(file.part(entry.name(), start(entry), entry.packed()));
      return TemporaryBytes.of((int) entry.size(), out -> inflate(entry, inflater, out));
    } finally {
      inflater.end();
    }
  }

  private void inflate(Entry entry, Inflater inflater, WritableByteChannel out) throws IOException {
    CRC32 crc = new CRC32();
    byte[] piece = new byte[PIECE];
    long left = entry.size();
    try {
      while (left > 0) {
        int n = inflater.inflate(piece, 0, (int) Math.min(PIECE, left));
        if (n == 0) {
          throw file.bad(entry.size() + " bytes in " + entry.name(), left + " less");
        }
        crc.update(piece, 0, n);
        out.write(ByteBuffer.wrap(piece, 0, n));
        left -= n;
      }
    } catch (DataFormatException e) {
      throw file.bad("deflated bytes in " + entry.name(), "others: the file is damaged");
    }
    requireChecksum(entry, crc);
  }
}
