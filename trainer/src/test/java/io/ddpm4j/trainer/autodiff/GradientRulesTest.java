package io.ddpm4j.trainer.autodiff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.graph.Functions;
import io.ddpm4j.exporter.graph.OpSchema;
import io.ddpm4j.exporter.graph.OpSet;
import io.ddpm4j.trainer.lowering.StandardLowerings;
import io.ddpm4j.trainer.lowering.TrainLowering;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Walks the table of gradient rules: each against finite differences. */
class GradientRulesTest {
  static List<GradientCase> cases() {
    return GradientCases.all();
  }

  /** Those with a pixel layout, in the type in which networks are trained. */
  static List<GradientCase> floats() {
    Set<String> operators =
        Set.of(
            "Attention",
            "AveragePool",
            "Conv",
            "ConvTranspose",
            "Dropout",
            "FirDownsample",
            "FirUpsample",
            "Gelu",
            "GroupNorm",
            "Mish",
            "Relu",
            "Resize",
            "Silu");
    return cases().stream()
        .filter(c -> operators.contains(c.op()))
        .map(GradientCase::inFloat)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithFiniteDifferences(GradientCase c) {
    c.check(g -> StandardLowerings.lowering().apply(g, OpSet.onnx(c.version()).with(c.extra())));
  }

  /** The same numbers by the operators that processors train with. */
  @ParameterizedTest
  @MethodSource("floats")
  void agreesWithFiniteDifferencesAsTrained(GradientCase c) {
    c.check(TrainLowering::pixelMajor);
  }

  @Test
  void everyRuleHasACase() {
    Set<String> checked = new TreeSet<>();
    for (GradientCase c : cases()) {
      assertTrue(c.operators().contains(c.op()), c + " holds no " + c.op());
      checked.add(c.op());
    }
    assertEquals(GradientRules.operators(), checked);
  }

  @Test
  void everyCompositeHasACase() {
    Set<String> checked = new TreeSet<>();
    cases().forEach(c -> checked.addAll(c.operators()));
    for (OpSchema schema : OpSet.standard().with(GradientFunctions.TABLE).all()) {
      if (schema.domain().equals(Functions.DOMAIN)) {
        assertTrue(checked.contains(schema.name()), "no case for " + schema.name());
      }
    }
  }
}
