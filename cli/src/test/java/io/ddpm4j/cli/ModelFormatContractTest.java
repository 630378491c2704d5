package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.proto.OnnxReader;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.model.ModelMetadata;
import io.ddpm4j.runtime.model.ModelSignature;
import io.ddpm4j.runtime.schedule.BetaSchedule;
import io.ddpm4j.runtime.schedule.PredictionType;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import io.ddpm4j.runtime.schedule.VarianceType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** exporter writes, runtime reads: docs/model-format.md is all that they share. */
class ModelFormatContractTest {
  @TempDir Path dir;

  @Test
  void runtimeUnderstandsAllThatExporterWrites() throws IOException {
    Path file = TestModels.unet(dir.resolve("model.onnx"), 3, TestModels.CLASSES);
    try (DiffusionPipeline pipeline = DiffusionPipeline.open(file).threads(1).build()) {
      ModelSignature signature = pipeline.model().signature();
      assertEquals("sample", signature.sample().name());
      assertEquals("timestep", signature.timestep().name());
      assertEquals("int64", signature.timestep().type());
      assertEquals("class_labels", signature.classLabels().orElseThrow().name());
      assertEquals("out_sample", signature.output().name());
      assertEquals(new ModelMetadata.ImageShape(3, 8, 8), pipeline.imageShape());

      ModelMetadata metadata = pipeline.metadata();
      assertEquals(TestModels.CLASSES, metadata.classNames());
      assertEquals(-1, metadata.valueRange().low());
      assertEquals(TestModels.config(3, 3).toJson(), metadata.unet().orElseThrow());
      assertEquals(Map.of("dataset", "none", "steps", "0", "seed", "5"), metadata.provenance());
      SchedulerConfig scheduler = metadata.scheduler().orElseThrow();
      assertEquals(20, scheduler.trainTimesteps());
      assertEquals(BetaSchedule.LINEAR, scheduler.betaSchedule());
      assertEquals(0.3, scheduler.betaEnd());
      assertEquals(PredictionType.EPSILON, scheduler.predictionType());
      assertEquals(VarianceType.FIXED_LARGE, scheduler.varianceType());

      ImageBatch images = pipeline.generate(3, 11);
      for (float value : images.values()) {
        assertTrue(Float.isFinite(value) && Math.abs(value) <= 1, "value " + value);
      }
      assertArrayEquals(images.values(), pipeline.generate(3, 11).values(), "same seed");
    }
  }

  @Test
  void everyKeyOfTheDocumentIsWrittenAndNoOther() throws IOException {
    Path document =
        Path.of(System.getProperty("ddpm4j.root", "..")).resolve("docs/model-format.md");
    TreeSet<String> documented =
        Pattern.compile("^\\| `(ddpm4j\\.\\w+)` \\|", Pattern.MULTILINE)
            .matcher(Files.readString(document))
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    Path run = dir.resolve("run");
    CommandRun trained =
        CommandRun.of(
            "train",
            "--data",
            "shapes",
            "--image-size",
            8,
            "--widths",
            "8,8",
            "--groups",
            4,
            "--label-dropout",
            0.1,
            "--batch-size",
            4,
            "--steps",
            1,
            "--sample-every",
            0,
            "--out",
            run);
    assertEquals(0, trained.exitCode(), trained.err());
    CommandRun.of("export", run, "--fp16", "--batch", 2).succeeds();
    Map<String, String> written = OnnxReader.read(run.resolve("model.onnx")).metadata();
    assertEquals(documented, new TreeSet<>(written.keySet()));
    ModelMetadata read = ModelMetadata.parse("model.onnx", written);
    assertEquals(List.of("circle", "square"), read.classNames().subList(0, 2));
    assertEquals(read.classNames().size(), read.nullClass().orElseThrow());
    assertTrue(read.provenance().keySet().containsAll(List.of("dataset", "steps", "seed")));
  }
}
