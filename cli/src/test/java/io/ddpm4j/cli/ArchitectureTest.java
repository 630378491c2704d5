package io.ddpm4j.cli;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What docs/architecture.md promises about the modules. */
class ArchitectureTest {
  private static final String RUNTIME = "io.ddpm4j.runtime..";
  private static final String EXPORTER = "io.ddpm4j.exporter..";
  private static final String TRAINER = "io.ddpm4j.trainer..";
  private static final String CLI = "io.ddpm4j.cli..";

  private static JavaClasses classes;

  @BeforeAll
  static void scan() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("tests.jar"))
            .importPackages("io.ddpm4j");
  }

  @Test
  void theScanSawEveryModule() {
    for (String module : Set.of(RUNTIME, EXPORTER, TRAINER, CLI)) {
      long count = classes.stream().filter(resideInAPackage(module)::test).count();
      assertTrue(count > 10, module + ": " + count + " classes");
    }
  }

  @Test
  void dependenciesPointOneWay() {
    noClasses()
        .that()
        .resideInAPackage(RUNTIME)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(EXPORTER, TRAINER, CLI)
        .because("an application embeds runtime alone")
        .check(classes);
    noClasses()
        .that()
        .resideInAPackage(EXPORTER)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(RUNTIME, TRAINER, CLI, "ai.onnxruntime..")
        .because("exporter and runtime meet in the file format alone")
        .check(classes);
    noClasses()
        .that()
        .resideInAPackage(TRAINER)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(CLI)
        .check(classes);
  }

  /** What those of the training step may do with it, the trainer's own test says. */
  @Test
  void onnxRuntimeIsTouchedByFewClasses() {
    Set<String> touching =
        classes.stream()
            .filter(c -> !c.getPackageName().equals("io.ddpm4j.trainer.step"))
            .filter(
                c ->
                    c.getDirectDependenciesFromSelf().stream()
                        .anyMatch(d -> d.getTargetClass().getPackageName().startsWith("ai.onnx")))
            .map(ArchitectureTest::outermost)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> allowed =
        Set.of("io.ddpm4j.runtime.model.OnnxSession", "io.ddpm4j.runtime.model.DirectTensor");
    assertEquals(allowed, touching);
  }

  private static String outermost(JavaClass c) {
    return c.getName().replaceAll("\\$.*", "");
  }

  @Test
  void protobufStaysInItsPackages() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.ddpm4j.exporter.proto..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.ddpm4j.exporter.proto.onnx..")
        .check(classes);
    noClasses()
        .that()
        .resideOutsideOfPackages("io.ddpm4j.exporter.proto..", "io.ddpm4j.trainer.tensorboard..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.google.protobuf..")
        .check(classes);
  }

  @Test
  void onlyTheCommandLinePrintsAndExits() {
    noClasses()
        .that()
        .resideOutsideOfPackage(CLI)
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethodWhere(
            target(name("printStackTrace")).and(target(owner(assignableTo(Throwable.class)))))
        .check(classes);
  }

  @Test
  void packagesHaveNoCycles() {
    for (String module : Set.of("runtime", "exporter", "trainer")) {
      slices().matching("io.ddpm4j." + module + ".(*)..").should().beFreeOfCycles().check(classes);
    }
  }

  @Test
  void everyPackageSaysWhatItIsFor() throws IOException {
    Path root = Path.of(System.getProperty("ddpm4j.root", ".."));
    for (String module : Set.of("runtime", "exporter", "trainer", "cli")) {
      try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src/main/java"))) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .filter(file -> !file.endsWith("module-info.java")) // in no package
            .map(Path::getParent)
            .distinct()
            .forEach(
                folder ->
                    assertTrue(
                        Files.exists(folder.resolve("package-info.java")),
                        folder + ": expected a package-info.java"));
      }
    }
  }
}
