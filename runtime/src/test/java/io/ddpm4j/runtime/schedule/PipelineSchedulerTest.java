package io.ddpm4j.runtime.schedule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a model is sampled with, a pipeline can be told its noise schedule. */
class PipelineSchedulerTest {

  static Set<String> classes() {
    return SchedulerConfig.classNames();
  }

  @ParameterizedTest
  @MethodSource("classes")
  void everyClassIsDrivenOrHasBetasOrIsRefused(String name) {
    SchedulerConfig config = SchedulerConfig.of(name);
    boolean betas = config.isSet("beta_schedule");
    if (!betas && !name.equals("ScoreSdeVeScheduler")) {
      Exception e =
          assertThrows(IllegalArgumentException.class, () -> PipelineScheduler.of(config));
      assertTrue(e.getMessage().endsWith(", found " + name), e.getMessage());
      return;
    }
    SchedulerConfig told = PipelineScheduler.of(config);
    JsonObject written = JsonParser.parseString(told.toJson()).getAsJsonObject();
    boolean driven = Set.of("DDPMScheduler", "DDIMScheduler", "ScoreSdeVeScheduler").contains(name);
    assertEquals(driven ? name : "DDPMScheduler", told.className());
    assertTrue(written.keySet().stream().noneMatch("timesteps"::equals), told.toJson());
    assertEquals(told, PipelineScheduler.of(told));
    if (betas) {
      assertArrayEquals(config.noiseSchedule().betas(), told.noiseSchedule().betas());
      assertEquals(config.predictionType(), told.predictionType());
    }
  }

  @ParameterizedTest
  @EnumSource(BetaSchedule.class)
  void betasAreTheSameUnderNamesThatTheClassKnows(BetaSchedule schedule) {
    for (String name : Set.of("DDPMScheduler", "DDIMScheduler", "UniPCMultistepScheduler")) {
      for (boolean rescaled : new boolean[] {false, true}) {
        SchedulerConfig config =
            SchedulerConfig.of(name)
                .with("num_train_timesteps", 60)
                .with("beta_schedule", schedule.label())
                .with("beta_end", 0.1)
                .with("rescale_betas_zero_snr", rescaled);
        SchedulerConfig told = PipelineScheduler.of(config);
        assertArrayEquals(config.noiseSchedule().betas(), told.noiseSchedule().betas());
        assertEquals(60, told.trainTimesteps());
        boolean numbers = told.trainedBetas().isPresent();
        assertEquals(numbers ? "linear" : schedule.label(), told.betaSchedule().label());
        assertTrue(numbers || schedule != BetaSchedule.EXP, told.toJson());
      }
    }
  }
}
