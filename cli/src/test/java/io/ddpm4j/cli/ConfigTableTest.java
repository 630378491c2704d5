package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.trainer.loop.ConfigFields;
import io.ddpm4j.trainer.loop.ConfigFile;
import io.ddpm4j.trainer.loop.Preset;
import io.ddpm4j.trainer.loop.TrainConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** docs/training.md says what stands in run.json. */
class ConfigTableTest {
  private static final String HEADING = "## A run as a file";

  @TempDir Path dir;

  private static Map<String, List<String>> rows() throws IOException {
    Map<String, List<String>> rows =
        Documents.table(Files.readString(Documents.ROOT.resolve("docs/training.md")), HEADING);
    assertEquals(List.of("option", "value"), rows.remove("field"));
    return rows;
  }

  @Test
  void theTableHoldsEveryField() throws IOException {
    List<String> fields = new ArrayList<>();
    addFields(TrainConfig.class, "", fields);
    assertEquals(fields, List.copyOf(rows().keySet()));
  }

  private static void addFields(Class<?> record, String prefix, List<String> fields) {
    for (RecordComponent field : record.getRecordComponents()) {
      if (field.getType().isRecord()) {
        addFields(field.getType(), prefix + field.getName() + ".", fields);
      } else {
        fields.add("`" + prefix + field.getName() + "`");
      }
    }
  }

  @Test
  void optionsAreThoseThatSetTheField() throws IOException {
    PrintStream nowhere = new PrintStream(PrintStream.nullOutputStream());
    CommandLine train = TrainCommand.commandLine(Terminal.plain(nowhere, nowhere));
    rows()
        .forEach(
            (field, cells) -> {
              String option = cells.get(0).replace("`", "");
              if (option.isEmpty() || field.equals("`optimizer.furtherEmaDecays`")) {
                return;
              }
              assertTrue(train.getCommandSpec().findOption(option) != null, option);
              assertEquals(Optional.of(field.replace("`", "")), ConfigFields.of(option));
            });
  }

  @Test
  void theExampleIsAFileThatWorks() throws IOException {
    List<String> examples = Documents.blocks(Path.of("docs/training.md"), "json");
    assertEquals(1, examples.size());
    Path file = Files.writeString(dir.resolve("my.json"), examples.get(0));
    TrainConfig defaults = Preset.TINY.config("fashion-mnist", 2000, 0);
    TrainConfig config = ConfigFile.read(file).over(defaults);
    assertEquals("shapes", config.data().source());
    assertEquals(List.of(32, 64, 96), config.network().channels());
    assertEquals(List.of(false, false, true), config.network().attention());
    assertEquals(4000, config.run().steps());
    CommandRun shown =
        CommandRun.of(
            "train", "--config", file, "--image-size", 8, "--dry-run", "--out", dir.resolve("run"));
    assertEquals(0, shown.exitCode(), shown.err()); // on a slow machine progress stands there
    shown.prints("2 ResNet with attention", "Nothing was written");
  }
}
