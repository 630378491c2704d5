package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.TrainerTest.SILENT;
import static io.ddpm4j.trainer.loop.TrainerTest.fails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs from a file: one that a run wrote, and what somebody writes by hand. */
class ConfigFileTest {
  private static final TrainConfig DEFAULTS = Preset.TINY.config("shapes", 2000, 0);

  @TempDir Path folder;

  private ConfigFile file(String json) throws IOException {
    return ConfigFile.read(Files.writeString(folder.resolve("my.json"), json));
  }

  private byte[] state(String run) throws IOException {
    Path latest = new RunFolder(folder.resolve(run)).checkpoints().latest().orElseThrow();
    return Files.readAllBytes(latest.resolve("state.safetensors"));
  }

  private void train(String run, TrainConfig config) throws IOException {
    Trainer.create(folder.resolve(run), config, w -> {}).run(SILENT, new Cancellation());
  }

  @Test
  void theFileOfARunGivesTheSameWeights() throws IOException {
    train("first", TrainerTest.config(12, 5, 1e-3, true));
    for (String run : List.of("second", "third")) {
      ConfigFile file = ConfigFile.read(folder.resolve("first/run.json"));
      train(run, file.over(DEFAULTS));
      assertArrayEquals(state("first"), state(run), "bit for bit");
      assertEquals(
          Files.readString(folder.resolve("first/run.json")),
          Files.readString(folder.resolve(run).resolve("run.json")));
    }
  }

  @Test
  void everyFieldOfAWholeFileCounts() throws IOException {
    TrainConfig whole =
        new TrainConfig(
            new DataConfig("a", "b", "c", 16, 1, 0xffffff, true, true),
            new NetworkConfig(List.of(16, 16), List.of(true, false), 2, 2, 4, true, 0.5),
            new DiffusionConfig(50, "scaled_linear", 0.001, 0.1, "v_prediction"),
            new OptimizerConfig(2, 2e-5, 9, 0.8, 0.98, 1e-6, 0.5, 0.9),
            new RunConfig(1, -4, 7, 3, 0, 5, 6, 1),
            new InitConfig("model.onnx", "00"),
            new ReportingConfig(3, 17, 0.34, false));
    ConfigFile file = file(whole.toJson());
    assertEquals(whole, file.over(DEFAULTS));
    assertEquals(Optional.of("a"), file.dataSource());
    assertEquals(Optional.of("model.onnx"), file.initialModel());
  }

  @Test
  void whatIsAbsentIsTheDefault() throws IOException {
    assertEquals(DEFAULTS, file("{}").over(DEFAULTS));
    assertEquals(
        DEFAULTS.withRun(Preset.run(2000, 9)), file("{\"run\": {\"seed\": 9}}").over(DEFAULTS));
    assertEquals(Optional.empty(), file("{\"data\": {\"source\": null}}").dataSource());
    TrainConfig flips = file("{\"data\": {\"horizontalFlips\": true}}").over(DEFAULTS);
    assertTrue(flips.data().horizontalFlips());
    assertEquals("shapes", flips.data().source());
  }

  @Test
  void otherLevelsHaveAttentionAtTheCoarsest() throws IOException {
    NetworkConfig network =
        file("{\"network\": {\"channels\": [16, 32]}}").over(DEFAULTS).network();
    assertEquals(List.of(16, 32), network.channels());
    assertEquals(List.of(false, true), network.attention());
  }

