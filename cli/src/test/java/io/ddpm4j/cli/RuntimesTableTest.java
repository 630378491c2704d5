package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OrtException;
import io.ddpm4j.cli.RuntimeCase.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Shipped models give the same results in other runtimes, as docs/runtimes.md says. What was found
 * is left as the table of that page in {@code cli/target/runtimes/table.md}.
 */
@Tag("slow")
class RuntimesTableTest {
  private static final Path PAGE = Documents.ROOT.resolve("docs/runtimes.md");
  private static final Path FOLDER = Documents.ROOT.resolve("cli/target/runtimes");
  private static final String JAVA = "ONNX Runtime, Java";
  private static final Pattern CELL = Pattern.compile("(?:(\\S+), )?\\d+ ms|not loaded");

  private static final List<String> table = new ArrayList<>();
  private static final List<double[]> expected = new ArrayList<>();
  private static List<RuntimeCase> cases;

  @BeforeAll
  static void runHere() throws IOException, OrtException {
    cases = RuntimeCases.write(FOLDER);
    assertEquals(0, cases.size() % Kind.values().length);
    List<RuntimeResult> here = new ArrayList<>();
    for (RuntimeCase each : cases) {
      RuntimeResult result = JavaRuntime.run(each, FOLDER);
      here.add(result);
      boolean isLoop = each.kind() == Kind.LOOP; // whose model comes before it, by Java's sampler
      expected.add(isLoop ? expected.get(expected.size() - 1) : result.values());
      assertEquals(0, result.largestDifference(expected.get(here.size() - 1)), each.kind().bound);
    }
    addRows(JAVA, JavaRuntime.version(), here);
  }

  @ParameterizedTest
  @EnumSource
  void agrees(OtherRuntime runtime) throws IOException, InterruptedException {
    assumeTrue(
        runtime.isInstalled(),
        () -> "skipped: no " + runtime.label + ", since this fails: " + runtime.probe());
    OtherRuntime.Found found = runtime.run(FOLDER);
    assertEquals(cases.size(), found.results().size());
    for (int i = 0; i < cases.size(); i++) {
      RuntimeCase each = cases.get(i);
      RuntimeResult result = found.results().get(i);
      String what = runtime.label + ", " + each;
      if (result.refused() != null && runtime.mayRefuse().contains(each.kind())) {
        continue;
      }
      assertNull(result.refused(), what);
      double[] here = expected.get(i);
      assertEquals(here.length / RuntimeCase.IMAGES * runtime.images(), result.values().length);
      assertEquals(0, result.largestDifference(here), each.kind().bound, what);
    }
    addRows(runtime.label, found.version(), found.results());
  }

  /** A row for each network. */
  private static void addRows(String runtime, String version, List<RuntimeResult> results) {
    int kinds = Kind.values().length;
    for (int from = 0; from < cases.size(); from += kinds) {
      StringBuilder row =
          new StringBuilder(
              "| %s | %s | %s |".formatted(runtime, version, cases.get(from).network()));
      for (int i = from; i < from + kinds; i++) {
        row.append(' ').append(cell(results.get(i), expected.get(i))).append(" |");
      }
      table.add(row.toString());
    }
  }

  private static String cell(RuntimeResult result, double[] here) {
    if (result.refused() != null) {
      return "not loaded";
    }
    String time = "%.0f ms".formatted(result.milliseconds());
    if (result.values() == here) { // what the others are held against
      return time;
    }
    double difference = result.largestDifference(here);
    return (difference == 0 ? "0" : "%.0e".formatted(difference)) + ", " + time;
  }

  @AfterAll
  static void writeTable() throws IOException {
    Files.write(FOLDER.resolve("table.md"), table);
  }

  /** The page's table has a row for every runtime and network, all within the bounds. */
  @Test
  void thePageHoldsTheTable() throws IOException {
    List<String> lines = Files.readAllLines(PAGE);
    Stream.concat(Stream.of(JAVA), Stream.of(OtherRuntime.values()).map(other -> other.label))
        .forEach(
            label ->
                cases.stream()
                    .map(RuntimeCase::network)
                    .distinct()
                    .forEach(network -> assertRow(lines, label, network)));
  }

  private static void assertRow(List<String> lines, String runtime, String network) {
    String start = "\\| %s \\| [^|]+ \\| %s \\|".formatted(Pattern.quote(runtime), network);
    List<String[]> rows =
        lines.stream()
            .map(Pattern.compile(start + "(.*)\\|")::matcher)
            .filter(Matcher::matches)
            .map(row -> row.group(1).split("\\|"))
            .toList();
    String what = runtime + ", " + network;
    assertEquals(1, rows.size(), what);
    assertEquals(Kind.values().length, rows.get(0).length, what);
    for (Kind kind : Kind.values()) {
      String found = rows.get(0)[kind.ordinal()].strip();
      Matcher cell = CELL.matcher(found);
      assertTrue(cell.matches(), what + ": " + found);
      double difference = cell.group(1) == null ? 0 : Double.parseDouble(cell.group(1));
      assertEquals(0, difference, kind.bound, what + ": " + found);
    }
  }
}
