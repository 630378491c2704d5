package io.ddpm4j.trainer.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ValidationPlanTest {
  @ParameterizedTest
  @CsvSource({
    "1000, 256, 16, 4",
    "1000, 257, 16, 5",
    "1000, 64, 16, 1",
    "1000, 30, 7, 2",
    "1000, 1, 1, 1",
    "50, 256, 12, 6",
    "10, 100, 2, 13",
    "3, 8, 1, 2",
    "1, 8, 1, 2"
  })
  void everyQuarterHasAsManyTimestepsAndThoseAsManyImages(
      int trainTimesteps, int images, int perQuarter, int perTimestep) {
    ValidationPlan plan = ValidationPlan.of(trainTimesteps, images);
    assertEquals(4 * perQuarter, plan.timesteps());
    assertEquals(perTimestep, plan.imagesPerTimestep());
    assertTrue(plan.showings() >= images, "showings: " + plan.showings());
    int[] inQuarter = new int[4];
    int last = -1;
    for (int number = 0; number < plan.timesteps(); number++) {
      int timestep = plan.timestep(number);
      assertTrue(timestep >= 0 && timestep < trainTimesteps, "timestep " + timestep);
      assertTrue(timestep >= last, "ascending");
      if (trainTimesteps >= 4) {
        assertTrue(timestep > last, "each is another one");
        assertEquals(4 * timestep / trainTimesteps, plan.quarter(number), "t = " + timestep);
      }
      last = timestep;
      inQuarter[plan.quarter(number)]++;
    }
    for (int count : inQuarter) {
      assertEquals(perQuarter, count);
    }
  }

  @Test
  void timestepsAreTheMiddlesOfEqualParts() {
    ValidationPlan plan = ValidationPlan.of(1000, 16);
    List<Integer> timesteps = new ArrayList<>();
    for (int number = 0; number < plan.timesteps(); number++) {
      timesteps.add(plan.timestep(number));
    }
    assertEquals(
        List.of(31, 93, 156, 218, 281, 343, 406, 468, 531, 593, 656, 718, 781, 843, 906, 968),
        timesteps);
  }

  @ParameterizedTest
  @CsvSource({"10000, 256", "256, 256", "50, 50", "7, 7", "1, 1"})
  void asManyDifferentImagesAsThereAre(int size, int expected) {
    ValidationPlan plan = ValidationPlan.of(1000, 256);
    Set<Integer> shown = new HashSet<>();
    for (int number = 0; number < plan.timesteps(); number++) {
      Set<Integer> together = new HashSet<>();
      for (int i = 0; i < plan.imagesPerTimestep(); i++) {
        int image = plan.image(plan.showing(number, i), size);
        assertTrue(image >= 0 && image < size, "image " + image);
        together.add(image);
      }
      assertEquals(Math.min(size, plan.imagesPerTimestep()), together.size());
      shown.addAll(together);
    }
    assertEquals(expected, shown.size());
  }
}
