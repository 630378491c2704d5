package io.ddpm4j.exporter.proto;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What an ONNX file holds, for people.
 *
 * @param opsets version by domain; ONNX's own is {@code ai.onnx}
 * @param parameters number of elements of the named constants of rank 1 and more that are floats or
 *     8-bit integers
 * @param parameterBytes their size in bytes
 * @param operators number of nodes by operator, the most frequent first; nodes of subgraphs and
 *     functions count, operators of other domains carry their domain
 * @param functions names of the operators that the file itself defines
 * @param externalData the files beside the model that hold its data
 * @param fileBytes size of the model file
 */
public record ModelSummary(
    String source,
    long irVersion,
    Map<String, Long> opsets,
    String producer,
    String docString,
    List<Port> inputs,
    List<Port> outputs,
    long parameters,
    long parameterBytes,
    Map<String, Integer> operators,
    List<String> functions,
    Map<String, String> metadata,
    List<ExternalFile> externalData,
    long fileBytes) {

  /**
   * An input or output of the graph.
   *
   * @param type element type, for example {@code float}; {@code sequence(float)} and the like for
   *     what is no tensor
   * @param dims extents as numbers or names, {@code ?} where unknown; null where the rank is
   *     unknown or this is no tensor
   */
  public record Port(String name, String type, List<String> dims) {
    @Override
    public String toString() {
      return name + ": " + type + (dims == null ? "" : dims);
    }
  }

  /**
   * A file beside the model.
   *
   * @param usedBytes the bytes that the model's tensors take of it
   * @param fileBytes its size, -1 if it is missing
   */
  public record ExternalFile(String location, long usedBytes, long fileBytes) {
    @Override
    public String toString() {
      return location
          + ": "
          + (fileBytes < 0 ? "missing" : bytes(fileBytes))
          + ", "
          + bytes(usedBytes)
          + " used";
    }
  }

  /** All of it as lines of text. */
  public String text() {
    StringBuilder text = new StringBuilder();
    line(text, "file", source + " (" + bytes(fileBytes) + ")");
    line(text, "format", "IR " + irVersion + ", " + pairs(opsets, " "));
    line(text, "producer", producer);
    line(text, "doc", docString);
    inputs.forEach(port -> line(text, "input", port.toString()));
    outputs.forEach(port -> line(text, "output", port.toString()));
    line(
        text,
        "parameters",
        String.format(Locale.ROOT, "%,d (%s)", parameters, bytes(parameterBytes)));
    line(text, "operators", pairs(operators, " "));
    line(text, "functions", String.join(", ", functions));
    externalData.forEach(file -> line(text, "external data", file.toString()));
    metadata.forEach((key, value) -> line(text, key, value));
    return text.toString();
  }

  private static void line(StringBuilder text, String key, String value) {
    if (!value.isEmpty()) {
      text.append(String.format(Locale.ROOT, "%-17s %s%n", key, value));
    }
  }

  private static String pairs(Map<String, ? extends Number> map, String between) {
    return map.entrySet().stream()
        .map(e -> e.getKey() + between + e.getValue())
        .collect(Collectors.joining(", "));
  }

  private static String bytes(long n) {
    if (n < 10_000) {
      return n + " bytes";
    }
    return n < 10_000_000
        ? String.format(Locale.ROOT, "%.1f kB", n / 1e3)
        : String.format(Locale.ROOT, "%.1f MB", n / 1e6);
  }
}
