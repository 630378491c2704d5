package io.ddpm4j.exporter.convert.torch;

import io.ddpm4j.exporter.graph.DataType;
import io.ddpm4j.exporter.graph.Shape;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The names that a pickle may call: what tensors are built with, and containers. Each is a function
 * of ours that makes data of data; nothing of Python is called. Other names are labels: an object
 * of such a class is skipped, a call of such a function refused; those of Python's own modules are
 * refused even without a call.
 */
final class Globals {
  private Globals() {}

  /** What stands for a Python callable: its arguments to its result. */
  @FunctionalInterface
  interface Function {
    /**
     * @throws IllegalArgumentException if the arguments are not what PyTorch writes, with what was
     *     expected
     */
    Object call(List<?> arguments);
  }

  /**
   * A name that was referred to.
   *
   * @param function of its calls; null for what is never called
   * @param value what it is itself, such as an element type; null for what is only called
   */
  record Global(String name, Function function, Object value) {
    /** Whether it is none of {@link #TABLE}. */
    boolean isLabel() {
      return function == null && value == null;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** By module and name, sorted: this is the allow-list of {@code docs/checkpoints.md}. */
  static final Map<String, Global> TABLE = new TreeMap<>();

  private static final Map<String, DataType> STORAGES =
      Map.ofEntries(
          Map.entry("BFloat16", DataType.BFLOAT16),
          Map.entry("Bool", DataType.BOOL),
          Map.entry("Byte", DataType.UINT8),
          Map.entry("Char", DataType.INT8),
          Map.entry("ComplexDouble", DataType.COMPLEX128),
          Map.entry("ComplexFloat", DataType.COMPLEX64),
          Map.entry("Double", DataType.DOUBLE),
          Map.entry("Float", DataType.FLOAT),
          Map.entry("Half", DataType.FLOAT16),
          Map.entry("Int", DataType.INT32),
          Map.entry("Long", DataType.INT64),
          Map.entry("Short", DataType.INT16));

  private static final Map<String, DataType> DTYPES =
      Map.ofEntries(
          Map.entry("bfloat16", DataType.BFLOAT16),
          Map.entry("bool", DataType.BOOL),
          Map.entry("complex128", DataType.COMPLEX128),
          Map.entry("complex64", DataType.COMPLEX64),
          Map.entry("float16", DataType.FLOAT16),
          Map.entry("float32", DataType.FLOAT),
          Map.entry("float64", DataType.DOUBLE),
          Map.entry("int16", DataType.INT16),
          Map.entry("int32", DataType.INT32),
          Map.entry("int64", DataType.INT64),
          Map.entry("int8", DataType.INT8),
          Map.entry("uint16", DataType.UINT16),
          Map.entry("uint32", DataType.UINT32),
          Map.entry("uint64", DataType.UINT64),
          Map.entry("uint8", DataType.UINT8));

  /** Of what names a value or a storage. Longer ones only take memory and time. */
  static final int LONGEST_KEY = 1000;

  /** Of a module, and of a name in it. */
  private static final int LONGEST_NAME = 200;

  /** The element type of a storage whose type only its tensors know. */
  static final Object UNTYPED = "untyped storage";

  /** Classes of tensors whose elements are what they seem. */
  private static final Set<String> PLAIN =
      Set.of("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer");

  /** What training loops keep beside the weights, and call to restore it. Nothing is made of it. */
  private static final List<String> SKIPPED =
      List.of(
          "datetime.date",
          "datetime.datetime",
          "datetime.timedelta",
          "datetime.timezone",
          "decimal.Decimal",
          "functools.partial",
          "pathlib.Path",
          "pathlib.PosixPath",
          "pathlib.PurePath",
          "pathlib.PurePosixPath",
          "pathlib.PureWindowsPath",
          "pathlib.WindowsPath",
          "pathlib._local.PosixPath",
          "pathlib._local.WindowsPath",
          "uuid.UUID");

  static {
    STORAGES.forEach((name, type) -> value("torch." + name + "Storage", type));
    DTYPES.forEach((name, type) -> value("torch." + name, type));
    value("torch.storage.UntypedStorage", UNTYPED);
    SKIPPED.forEach(name -> call(name, arguments -> Inert.of(name)));
    call("torch._utils._rebuild_tensor", Globals::rebuildTensor);
    call("torch._utils._rebuild_tensor_v2", Globals::rebuildTensor);
    call("torch._utils._rebuild_tensor_v3", Globals::rebuildTypedTensor);
    call("torch._utils._rebuild_parameter", arguments -> tensor(arguments, 0));
    call("torch._utils._rebuild_parameter_with_state", arguments -> tensor(arguments, 0));
    call("torch._utils._rebuild_device_tensor_from_cpu_tensor", a -> tensor(a, 0));
    call("torch._tensor._rebuild_from_type_v2", Globals::rebuildFromType);
    call("torch.Tensor", arguments -> fail("a call that PyTorch writes"));
    call("torch.nn.parameter.Parameter", arguments -> tensor(arguments, 0));
    call("torch.nn.parameter.Buffer", arguments -> tensor(arguments, 0));
    call("torch.Size", arguments -> list(arguments, 0));
    call("torch.device", Globals::device);
    for (String module : List.of("builtins", "__builtin__")) {
      call(module + ".dict", arguments -> new LinkedHashMap<>());
      call(module + ".list", Globals::copy);
      call(module + ".tuple", Globals::copy);
      call(module + ".set", Globals::copy);
      call(module + ".frozenset", Globals::copy);
      call(module + ".bytearray", arguments -> new byte[0]);
      call(module + ".bytes", arguments -> new byte[0]);
      call(module + ".complex", arguments -> new Inert("a complex number"));
      call(module + ".getattr", Globals::member);
      value(module + ".int", DataType.INT64); // a defaultdict's default, never called
      value(module + ".long", DataType.INT64);
      value(module + ".float", DataType.DOUBLE);
      value(module + ".str", DataType.STRING);
      value(module + ".bool", DataType.BOOL);
      value(module + ".unicode", DataType.STRING);
      value(module + ".type", "type");
      value(module + ".object", "object");
    }
    for (String module : List.of("copyreg", "copy_reg")) {
      call(module + "._reconstructor", Globals::reconstruct);
    }
    call("collections.OrderedDict", Globals::dictionary);
    call("collections.defaultdict", arguments -> new LinkedHashMap<>());
    call("collections.Counter", Globals::dictionary);
    call("argparse.Namespace", arguments -> new LinkedHashMap<>());
    call("types.SimpleNamespace", arguments -> new LinkedHashMap<>());
    call("_codecs.encode", Globals::encode);
    for (String module : List.of("numpy.core.multiarray", "numpy._core.multiarray")) {
      call(module + ".scalar", NumpyValues::scalar);
      call(module + "._reconstruct", arguments -> new Inert("an array of NumPy"));
    }
    for (String module : List.of("numpy.core.numeric", "numpy._core.numeric")) {
      call(module + "._frombuffer", arguments -> new Inert("an array of NumPy"));
    }
    call("numpy.dtype", NumpyValues::dtype);
    value("numpy.ndarray", "numpy.ndarray");
  }

  /**
   * What a name stands for.
   *
   * @throws IllegalArgumentException if a part of it is longer than a name
   */
  static Global of(String owner, String name) {
    if (owner.length() > LONGEST_NAME || name.length() > LONGEST_NAME) {
      return fail("names of at most " + LONGEST_NAME + " characters");
    }
    String full = owner + "." + name;
    Global global = TABLE.get(full);
    return global == null ? new Global(full, null, null) : global;
  }

  private static void value(String name, Object value) {
    TABLE.put(name, new Global(name, null, value));
  }

  private static void call(String name, Function function) {
    TABLE.put(name, new Global(name, function, null));
  }

  private static <T> T fail(String expected) {
    throw new IllegalArgumentException(expected);
  }

  /** storage, offset, size, stride, and what training needs. */
  private static Object rebuildTensor(List<?> arguments) {
    Storage storage = storage(arguments);
    if (storage.type() == null) {
      return fail("a storage that tells its type");
    }
    requirePlain(arguments, 6);
    return view(storage, storage.type(), arguments);
  }

  /** The same of a storage of bytes; the type is the seventh argument. */
  private static Object rebuildTypedTensor(List<?> arguments) {
    Storage storage = storage(arguments);
    Object type = arguments.size() > 6 ? arguments.get(6) : null;
    if (storage.type() != null
        || !(type instanceof Global global)
        || !(global.value() instanceof DataType dataType)) {
      return fail("an untyped storage and an element type that ONNX has");
    }
    requirePlain(arguments, 7);
    if (dataType.bytes() == 0 || storage.elements() % dataType.bytes() != 0) {
      return fail("a storage of whole elements");
    }
    Storage typed = new Storage(storage.key(), dataType, storage.elements() / dataType.bytes());
    return view(typed, dataType, arguments);
  }

  /** Bits that say that the elements are the negative or the conjugate of what is stored. */
  private static void requirePlain(List<?> arguments, int index) {
    if (arguments.size() > index
        && arguments.get(index) instanceof Map<?, ?> bits
        && !bits.isEmpty()) {
      fail("elements that are stored as they are");
    }
  }

  private static Storage storage(List<?> arguments) {
    return arguments.size() >= 4 && arguments.get(0) instanceof Storage storage
        ? storage
        : fail("a storage, an offset, a size and a stride");
  }

  private static TensorView view(Storage storage, DataType type, List<?> arguments) {
    long offset = number(arguments.get(1));
    long[] sizes = numbers(arguments.get(2));
    long[] strides = numbers(arguments.get(3));
    if (sizes.length != strides.length || sizes.length > 64) {
      return fail("a stride for each of at most 64 axes");
    }
    try {
      long elements = 1;
      for (long size : sizes) {
        elements = Math.multiplyExact(elements, size);
      }
      Math.multiplyExact(elements, (long) type.bytes());
      TensorView view = new TensorView(storage, type, offset, Shape.of(sizes), strides);
      return view.end() <= storage.elements()
          ? view
          : fail("a tensor within its storage of " + storage.elements() + " elements");
    } catch (ArithmeticException e) {
      return fail("a tensor that fits into memory");
    }
  }

  /** function, class, arguments, state: of a subclass of Tensor. */
  private static Object rebuildFromType(List<?> arguments) {
    if (arguments.size() >= 3
        && arguments.get(0) instanceof Global global
        && global.function() != null
        && arguments.get(1) instanceof Global type
        && PLAIN.contains(type.name())
        && arguments.get(2) instanceof List<?> inner
        && !global.name().equals("torch._tensor._rebuild_from_type_v2")) {
      return global.function().call(inner);
    }
    return fail("a function that builds a tensor, and a class of " + new TreeSet<>(PLAIN));
  }

  private static TensorView tensor(List<?> arguments, int index) {
    return index < arguments.size() && arguments.get(index) instanceof TensorView view
        ? view
        : fail("a tensor");
  }

  private static List<?> list(List<?> arguments, int index) {
    return index < arguments.size() && arguments.get(index) instanceof List<?> list
        ? list
        : fail("a list");
  }

  private static Object copy(List<?> arguments) {
    return new ArrayList<Object>(arguments.isEmpty() ? List.of() : list(arguments, 0));
  }

  /** Nothing, a dictionary, or a list of pairs. */
  private static Object dictionary(List<?> arguments) {
    Map<Object, Object> result = new LinkedHashMap<>();
    if (!arguments.isEmpty() && arguments.get(0) instanceof Map<?, ?> map) {
      result.putAll(map);
    } else if (!arguments.isEmpty()) {
      for (Object item : list(arguments, 0)) {
        if (!(item instanceof List<?> pair) || pair.size() != 2 || !isKey(pair.get(0))) {
          return fail("pairs of a short key and a value");
        }
        if (result.containsKey(pair.get(0))) {
          return fail("each key once");
        }
        result.put(pair.get(0), pair.get(1));
      }
    }
    return result;
  }

  /** Whether a value can be a key: texts that are not long, numbers, tuples of these, classes. */
  static boolean isKey(Object value) {
    return value instanceof List<?> list
        ? !(list instanceof ArrayList)
            && list.size() < 100
            && list.stream().allMatch(Globals::isScalar)
        : value instanceof Global || isScalar(value);
  }

  private static boolean isScalar(Object value) {
    return value == null
        || value instanceof Number
        || value instanceof String text && text.length() <= LONGEST_KEY
        || value instanceof Boolean;
  }

  /** Type and number: {@code cuda:0}. */
  private static Object device(List<?> arguments) {
    return arguments.stream()
        .filter(Globals::isScalar)
        .limit(2)
        .map(String::valueOf)
        .map(part -> part.substring(0, Math.min(20, part.length())))
        .collect(Collectors.joining(":"));
  }

  /** How a method is named, such as that of a schedule of learning rates: a longer name. */
  private static Object member(List<?> arguments) {
    return arguments.size() == 2
            && arguments.get(0) instanceof Global owner
            && arguments.get(1) instanceof String name
        ? of(owner.name(), name)
        : fail("a name and one of its members");
  }

  /** class, base, state: how protocols 0 and 1 make an object. */
  private static Object reconstruct(List<?> arguments) {
    if (arguments.isEmpty() || !(arguments.get(0) instanceof Global type) || type.value() != null) {
      return fail("a class");
    }
    return type.isLabel() ? Inert.of(type.name()) : type.function().call(List.of());
  }

  /** How protocol 2 writes bytes: text in Latin-1. */
  private static Object encode(List<?> arguments) {
    return !arguments.isEmpty() && arguments.get(0) instanceof String text
        ? text.getBytes(StandardCharsets.ISO_8859_1)
        : fail("a text");
  }

  private static long number(Object value) {
    if (value instanceof Long number && number >= 0) {
      return number;
    }
    return fail(
        "a size, stride or offset from 0 to 2^63 - 1"
            + (value instanceof BigInteger || value instanceof Long ? ", not " + value : ""));
  }

  private static long[] numbers(Object value) {
    return value instanceof List<?> list
        ? list.stream().mapToLong(Globals::number).toArray()
        : fail("a list of sizes");
  }
}
