package io.ddpm4j.trainer;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final String ROOT = "io.ddpm4j.trainer";
  private static final JavaClasses MODULE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void theScanSawTheModule() {
    assertTrue(MODULE.size() >= 60, "classes: " + MODULE.size());
    for (String part :
        List.of(
            "autodiff",
            "checkpoint",
            "classifier",
            "data",
            "evaluate",
            "evaluate.distance",
            "evaluate.features",
            "evaluate.neighbours",
            "loop",
            "lowering",
            "objective",
            "optim",
            "report",
            "step",
            "tensorboard")) {
      String name = ROOT + "." + part;
      assertTrue(MODULE.stream().anyMatch(c -> c.getPackageName().equals(name)), name);
      assertNotNull(
          ArchitectureTest.class
              .getClassLoader()
              .getResource(name.replace('.', '/') + "/package-info.class"),
          "package-info of " + name);
    }
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(MODULE);
  }

  @Test
  void packagesOfTheEvaluationHaveNoCycles() {
    slices().matching(ROOT + ".evaluate.(*)..").should().beFreeOfCycles().check(MODULE);
  }

  @Test
  void onePackageDecomposesMatrices() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".evaluate.distance..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.ejml..")
        .check(MODULE);
  }

  @Test
  void onePackageTouchesOnnxRuntime() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".step..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.onnxruntime..")
        .check(MODULE);
  }

  @Test
  void oneClassCompilesAndRunsGraphs() {
    noClasses()
        .that()
        .doNotHaveSimpleName("CompiledGraph")
        .should()
        .dependOnClassesThat()
        .haveNameMatching("ai\\.onnxruntime\\.OrtSession.*")
        .check(MODULE);
  }

  @Test
  void oneClassMakesTensors() {
    Set<String> callers =
        MODULE.stream()
            .flatMap(c -> c.getMethodCallsFromSelf().stream())
            .filter(call -> call.getTargetOwner().getName().equals("ai.onnxruntime.OnnxTensor"))
            .map(call -> call.getOriginOwner().getSimpleName())
            .collect(Collectors.toSet());
    assertEquals(Set.of("NativeTensors"), callers);
  }

  @Test
  void whoTakesTheEnvironmentTurnsItsTelemetryOff() {
    List<JavaMethodCall> taking =
        MODULE.stream()
            .flatMap(c -> c.getMethodCallsFromSelf().stream())
            .filter(call -> call.getTarget().getName().equals("getEnvironment"))
            .toList();
    assertEquals(1, taking.size(), taking.toString());
    assertTrue(
        taking.get(0).getOrigin().getMethodCallsFromSelf().stream()
            .anyMatch(call -> call.getTarget().getName().equals("setTelemetry")),
        taking.toString());
  }

  @Test
  void nothingIsPrintedAndNothingExits() {
    GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(MODULE);
    noClasses().should().callMethod(System.class, "exit", int.class).check(MODULE);
  }

  @Test
  void theModuleNeedsExporterRuntimeGsonProtobufEjmlAndTheJdk() {
    classes()
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(
                ROOT + "..",
                "io.ddpm4j.exporter..",
                "io.ddpm4j.runtime..",
                "ai.onnxruntime..",
                "com.google.gson..",
                "com.google.protobuf..",
                "org.ejml..",
                "java..",
                "javax.imageio.."))
        .check(MODULE);
  }

  @Test
  void onePackageSeesProtobuf() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".tensorboard..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.google.protobuf..")
        .check(MODULE);
  }

  @Test
  void whatIsToldKnowsNothingOfTraining() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + ".evaluate..", ROOT + ".report..", ROOT + ".tensorboard..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + ".autodiff..",
            ROOT + ".checkpoint..",
            ROOT + ".loop..",
            ROOT + ".lowering..",
            ROOT + ".optim..",
            ROOT + ".step..")
        .check(MODULE);
  }

  @Test
  void nothingKnowsThatThereAreClassifiersToTrain() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".classifier..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".classifier..")
        .check(MODULE);
  }

  @Test
  void graphsAreBuiltWithoutTheRest() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + ".autodiff..", ROOT + ".optim..", ROOT + ".lowering..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + ".step..", ROOT + ".loop..", ROOT + ".data..", "io.ddpm4j.runtime..")
        .check(MODULE);
  }

  @Test
  void objectivesKnowNeitherNetworksNorSessions() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".objective..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT + ".step..",
            ROOT + ".loop..",
            ROOT + ".data..",
            ROOT + ".checkpoint..",
            "io.ddpm4j.exporter.nn..",
            "io.ddpm4j.runtime.model..",
            "ai.onnxruntime..")
        .check(MODULE);
  }
}
