package io.ddpm4j.exporter.convert.torch;

import io.ddpm4j.exporter.convert.torch.Globals.Global;
import io.ddpm4j.exporter.graph.DataType;
import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A stack machine for pickles of the protocols 0 to 5 (Python's {@code pickletools} documents
 * them), of which it runs what data need. Python's values become Java's: None null, int {@link
 * Long} or {@link BigInteger}, float {@link Double}, str {@link String}, bytes {@code byte[]},
 * list, tuple and set {@link List}, dict {@link Map}; a tensor becomes a {@link TensorView}. Time
 * and memory are proportional to the length of the pickle. Values may contain themselves: never
 * hash or print one.
 */
final class Unpickler {
  private static final Object MARK = new Object();
  private static final Object NOTHING = new Object();
  private static final int LONGEST_INTEGER = 1024; // bytes; Python's protocol has no limit
  private static final int MOST_VALUES = 2_000_000; // a tensor takes about 35
  private static final int CHARS_OF_A_VALUE = 32; // when text is copied

  private final String file;
  private final ByteBuffer in;
  private final List<Object> stack = new ArrayList<>();
  private final List<Object> memo = new ArrayList<>(); // NOTHING where nothing was remembered
  private final Map<String, Storage> storages = new LinkedHashMap<>();
  private int counted; // values that were made or copied