  @Test
  void whatIsDecidedElsewhereIsTakenOut() throws IOException {
    ConfigFile file = file(DEFAULTS.withInit(new InitConfig("m", "00")).toJson());
    TrainConfig others = Preset.TINY.config("fashion-mnist", 2000, 0);
    assertEquals(others, file.without("init").without("data", "source").over(others));
    assertEquals("shapes", file.over(others).data().source());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"run\": {\"sead\": 1}} | run.sead: expected one of the fields [steps, seed, checkpoint",
        "{\"ran\": {}} | ran: expected one of the fields [data, network, diffusion, optimizer, run,",
        "{\"run\": 3} | run: expected a JSON object, found 3",
        "{\"run\": {\"seed\": \"x\"}} | run.seed: expected a whole number, found \"x\"",
        "{\"run\": {\"seed\": null}} | run.seed: expected a whole number, found none",
        "{\"network\": {\"channels\": 8}} | network.channels: expected a list, found 8",
        "{\"network\": {\"channels\": [8, \"a\"]}} | network.channels: expected a list, each a"
            + " whole number, found \"a\"",
        "{\"network\": {\"attention\": [true]}} | network.attention: expected true or false for"
            + " each of 3 levels, found 1",
        "{\"optimizer\": {\"batchSize\": 0}} | optimizer.batchSize: expected at least 1, found 0",
        "{\"diffusion\": {\"betaSchedule\": \"steep\"}} | diffusion.betaSchedule: expected one"
            + " of linear,",
        "{\"network\": {\"unet\": {\"norm_eps\": \"x\"}}} | network.unet.norm_eps: expected a"
            + " number, found \"x\"",
        "{\"network\": {\"unet\": {\"norm_eps\": 2}}} | network.unet.norm_eps: expected a number"
            + " between 0 and 1, found 2.0",
        "{\"network\": {\"unet\": {\"foo\": 1}}} | network.unet.foo: expected a field of"
            + " UNet2DModel, found foo",
        "{\"network\": {\"unet\": {\"time_embedding_type\": 3}}} |"
            + " network.unet.time_embedding_type: expected one of [positional, fourier, learned], found 3",
        "{\"network\": {\"unet\": {\"down_block_types\": [\"X\"]}}} |"
            + " network.unet.down_block_types: expected blocks of [",
        "[1] | expected a JSON object, found [1]",
        "{\"run\": } | expected JSON, found something else at line 1 column 9",
        "{'run': {}} | expected JSON, found something else at line 1 column 3",
        "{} {} | expected JSON, found something else"
      })
  void saysWhatIsWrong(String json, String expected) {
    fails(
        IOException.class,
        () -> file(json).over(DEFAULTS),
        folder.resolve("my.json") + ": " + expected);
  }

  @Test
  void whatIsNoTextNamesNoData() throws IOException {
    Path my = folder.resolve("my.json");
    fails(
        IOException.class,
        () -> file("{\"data\": {\"source\": 5}}").dataSource(),
        my + ": data.source: expected a text, found 5");
    fails(
        IOException.class,
        () -> file("{\"data\": 3}").dataSource(),
        my + ": data: expected a JSON object, found 3");
    fails(
        IOException.class,
        () -> file("{\"init\": {\"model\": [1]}}").initialModel(),
        my + ": init.model: expected a text, found [1]");
  }

  @Test
  void widthsThatGroupsDoNotDivide() throws IOException {
    ConfigFile file = file("{\"network\": {\"channels\": [8, 16], \"groups\": 3}}");
    fails(
        IOException.class,
        () -> file.requireWidths(file.over(DEFAULTS).network()),
        file.file() + ": network.channels: expected multiples of network.groups (3), found 8");
  }

  @Test
  void whatCannotBeRead() throws IOException {
    fails(
        IOException.class,
        () -> ConfigFile.read(folder.resolve("none")),
        folder.resolve("none") + ": expected the run.json of a run, found no such file");
    fails(IOException.class, () -> ConfigFile.read(folder), "found a folder");
    Path bytes = Files.write(folder.resolve("bytes"), new byte[] {'{', (byte) 0xff, '}'});
    fails(IOException.class, () -> ConfigFile.read(bytes), "expected JSON in UTF-8, found other");
  }

  private static void addFields(Class<?> record, String prefix, List<String> fields) {
    for (RecordComponent field : record.getRecordComponents()) {
      if (field.getType().isRecord()) {
        addFields(field.getType(), prefix + field.getName() + ".", fields);
      } else {
        fields.add(prefix + field.getName());
      }
    }
  }

  /** So that a message about an option names the field in a file. */
  @Test
  void everyFieldIsKnownByItsOption() {
    List<String> known =
        ConfigFields.options().stream().map(o -> ConfigFields.of(o).orElseThrow()).toList();
    List<String> fields = new ArrayList<>();
    addFields(TrainConfig.class, "", fields);
    assertTrue(fields.containsAll(known), known + " of " + fields);
    fields.removeAll(known);
    assertEquals(
        List.of("network.unet", "optimizer.furtherEmaDecays", "init.sha256"),
        fields,
        "these have no option");
  }
}
