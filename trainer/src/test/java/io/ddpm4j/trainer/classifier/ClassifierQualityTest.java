package io.ddpm4j.trainer.classifier;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ddpm4j.trainer.evaluate.distance.ClassAccuracy;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ClassifierQualityTest {

  @Test
  void theTableHasDecimalPointsEverywhere() {
    ClassifierQuality quality =
        new ClassifierQuality(
            List.of("boot", "bag, small", "hat"),
            ClassAccuracy.ofCounts(new long[][] {{1, 2, 0}, {0, 4, 0}, {0, 0, 0}}),
            0.5);
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.GERMANY);
      assertEquals(
          """
          class,images,accuracy,taken for boot,taken for "bag, small",taken for hat
          boot,3,0.333333,1,2,0
          "bag, small",4,1.00000,0,4,0
          hat,0,,0,0,0
          """,
          quality.toCsv());
    } finally {
      Locale.setDefault(before);
    }
  }
}