  /**
   * @param file for messages
   * @param in little endian, from the pickle's first byte on; its position moves behind the pickle
   */
  Unpickler(String file, ByteBuffer in) {
    this.file = file;
    this.in = in.order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Runs one pickle.
   *
   * @throws TorchFormatException if it is damaged, or refers to what is not in {@link Globals}
   */
  Object load() throws TorchFormatException {
    int start = in.position();
    try {
      while (true) {
        int op = in.get() & 0xFF;
        if (op == '.') {
          Object result = pop();
          return require(result != MARK, result, "a value at the end", "a mark");
        }
        execute(op);
      }
    } catch (BufferUnderflowException e) {
      throw bad("a whole pickle from byte " + start + " on", "its end in the middle");
    }
  }

  private void execute(int op) throws TorchFormatException {
    switch (op) {
      case 0x80 -> protocol();
      case 0x95 -> in.getLong(); // a frame: the bytes of what follows are as before
      case '(' -> push(MARK);
      case '0' -> pop();
      case '1' -> popToMark();
      case '2' -> push(top());
      case 'N' -> push(null);
      case 0x88 -> push(Boolean.TRUE);
      case 0x89 -> push(Boolean.FALSE);
      case 'J' -> push((long) in.getInt());
      case 'K' -> push((long) (in.get() & 0xFF));
      case 'M' -> push((long) (in.getShort() & 0xFFFF));
      case 'I' -> push(decimal(line()));
      case 'L' -> push(decimal(line().replaceFirst("L$", "")));
      case 0x8a -> push(integer(in.get() & 0xFF));
      case 0x8b -> push(integer(length(in.getInt())));
      case 'F' -> push(real(line()));
      case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
      case 'S' -> push(quoted(line()));
      case 'T' -> push(text(length(in.getInt()), StandardCharsets.ISO_8859_1));
      case 'U' -> push(text(in.get() & 0xFF, StandardCharsets.ISO_8859_1));
      case 'V' -> push(line()); // its escapes are of no account for names that we know
      case 'X' -> push(text(length(in.getInt()), StandardCharsets.UTF_8));
      case 0x8c -> push(text(in.get() & 0xFF, StandardCharsets.UTF_8));
      case 0x8d -> push(text(length(in.getLong()), StandardCharsets.UTF_8));
      case 'B' -> push(bytes(length(in.getInt())));
      case 'C' -> push(bytes(in.get() & 0xFF));
      case 0x8e, 0x96 -> push(bytes(length(in.getLong())));
      case ']', 0x8f -> push(new ArrayList<>());
      case 'a' -> append(Collections.singletonList(pop()));
      case 'e', 0x90 -> append(popToMark());
      case 'l', 0x91 -> push(new ArrayList<>(popToMark()));
      case ')' -> push(List.of());
      case 't' -> push(tuple(popToMark()));
      case 0x85 -> push(tuple(pop(1)));
      case 0x86 -> push(tuple(pop(2)));
      case 0x87 -> push(tuple(pop(3)));
      case '}' -> push(new LinkedHashMap<>());
      case 'd' -> dictionary(popToMark());
      case 's' -> setItems(pop(2));
      case 'u' -> setItems(popToMark());
      case 'g' -> push(recall(decimal(line())));
      case 'h' -> push(recall((long) (in.get() & 0xFF)));
      case 'j' -> push(recall(in.getInt() & 0xFFFFFFFFL));
      case 'p' -> remember(decimal(line()));
      case 'q' -> remember((long) (in.get() & 0xFF));
      case 'r' -> remember(in.getInt() & 0xFFFFFFFFL);
      case 0x94 -> remember((long) memo.size());
      case 'c' -> push(global(line(), line()));
      case 0x93 -> stackGlobal();
      case 'R' -> call(pop(2));
      case 0x81 -> object(pop(2));
      case 0x92 -> objectWithNames(pop(3));
      case 'i' -> instance(global(line(), line()), popToMark());
      case 'o' -> objectOfMark(popToMark());
      case 'b' -> build(pop());
      case 'Q' -> push(storage(pop()));
      default ->
          throw bad(
              "operations that build data",
              "the byte 0x%02x at %d, which is none".formatted(op, in.position() - 1));
    }
  }

  private void protocol() throws TorchFormatException {
    int version = in.get() & 0xFF;
    require(version <= 5, null, "a pickle of protocol 0 to 5", Integer.toString(version));
  }

  // ---- the stack

  private void push(Object value) throws TorchFormatException {
    count(1);
    stack.add(value);
  }

  private void count(int values) throws TorchFormatException {
    require(values <= MOST_VALUES - counted, null, "at most " + MOST_VALUES + " values", "more");
    counted += values;
  }

  private Object top() throws TorchFormatException {
    require(!stack.isEmpty(), null, "a value on the stack", "none");
    return stack.get(stack.size() - 1);
  }

  private Object pop() throws TorchFormatException {
    Object value = top();
    stack.remove(stack.size() - 1);
    return value;
  }

  /** The last values, the last one last. */
  private List<Object> pop(int count) throws TorchFormatException {
    require(stack.size() >= count, null, count + " values on the stack", "fewer");
    List<Object> tail = stack.subList(stack.size() - count, stack.size());
    List<Object> values = new ArrayList<>(tail);
    tail.clear();
    require(!values.contains(MARK), null, count + " values on the stack", "a mark among them");
    return values;
  }

  private List<Object> popToMark() throws TorchFormatException {
    int mark = stack.size() - 1;
    while (mark >= 0 && stack.get(mark) != MARK) {
      mark--;
    }
    require(mark >= 0, null, "a mark on the stack", "none");
    List<Object> tail = stack.subList(mark, stack.size());
    List<Object> values = new ArrayList<>(tail.subList(1, tail.size()));
    tail.clear();
    return values;
  }

  private static List<Object> tuple(List<Object> values) {
    return Collections.unmodifiableList(values);
  }

  // ---- the memo

  private void remember(Object index) throws TorchFormatException {
    int key = index(index);
    while (memo.size() <= key) {
      memo.add(NOTHING);
    }
    memo.set(key, top());
  }

  private Object recall(Object index) throws TorchFormatException {
    int key = index(index);
    boolean known = key < memo.size() && memo.get(key) != NOTHING;
    require(known, null, "a value that was remembered", "number " + key);
    return memo.get(key);
  }

  /** Python counts them from 0, so there are none beyond the number of values. */
  private int index(Object index) throws TorchFormatException {
    boolean fits = index instanceof Long number && number >= 0 && number < MOST_VALUES;
    return require(fits, fits ? ((Long) index).intValue() : 0, "a number from 0 on", "another");
  }

  // ---- literals

  private int length(long length) throws TorchFormatException {
    return require(
        length >= 0 && length <= in.remaining(),
        (int) length,
        "at most the " + in.remaining() + " bytes that are left",
        Long.toUnsignedString(length) + " at " + in.position());
  }

  private byte[] bytes(int length) throws TorchFormatException {
    byte[] bytes = new byte[length(length)];
    in.get(bytes);
    return bytes;
  }

  private String text(int length, Charset charset) throws TorchFormatException {
    ByteBuffer bytes = ByteBuffer.wrap(bytes(length));
    try {
      return charset.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw bad("text in " + charset + " at " + (in.position() - length), "other bytes");
    }
  }

  private String line() throws TorchFormatException {
    int start = in.position();
    while (in.get() != '\n') {
      // on
    }
    byte[] bytes = new byte[in.position() - 1 - start];
    in.get(start, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private Object decimal(String digits) throws TorchFormatException {
    if (digits.equals("00") || digits.equals("01")) {
      return digits.equals("01");
    }
    require(digits.matches("[+-]?\\d{1,100}"), null, "a whole number", "'" + cut(digits) + "'");
    return narrow(new BigInteger(digits));
  }

  private Double real(String digits) throws TorchFormatException {
    try {
      return Double.valueOf(digits);
    } catch (NumberFormatException e) {
      throw bad("a number", "'" + cut(digits) + "'");
    }
  }

  private Object integer(int length) throws TorchFormatException {
    require(
        length <= LONGEST_INTEGER,
        null,
        "a whole number of at most " + LONGEST_INTEGER + " bytes",
        Integer.toString(length));
    byte[] little = bytes(length);
    byte[] big = new byte[length];
    for (int k = 0; k < length; k++) {
      big[k] = little[length - 1 - k];
    }
    return length == 0 ? (Object) 0L : narrow(new BigInteger(big));
  }

  private static Object narrow(BigInteger value) {
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private String quoted(String line) throws TorchFormatException {
    boolean whole =
        line.length() > 1
            && (line.charAt(0) == '\'' || line.charAt(0) == '"')
            && line.charAt(line.length() - 1) == line.charAt(0);
    return require(
        whole, whole ? line.substring(1, line.length() - 1) : null, "a text in quotes", cut(line));
  }

  private static String cut(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }

  // ---- containers

  private void append(List<?> values) throws TorchFormatException {
    Object target = top();
    if (target instanceof Inert) {
      return;
    }
    require(target instanceof ArrayList, null, "a list to append to", kind(target));
    @SuppressWarnings("unchecked")
    List<Object> list = (List<Object>) target;
    list.addAll(values);
  }

  private void dictionary(List<Object> items) throws TorchFormatException {
    push(new LinkedHashMap<>());
    setItems(items);
  }

  private void setItems(List<Object> items) throws TorchFormatException {
    Object target = top();
    if (target instanceof Inert) {
      return;
    }
    require(target instanceof LinkedHashMap, null, "a dictionary to fill", kind(target));
    require(items.size() % 2 == 0, null, "a value for each key", "one less");
    @SuppressWarnings("unchecked")
    Map<Object, Object> map = (Map<Object, Object>) target;
    for (int k = 0; k < items.size(); k += 2) {
      Object key = items.get(k);
      require(Globals.isKey(key), null, "a short text, a number or a class as key", kind(key));
      require(!map.containsKey(key), null, "each key once", key + " twice");
      map.put(key, items.get(k + 1));
    }
  }

  // ---- names and calls

  private Global global(String module, String name) throws TorchFormatException {
    Global global;
    try {
      global = Globals.of(module, name);
    } catch (IllegalArgumentException e) {
      throw bad(e.getMessage(), "longer ones");
    }
    boolean python = global.isLabel() && StandardLibrary.contains(module);
    return require(
        !python, global, "of Python's own names those that build containers", global.name());
  }

  private void stackGlobal() throws TorchFormatException {
    List<Object> names = pop(2);
    if (names.get(0) instanceof String module && names.get(1) instanceof String name) {
      push(global(module, name));
    } else {
      throw bad("a module and a name", kind(names.get(0)) + " and " + kind(names.get(1)));
    }
  }

  private void call(List<Object> parts) throws TorchFormatException {
    if (!(parts.get(1) instanceof List<?> arguments)) {
      throw bad("arguments", kind(parts.get(1)));
    }
    push(call(parts.get(0), arguments));
  }

  /** An object that is to be made without a call: that of an unknown class is skipped. */
  private void object(List<Object> parts) throws TorchFormatException {
    if (parts.get(0) instanceof Global type && type.isLabel()) {
      push(Inert.of(type.name()));
    } else {
      call(parts);
    }
  }

  private void objectWithNames(List<Object> parts) throws TorchFormatException {
    boolean label = parts.get(0) instanceof Global type && type.isLabel();
    boolean none = label || parts.get(2) instanceof Map<?, ?> named && named.isEmpty();
    require(none, null, "arguments without names", kind(parts.get(2)));
    object(parts.subList(0, 2));
  }

  private Object call(Object callable, List<?> arguments) throws TorchFormatException {
    if (!(callable instanceof Global global) || global.function() == null) {
      throw bad(
          "a call of what builds tensors and containers",
          "one of " + (callable instanceof Global g ? g.name() : kind(callable)));
    }
    for (Object argument : arguments) { // functions copy them
      count(size(argument));
    }
    try {
      return global.function().call(arguments);
    } catch (IllegalArgumentException e) {
      throw bad(global + " of " + e.getMessage(), "other arguments");
    }
  }

  private static int size(Object argument) {
    return argument instanceof List<?> list
        ? list.size()
        : argument instanceof Map<?, ?> map
            ? map.size()
            : argument instanceof String text ? text.length() / CHARS_OF_A_VALUE : 0;
  }

  private void instance(Global type, List<Object> arguments) throws TorchFormatException {
    push(call(type, arguments));
  }

  private void objectOfMark(List<Object> parts) throws TorchFormatException {
    require(!parts.isEmpty(), null, "a class", "none");
    push(call(parts.get(0), parts.subList(1, parts.size())));
  }

  /** Attributes of an object: those of a namespace are its content, others are of no account. */
  private void build(Object state) throws TorchFormatException {
    Object target = top();
    if (target instanceof NumpyValues.Dtype type) {
      type.build(state);
    } else if (target instanceof LinkedHashMap && state instanceof Map<?, ?> attributes) {
      @SuppressWarnings("unchecked")
      Map<Object, Object> map = (Map<Object, Object>) target;
      count(attributes.size());
      if (map.isEmpty()) { // an OrderedDict has its items by now, and _metadata as attribute
        attributes.forEach(
            (key, value) -> {
              if (key instanceof String name && !name.startsWith("_")) {
                map.put(key, value);
              }
            });
      }
    }
  }

  /** ('storage', class, key, location, elements, [view of another]). */
  private Storage storage(Object id) throws TorchFormatException {
    if (!(id instanceof List<?> parts)
        || parts.size() < 5
        || !"storage".equals(parts.get(0))
        || !(parts.get(1) instanceof Global type)
        || !(parts.get(2) instanceof String key)
        || key.length() > Globals.LONGEST_KEY
        || !(parts.get(4) instanceof Long elements)
        || elements < 0) {
      throw bad("a reference to a storage", "another");
    }
    require(
        parts.size() == 5 || parts.get(5) == null, null, "a whole storage", "a view of another");
    DataType dataType = type.value() instanceof DataType known ? known : null;
    boolean fits = dataType == null ? type.value() == Globals.UNTYPED : dataType.bytes() > 0;
    require(fits, null, "a storage of numbers", type.name());
    require(
        elements <= Long.MAX_VALUE / 16,
        null,
        "a storage that fits into a file",
        elements + " numbers");
    Storage storage = new Storage(key, dataType, elements);
    Storage known = storages.putIfAbsent(key, storage);
    return require(
        known == null || known.equals(storage), storage, "one storage of key " + cut(key), "two");
  }

  /** The storages that the pickle refers to, by key. */
  Map<String, Storage> storages() {
    return storages;
  }

  private static String kind(Object value) {
    if (value == null) {
      return "nothing";
    }
    return value == MARK
        ? "a mark"
        : value instanceof Map
            ? "a dictionary"
            : value instanceof List
                ? "a list"
                : value instanceof Global global ? global.name() : kindOf(value);
  }

  private static String kindOf(Object value) {
    return value instanceof Inert
        ? value.toString()
        : value instanceof String ? "a text" : "a " + value.getClass().getSimpleName();
  }

  private <T> T require(boolean holds, T value, String expected, String found)
      throws TorchFormatException {
    if (!holds) {
      throw bad(expected, found);
    }
    return value;
  }

  private TorchFormatException bad(String expected, String found) {
    return new TorchFormatException(file + ": expected " + expected + ", found " + found);
  }
}
