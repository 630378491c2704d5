package io.ddpm4j.exporter.convert;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import io.ddpm4j.exporter.OneLine;
import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import io.ddpm4j.exporter.graph.TensorData;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a safetensors file says about its tensors, checked as the format asks: strict JSON, every
 * name once, and tensors that cover the data without gap or overlap.
 *
 * @param dataStart where the tensors' bytes begin in the file
 * @param entries in the header's order
 * @param unread tensors of other types, by name: what they are
 */
record SafetensorsHeader(
    Path file,
    long dataStart,
    List<Entry> entries,
    Map<String, String> metadata,
    Map<String, String> unread) {
  static final String METADATA = "__metadata__";

  private static final long MAX_LENGTH = 100_000_000; // the limit of the reference implementation
  private static final int MAX_TENSOR = Integer.MAX_VALUE - 8; // what an array holds
  private static final int MOST = 1 << 18; // names; the largest models have a tenth
  private static final int MAX_RANK = 64; // PyTorch's

  /** Of a tensor, in characters; as long as the keys of a pickle. */
  static final int LONGEST_NAME = 1000;

  private static final Map<String, DataType> DTYPES =
      Map.ofEntries(
          Map.entry("F64", DataType.DOUBLE),
          Map.entry("F32", DataType.FLOAT),
          Map.entry("F16", DataType.FLOAT16),
          Map.entry("BF16", DataType.BFLOAT16),
          Map.entry("I64", DataType.INT64),
          Map.entry("I32", DataType.INT32),
          Map.entry("I16", DataType.INT16),
          Map.entry("I8", DataType.INT8),
          Map.entry("U64", DataType.UINT64),
          Map.entry("U32", DataType.UINT32),
          Map.entry("U16", DataType.UINT16),
          Map.entry("U8", DataType.UINT8),
          Map.entry("BOOL", DataType.BOOL));

  /** Bits of an element, of types of the format that are not read. */
  private static final Map<String, Integer> UNREAD =
      Map.ofEntries(
          Map.entry("F8_E4M3", 8),
          Map.entry("F8_E5M2", 8),
          Map.entry("F8_E8M0", 8),
          Map.entry("F8_E4M3FNUZ", 8),
          Map.entry("F8_E5M2FNUZ", 8),
          Map.entry("F6_E2M3", 6),
          Map.entry("F6_E3M2", 6),
          Map.entry("F4", 4),
          Map.entry("C64", 64));

  /**
   * One tensor.
   *
   * @param begin its first byte, counted from the start of the data
   * @param end the byte after its last
   */
  record Entry(String name, DataType type, Shape shape, long begin, long end) {}

  /** The format's word for an element type. */
  static String dtype(DataType type) {
    for (Map.Entry<String, DataType> entry : DTYPES.entrySet()) {
      if (entry.getValue() == type) {
        return entry.getKey();
      }
    }
    throw new IllegalArgumentException("safetensors has no type for " + type);
  }

  /**
   * Reads and checks the header.
   *
   * @throws IOException if the file is no whole safetensors file; the message names it
   */
  static SafetensorsHeader read(Path file, FileChannel channel) throws IOException {
    long size = channel.size();
    long length =
        size < 8
            ? -1
            : fill(file, channel, 0, ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN))
                .getLong();
    long longest = Math.max(2, Math.min(MAX_LENGTH, size - 8));
    if (length < 2 || length > longest) {
      throw bad(file, "a header length from 2 to " + longest, Long.toString(length));
    }
    SafetensorsHeader header;
    try {
      InputStream bytes = new HeaderStream(file, channel, 8, length);
      Reader text = new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder());
      header = new Parser(file, text).parse(8 + length);
    } catch (CharacterCodingException e) {
      throw bad(file, "a header in UTF-8", "other bytes");
    }
    header.requireCoverage(size - header.dataStart());
    return header.withoutUnread();
  }

  /** Those that are not read have no type. */
  private SafetensorsHeader withoutUnread() {
    List<Entry> read = entries.stream().filter(entry -> entry.type() != null).toList();
    return new SafetensorsHeader(file, dataStart, read, metadata, unread);
  }

  /** The format has no holes, no overlaps and nothing after the last tensor. */
  private void requireCoverage(long data) throws IOException {
    List<Entry> sorted = new ArrayList<>(entries);
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long end = 0;
    for (Entry entry : sorted) {
      if (entry.begin() != end) {
        throw bad(
            file,
            "tensors without gap or overlap, the next from byte " + end,
            entry.name() + " at " + entry.begin() + " to " + entry.end());
      }
      end = entry.end();
    }
    if (end != data) {
      throw bad(file, end + " bytes of tensors", data + " bytes");
    }
  }

  /**
   * Reads one tensor.
   *
   * @throws IOException if it has 2 GiB or more, or the file became shorter
   */
  TensorData tensor(FileChannel channel, Entry entry) throws IOException {
    requireFits(entry);
    ByteBuffer bytes = ByteBuffer.allocate((int) (entry.end() - entry.begin()));
    fill(file, channel, dataStart + entry.begin(), bytes);
    return TensorData.wrap(entry.type(), entry.shape(), bytes);
  }

  /** Refuses a tensor of 2 GiB or more. */
  void requireFits(Entry entry) throws IOException {
    long size = entry.end() - entry.begin();
    if (size > MAX_TENSOR) {
      throw new IOException(
          file
              + ": tensor "
              + entry.name()
              + ": expected at most "
              + MAX_TENSOR
              + " bytes in one tensor, found "
              + size);
    }
  }

  private static ByteBuffer fill(Path file, FileChannel channel, long position, ByteBuffer bytes)
      throws IOException {
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, position + bytes.position()) < 0) {
        throw new IOException(file + " became shorter while it was read");
      }
    }
    return bytes.flip();
  }

  static IOException bad(Path file, String expected, String found) {
    return new IOException(
        OneLine.of(
            file + " is no whole safetensors file: expected " + expected + ", found " + found));
  }

  /** Takes the JSON token by token: a tree would have swallowed names that come twice. */
  private static final class Parser {
    private final Path file;
    private final JsonReader json;
    private final Map<String, String> unread = new LinkedHashMap<>();

    Parser(Path file, Reader text) {
      this.file = file;
      json = new JsonReader(text);
      json.setStrictness(Strictness.STRICT);
    }

    SafetensorsHeader parse(long dataStart) throws IOException {
      List<Entry> entries = new ArrayList<>();
      Map<String, String> metadata = new LinkedHashMap<>();
      try {
        Set<String> names = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
          String name = name(names);
          if (name.equals(METADATA)) {
            Set<String> keys = new HashSet<>();
            json.beginObject();
            while (json.hasNext()) {
              metadata.put(name(keys), text());
              requireFew(keys.size(), "texts of metadata");
            }
            json.endObject();
          } else {
            entries.add(entry(name));
            requireFew(entries.size(), "tensors");
          }
        }
        json.endObject();
        expect(JsonToken.END_DOCUMENT);
      } catch (IllegalStateException
          | IllegalArgumentException
          | MalformedJsonException
          | EOFException e) {
        throw bad(file, "a JSON header of tensors", "something else at " + json.getPath());
      }
      return new SafetensorsHeader(file, dataStart, entries, metadata, unread);
    }

    private void requireFew(int count, String what) throws IOException {
      if (count > MOST) {
        throw bad(file, "at most " + MOST + " " + what, "more");
      }
    }

    private Entry entry(String tensor) throws IOException {
      String dtype = null;
      List<Long> shape = null;
      List<Long> offsets = null;
      Set<String> names = new HashSet<>();
      json.beginObject();
      while (json.hasNext()) {
        switch (name(names)) {
          case "dtype" -> dtype = text();
          case "shape" -> shape = numbers();
          case "data_offsets" -> offsets = numbers();
          default -> throw new IllegalStateException();
        }
      }
      json.endObject();
      if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
        throw bad(file, "dtype, shape and data_offsets for " + tensor, "not all of them");
      }
      DataType type = DTYPES.get(dtype);
      Shape dims = Shape.of(shape.stream().mapToLong(Long::longValue).toArray());
      if (type == null && !UNREAD.containsKey(dtype)) {
        throw bad(file, "a known dtype for " + tensor, dtype);
      } else if (type == null) {
        unread.put(tensor, "a tensor of " + dtype + dims);
      }
      long begin = offsets.get(0);
      long end = offsets.get(1);
      long needed = bytes(tensor, dims, type == null ? UNREAD.get(dtype) : 8 * type.bytes());
      if (begin > end || end - begin != needed) {
        throw bad(file, needed + " bytes for " + tensor, "offsets " + begin + " to " + end);
      }
      return new Entry(tensor, type, dims, begin, end);
    }

    private long bytes(String tensor, Shape shape, int bits) throws IOException {
      try {
        long all = Math.multiplyExact(shape.elements(), (long) bits);
        if (all % Byte.SIZE != 0) {
          throw bad(file, "whole bytes for " + tensor, all + " bits");
        }
        return all / Byte.SIZE;
      } catch (ArithmeticException e) {
        throw bad(file, "a shape that fits into a file for " + tensor, shape.toString());
      }
    }

    private String name(Set<String> known) throws IOException {
      String name = json.nextName();
      if (name.length() > LONGEST_NAME) {
        throw bad(file, "names of at most " + LONGEST_NAME + " characters", "a longer one");
      }
      if (!known.add(name)) {
        throw bad(file, "each name once", name + " twice");
      }
      return name;
    }

    private String text() throws IOException {
      expect(JsonToken.STRING);
      return json.nextString();
    }

    private List<Long> numbers() throws IOException {
      List<Long> numbers = new ArrayList<>();
      json.beginArray();
      while (json.hasNext()) {
        expect(JsonToken.NUMBER);
        long number = Long.parseLong(json.nextString()); // nextLong would take 1.0 and "1"
        if (number < 0) {
          throw new IllegalStateException();
        }
        numbers.add(number);
        if (numbers.size() > MAX_RANK) {
          throw bad(file, "at most " + MAX_RANK + " numbers", "more at " + json.getPath());
        }
      }
      json.endArray();
      return numbers;
    }

    private void expect(JsonToken token) throws IOException {
      if (json.peek() != token) {
        throw new IllegalStateException();
      }
    }
  }
}
