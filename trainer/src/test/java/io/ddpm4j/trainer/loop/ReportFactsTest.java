package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.trainer.checkpoint.Checkpoint;
import io.ddpm4j.trainer.checkpoint.Recovery;
import io.ddpm4j.trainer.data.DataPosition;
import io.ddpm4j.trainer.report.Facts;
import io.ddpm4j.trainer.report.History;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReportFactsTest {
  private static final int IMAGES = 100;
  private static final int BATCH = 4;
  private static final DatasetCard DATA =
      new DatasetCard("greys", "100 greys", IMAGES, List.of(), List.of(1, 8, 8), "");

  private static TrainConfig config(List<Boolean> attention, JsonObject unet) {
    TrainConfig config = TrainerTest.config(60, 0, 1e-3, false);
    NetworkConfig network =
        new NetworkConfig(
            Collections.nCopies(attention.size(), 8), attention, 1, 2, 4, false, 0, 0, unet);
    return new TrainConfig(
        config.data(), network, config.diffusion(), config.optimizer(), config.run());
  }

  private static ReportFacts facts(TrainConfig config) {
    return new ReportFacts("run", config, DATA, 7, Optional.empty());
  }

  /** Of a run at step 40 that went back once and left eleven steps out. */
  private static Progress afterARollBack() {
    Recovery recovery = new Recovery(1, 1e-3, 0.5, 11, List.of());
    DataPosition position = DataPosition.START.plus((40 + 11) * BATCH, IMAGES);
    return Progress.from(
        new Checkpoint(40, 40 * BATCH, 7, position, 0.5, 102, recovery, "", Map.of()), recovery);
  }

  @Test
  void imagesOfStepsThatWereLeftOutCount() {
    Map<String, String> headline =
        facts(config(List.of(false), null))
            .content(new History(), afterARollBack(), List.of())
            .headline()
            .values();
    assertEquals("40 of 60", headline.get("steps"));
    assertEquals("2.04", headline.get("epochs"), "204 images of 100");
    assertEquals("2.0", headline.get("images per second"), "204 images in 102 seconds");
  }

  @Test
  void figuresAreWrittenTheSameWayEverywhere() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      TrainConfig config = TrainerTest.config(60_000, 0, 1e-3, false);
      Map<String, String> headline =
          facts(config).content(new History(), afterARollBack(), List.of()).headline().values();
      assertEquals("40 of 60,000", headline.get("steps"));
      assertEquals("2.04", headline.get("epochs"));
    } finally {
      Locale.setDefault(before);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "false,false,true | {} | level 3",
        "true | {} | level 1",
        "false,true,true | {} | levels 2 and 3",
        "true,true,false,true | {} | levels 1, 2 and 4",
        "false,false | {} | none but the middle",
        "false,false | {\"add_attention\": true} | none but the middle",
        "false,false | {\"add_attention\": false} | none",
      })
  void attentionIsToldByLevel(String levels, String unet, String told) {
    List<Boolean> attention = Arrays.stream(levels.split(",")).map(Boolean::valueOf).toList();
    TrainConfig config = config(attention, JsonParser.parseString(unet).getAsJsonObject());
    Facts network =
        facts(config).content(new History(), afterARollBack(), List.of()).tables().stream()
            .filter(table -> table.title().equals("Network"))
            .findFirst()
            .orElseThrow();
    assertEquals(told, network.values().get("Attention"));
  }
}
