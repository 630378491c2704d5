package io.ddpm4j.runtime;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.GeneralCodingRules;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final String ROOT = "io.ddpm4j.runtime";
  private static final JavaClasses MODULE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void theScanSawTheModule() {
    assertTrue(MODULE.size() >= 40, "classes: " + MODULE.size());
    for (String part :
        List.of("", ".model", ".schedule", ".sampling", ".random", ".image", ".likelihood")) {
      assertTrue(
          MODULE.stream().anyMatch(c -> c.getPackageName().equals(ROOT + part)), ROOT + part);
      assertNotNull(
          ArchitectureTest.class
              .getClassLoader()
              .getResource((ROOT + part).replace('.', '/') + "/package-info.class"),
          "package-info of " + ROOT + part);
    }
  }

  @Test
  void packagesHaveNoCycles() {
    SliceAssignment byPackage =
        new SliceAssignment() {
          @Override
          public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
            return SliceIdentifier.of(javaClass.getPackageName());
          }

          @Override
          public String getDescription() {
            return "packages, the entry package among them";
          }
        };
    slices().assignedFrom(byPackage).should().beFreeOfCycles().check(MODULE);
  }

  @Test
  void theSessionAndItsTensorsTouchOnnxRuntime() {
    noClasses()
        .that()
        .haveNameNotMatching(Pattern.quote(ROOT) + "\\.model\\.(OnnxSession|DirectTensor)(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.onnxruntime..")
        .check(MODULE);
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
  void nothingIsPrinted() {
    GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(MODULE);
  }

  @Test
  void theModuleNeedsOnnxRuntimeGsonAndTheJdk() {
    classes()
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(
                ROOT + "..",
                "ai.onnxruntime..",
                "com.google.gson..",
                "java..",
                "javax.imageio..",
                "com.sun.management.."))
        .check(MODULE);
  }

  /** Samplers and models know nothing of who measures them. */
  @Test
  void likelihoodsAreMeasuredFromOutside() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + ".model", ROOT + ".sampling")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".likelihood")
        .check(MODULE);
  }

  @Test
  void leavesDependOnNoOtherPackage() {
    for (String leaf : List.of("schedule", "random", "image")) {
      noClasses()
          .that()
          .resideInAPackage(ROOT + "." + leaf)
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(ROOT + "..")
                  .and(DescribedPredicate.not(resideInAnyPackage(ROOT + "." + leaf))))
          .check(MODULE);
    }
  }
}
