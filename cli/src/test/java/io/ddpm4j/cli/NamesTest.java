package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ddpm4j.runtime.schedule.BetaSchedule;
import org.junit.jupiter.api.Test;

class NamesTest {
  @Test
  void schedulesHaveTheirNamesAndOneThatPapersUse() {
    Names.Schedule names = new Names.Schedule();
    for (BetaSchedule schedule : BetaSchedule.values()) {
      assertEquals(schedule, names.convert(schedule.label()));
    }
    assertEquals(BetaSchedule.SQUAREDCOS_CAP_V2, names.convert("cosine"));
  }
}
