package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.exporter.proto.OnnxReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ddpm export} of models: what is written, and what is refused. */
class ExportCommandTest {
  @TempDir Path dir;

  private Path model() throws IOException {
    Path file = dir.resolve("small/model.onnx");
    if (!Files.exists(file)) {
      Files.createDirectories(file.getParent());
      TestModels.unet(file, 1, TestModels.CLASSES);
    }
    return file;
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(dir)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aModelIsWrittenAsItIs() throws IOException {
    Path copy = dir.resolve("copy.onnx");
    CommandRun.of("export", model(), "-o", copy).succeeds().prints(copy + ": " + model(), "runs:");
    assertEquals(OnnxReader.read(model()).initializers(), OnnxReader.read(copy).initializers());
    CommandRun.of("export", model().getParent(), "-o", copy).succeeds();
    CommandRun.of("diff", model(), copy).succeeds().prints("both predict the same");
    assertEquals(List.of("copy.onnx", "small"), files());
  }

  @Test
  void whatNeedsARunRefusesAModel() throws IOException {
    Path out = dir.resolve("out.onnx");
    for (List<Object> options :
        List.<List<Object>>of(
            List.of("--ema", 0.9), List.of("--from-state", out), List.of("--train-step", out))) {
      CommandRun.of("export", model(), options.get(0), options.get(1))
          .isWrongUsage(options.get(0) + ": expected ", "training run, found the model " + model());
    }
    CommandRun.of("export", model()).isWrongUsage("-o: expected a file to write the model to");
    assertFalse(Files.exists(out));
  }

  @Test
  void whatIsNeitherARunNorAModel() throws IOException {
    Path out = dir.resolve("new/out.onnx");
    Path text = Files.writeString(dir.resolve("text.onnx"), "some text");
    CommandRun.of("export", text, "-o", out).failsSaying(text, "ONNX");
    CommandRun.of("export", dir, "-o", out).failsSaying(dir, "no model.onnx", "training run");
    CommandRun.of("export", dir.resolve("none"), "-o", out).failsSaying("none", "there is no such");
    assertFalse(Files.exists(out.getParent()));
  }

  @Test
  void everyOptionBelongsToAKind() throws IOException {
    String help = CommandRun.of("export", "--help").succeeds().out();
    List<String> shared = List.of("--help", "--debug");
    long known =
        Stream.of(new ModelExport(), new TrainStepExport())
            .flatMap(kind -> kind.options().stream())
            .distinct()
            .peek(option -> assertTrue(help.contains(option), option))
            .count();
    long shown = help.lines().filter(line -> line.matches("  +(-\\w, )?--[a-z].*")).count();
    assertEquals(shown, known + shared.size(), help);
  }
}
