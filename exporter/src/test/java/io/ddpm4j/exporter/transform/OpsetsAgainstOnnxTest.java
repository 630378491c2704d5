package io.ddpm4j.exporter.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.exporter.testing.Python;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The operator table of every version that can be written, and the list of operators whose form
 * differs, against ONNX's own list; runs where python3 with the package onnx is.
 */
@Tag("slow")
class OpsetsAgainstOnnxTest {
  private static final int LAST = 25; // of the versions that can be read

  /** Of Attention no version that is written has any form. */
  private static final Set<String> NEWER = Set.of("Attention");

  /** Operators, versions, names of inputs and of attributes, a line each. */
  private static final String LIST =
      """
      from onnx import defs
      def names(items):
          return ','.join(i.name for i in items)
      for op in '%s'.split(','):
          for version in range(%d, %d):
              try:
                  s = defs.get_schema(op, version, '')
              except Exception:
                  continue
              print(op, version, names(s.inputs) or '-', ','.join(sorted(s.attributes)) or '-',
                    sep='|')
      """;

  /** What ONNX says of an operator in a version. */
  private record Form(Set<String> inputs, Set<String> attributes) {
    static Form of(String[] fields) {
      return new Form(set(fields[2]), set(fields[3]));
    }

    private static Set<String> set(String list) {
      return list.equals("-") ? Set.of() : new TreeSet<>(Arrays.asList(list.split(",")));
    }
  }

  /** By operator and version. */
  private static Map<String, Map<Integer, Form>> forms() throws InterruptedException {
    assumeTrue(Python.hasOnnx(), "skipped: no python3 with the package onnx");
    Set<String> operators = new TreeSet<>();
    for (OpSchema schema : OpSet.onnx(LAST).all()) {
      if (schema.domain().isEmpty()) {
        operators.add(schema.name());
      }
    }
    String list = LIST.formatted(String.join(",", operators), OpsetConversion.OLDEST, LAST + 1);
    Map<String, Map<Integer, Form>> forms = new TreeMap<>();
    String said = Python.run(list);
    said.lines()
        .map(line -> line.split("\\|"))
        .forEach(
            fields ->
                forms
                    .computeIfAbsent(fields[0], k -> new TreeMap<>())
                    .put(Integer.parseInt(fields[1]), Form.of(fields)));
    assertEquals(operators, forms.keySet(), said.lines().findFirst().orElse(""));
    return forms;
  }

  @Test
  void everyVersionHasTheOperatorsInputsAndAttributesOfOnnx() throws InterruptedException {
    Set<String> differences = new TreeSet<>();
    int compared = 0;
    for (Map.Entry<String, Map<Integer, Form>> entry : forms().entrySet()) {
      String op = entry.getKey();
      for (int version = OpsetConversion.OLDEST; version <= OpsetConversion.NEWEST; version++) {
        Form form = entry.getValue().get(version);
        String what = op + " in version " + version;
        boolean known = OpSet.onnx(version).contains("", op);
        differ(differences, what, form != null, known);
        if (form == null || !known) {
          continue;
        }
        OpSchema schema = OpSet.onnx(version).schema("", op);
        if (!op.equals("Constant")) { // of which text and sparse tensors are left out
          differ(differences, what, form.attributes(), new TreeSet<>(schema.attributes().keySet()));
        }
        if (!schema.variadic()) { // of Loop and the like the repeated input has no name
          Set<String> inputs = new TreeSet<>();
          schema.inputs().forEach(input -> inputs.add(input.name()));
          differ(differences, what, form.inputs(), inputs);
        }
        compared++;
      }
    }
    assertEquals(Set.of(), differences);
    assertTrue(compared > 900, "compared: " + compared);
  }

  private static void differ(Set<String> differences, String what, Object onnx, Object ours) {
    if (!onnx.equals(ours)) {
      differences.add(what + ": expected " + onnx + ", found " + ours);
    }
  }

  @Test
  void everyOperatorWhoseInputsOrAttributesChangedHasARule() throws InterruptedException {
    Set<String> changed = new TreeSet<>();
    forms()
        .forEach(
            (op, forms) -> {
              if (Set.copyOf(forms.values()).size() > 1) {
                changed.add(op);
              }
            });
    changed.removeAll(NEWER);
    assertTrue(changed.size() > 10, changed.toString());
    changed.removeAll(OpsetRules.TABLE.keySet());
    assertEquals(Set.of(), changed);
  }
}
