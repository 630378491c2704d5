package io.ddpm4j.runtime.model;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a model runs. A device that is missing is an error, never replaced by another. */
public sealed interface Device {
  /** The forms that {@link #parse} reads, for messages. */
  String FORMS = "cpu, cuda or cuda:INDEX, for CUDA with ,memory=4G ,tf32=on|off ,search=NAME";

  /** The processor: always there. */
  static Cpu cpu() {
    return new Cpu();
  }

  /** The CUDA device of this index; needs the artifact {@code onnxruntime_gpu}. */
  static Cuda cuda(int index) {
    return new Cuda(index, OptionalLong.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * Reads {@code cpu}, {@code cuda} (the first) or {@code cuda:1}, and after a CUDA device any of
   * {@code ,memory=4G} (bytes, or with K, M or G), {@code ,tf32=off} (or {@code on}) and {@code
   * ,search=heuristic} (or {@code exhaustive}, {@code default}).
   *
   * @throws IllegalArgumentException listing the legal forms
   */
  static Device parse(String text) {
    String[] parts = text.split(",", -1);
    if (text.equals("cpu")) {
      return cpu();
    }
    if (!parts[0].matches("cuda(:\\d{1,4})?")) {
      throw new IllegalArgumentException("device: expected " + FORMS + ", found \"" + text + "\"");
    }
    Cuda device =
        cuda(parts[0].equals("cuda") ? 0 : Integer.parseInt(parts[0].substring("cuda:".length())));
    Set<String> given = new HashSet<>();
    for (int i = 1; i < parts.length; i++) {
      device = device.with(parts[i]);
      String name = parts[i].substring(0, parts[i].indexOf('='));
      if (!given.add(name)) {
        throw new IllegalArgumentException(
            "device: expected the option " + name + " once, found it twice in \"" + text + "\"");
      }
    }
    return device;
  }

  /** The processor. */
  record Cpu() implements Device {
    @Override
    public String toString() {
      return "cpu";
    }
  }

  /** How cuDNN chooses the algorithm of a convolution, when it first meets its shape. */
  enum ConvSearch {
    /** Tries all of them: the first step is slow, the others are fast. ONNX Runtime's default. */
    EXHAUSTIVE,
    /** Asks cuDNN's heuristics: the first step is fast. */
    HEURISTIC,
    /** Takes one algorithm for all. */
    DEFAULT
  }

  /**
   * A CUDA device. What is empty is left to ONNX Runtime.
   *
   * @param index of the device, from 0
   * @param memoryLimit bytes that ONNX Runtime's arena may take
   * @param tf32 whether float multiplications may round their factors to 10 bits, which is faster;
   *     ONNX Runtime's default is yes
   * @param convSearch how the algorithm of a convolution is chosen
   */
  record Cuda(
      int index, OptionalLong memoryLimit, Optional<Boolean> tf32, Optional<ConvSearch> convSearch)
      implements Device {
    private static final Pattern MEMORY = Pattern.compile("(\\d{1,12})([KMG]?)");

    /** Refuses a negative index and a limit below 1 byte. */
    public Cuda {
      if (index < 0) {
        throw new IllegalArgumentException("device: expected an index from 0, found " + index);
      }
      if (memoryLimit.isPresent() && memoryLimit.getAsLong() < 1) {
        throw new IllegalArgumentException(
            "device: memory: expected at least 1 byte, found " + memoryLimit.getAsLong());
      }
    }

    /** The same device with a limit, in bytes, of ONNX Runtime's memory on it. */
    public Cuda withMemoryLimit(long bytes) {
      return new Cuda(index, OptionalLong.of(bytes), tf32, convSearch);
    }

    /** The same device with TF32 allowed or not. */
    public Cuda withTf32(boolean allowed) {
      return new Cuda(index, memoryLimit, Optional.of(allowed), convSearch);
    }

    /** The same device with another search for convolution algorithms. */
    public Cuda withConvSearch(ConvSearch search) {
      return new Cuda(index, memoryLimit, tf32, Optional.of(search));
    }

    /** The same device with an option as {@link Device#parse} reads it. */
    private Cuda with(String option) {
      int equals = option.indexOf('=');
      String name = option.substring(0, Math.max(0, equals));
      String value = option.substring(equals + 1);
      switch (name) {
        case "memory" -> {
          Matcher memory = MEMORY.matcher(value);
          if (!memory.matches()) {
            throw wrong("memory", "bytes, or a number with K, M or G", value);
          }
          String unit = memory.group(2);
          long unitBytes = unit.isEmpty() ? 1 : 1L << 10 * ("KMG".indexOf(unit) + 1);
          long count = Long.parseLong(memory.group(1));
          if (count > Long.MAX_VALUE / unitBytes) {
            throw wrong("memory", "at most " + Long.MAX_VALUE + " bytes", value);
          }
          return withMemoryLimit(count * unitBytes);
        }
        case "tf32" -> {
          if (!value.matches("on|off")) {
            throw wrong("tf32", "on or off", value);
          }
          return withTf32(value.equals("on"));
        }
        case "search" -> {
          for (ConvSearch search : ConvSearch.values()) {
            if (search.name().toLowerCase(Locale.ROOT).equals(value)) {
              return withConvSearch(search);
            }
          }
          throw wrong("search", "exhaustive, heuristic or default", value);
        }
        default ->
            throw new IllegalArgumentException(
                "device: expected the options memory, tf32 and search, found \"" + option + "\"");
      }
    }

    private static IllegalArgumentException wrong(String option, String expected, String found) {
      return new IllegalArgumentException(
          "device: " + option + ": expected " + expected + ", found \"" + found + "\"");
    }

    /** What ONNX Runtime's CUDA provider is told beside the index, by the names that it has. */
    Map<String, String> providerOptions() {
      Map<String, String> options = new LinkedHashMap<>();
      memoryLimit.ifPresent(bytes -> options.put("gpu_mem_limit", Long.toString(bytes)));
      tf32.ifPresent(allowed -> options.put("use_tf32", allowed ? "1" : "0"));
      convSearch.ifPresent(search -> options.put("cudnn_conv_algo_search", search.name()));
      return options;
    }

    /** As {@link Device#parse} reads it. */
    @Override
    public String toString() {
      StringBuilder text = new StringBuilder("cuda:" + index);
      memoryLimit.ifPresent(bytes -> text.append(",memory=").append(bytes));
      tf32.ifPresent(allowed -> text.append(",tf32=").append(allowed ? "on" : "off"));
      convSearch.ifPresent(
          search -> text.append(",search=").append(search.name().toLowerCase(Locale.ROOT)));
      return text.toString();
    }
  }
}
