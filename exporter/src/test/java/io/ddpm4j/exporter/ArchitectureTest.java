package io.ddpm4j.exporter;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** What this module's packages may know of each other and of the world. */
class ArchitectureTest {
  private static final String ROOT = "io.ddpm4j.exporter";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  @Test
  void theScanSawTheModule() {
    long own = CLASSES.stream().filter(c -> !c.getPackageName().endsWith(".proto.onnx")).count();
    assertTrue(own > 50, "found only " + own + " classes");
    assertTrue(CLASSES.contain(ROOT + ".graph.Graph"));
    assertTrue(CLASSES.contain(ROOT + ".proto.OnnxWriter"));
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void graphKnowsNoOtherPackage() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".graph")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            ROOT, ROOT + ".proto..", ROOT + ".nn..", ROOT + ".convert..", "com.google..")
        .check(CLASSES);
  }

  @Test
  void onlyProtoSeesTheGeneratedClasses() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".proto..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + ".proto.onnx..", "com.google.protobuf..")
        .check(CLASSES);
  }

  @Test
  void nothingRunsModelsOrKnowsTheOtherModules() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "ai.onnxruntime..", "io.ddpm4j.runtime..", "io.ddpm4j.trainer..", "io.ddpm4j.cli..")
        .check(CLASSES);
  }

  @Test
  void nothingPrints() {
    NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CLASSES);
  }
}
