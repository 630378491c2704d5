package io.ddpm4j.trainer.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Masks against those of a second Philox, written in Python from the formula in the Javadoc. */
class DropoutDrawsTest {
  private static String mask(DropoutDraws draws, long first, int place, int image, int size) {
    ByteBuffer mask = ByteBuffer.allocateDirect(size);
    for (int i = 0; i < size; i++) {
      mask.put(i, (byte) '?'); // whatever was there before
    }
    draws.from(first).draw(place, image, mask);
    byte[] kept = new byte[size];
    for (int i = 0; i < size; i++) {
      kept[i] = (byte) ('0' + mask.get(i));
    }
    return new String(kept, StandardCharsets.US_ASCII);
  }

  @ParameterizedTest
  @CsvSource({
    "42, 0.1, 0, 0, 1011111111111111111111111101110110111111",
    "42, 0.5, 0, 0, 0000111110111011101010001000000100100101",
    "42, 0.5, 1, 0, 1111010000000001101101111011011101011111",
    "42, 0.5, 0, 3, 0001111111100010011011000101100010101010",
    "-7, 0.3, 21474836489, 17, 0110011111111011100111110111101001011101000"
  })
  void aMaskIsAFunctionOfSeedImageAndPlace(
      long seed, double ratio, long image, int place, String expected) {
    DropoutDraws draws = new DropoutDraws(seed, ratio);
    assertEquals(expected, mask(draws, image, place, 0, expected.length()));
  }

  @Test
  void itDoesNotHangOnWhereTheStepBegins() {
    DropoutDraws draws = new DropoutDraws(3, 0.4);
    assertEquals(mask(draws, 100, 2, 7, 50), mask(draws, 107, 2, 0, 50));
    assertEquals(mask(draws, 100, 2, 7, 50).substring(0, 21), mask(draws, 96, 2, 11, 21));
  }

  @Test
  void everyImageAndPlaceHasAnother() {
    DropoutDraws draws = new DropoutDraws(3, 0.5);
    Set<String> masks = new HashSet<>();
    for (int image = 0; image < 30; image++) {
      for (int place = 0; place < 30; place++) {
        masks.add(mask(draws, 0, place, image, 64));
      }
    }
    assertEquals(900, masks.size());
    assertNotEquals(mask(draws, 0, 0, 0, 64), mask(new DropoutDraws(4, 0.5), 0, 0, 0, 64));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.1, 0.5, 0.9})
  void theShareThatIsDroppedIsTheRatio(double ratio) {
    int size = 200_000;
    DropoutDraws draws = new DropoutDraws(20, ratio);
    long dropped = mask(draws, 9, 4, 0, size).chars().filter(c -> c == '0').count();
    assertEquals(ratio * size, dropped, 4 * Math.sqrt(size * ratio * (1 - ratio)));
  }
}
