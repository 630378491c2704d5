package io.ddpm4j.runtime.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.ddpm4j.testing.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TorchNoiseTest {

  /** One generator whose calls have sizes of their own, from the same parts as the noise source. */
  private static final class Sequence {
    private final MersenneTwister words;
    private double second = Double.NaN; // of the last pair, if it has not been given out

    Sequence(long seed) {
      words = new MersenneTwister((int) seed);
    }

    float[] normals(int count) {
      float[] values = new float[count];
      if (count < TorchNormal.BLOCK) {
        for (int i = 0; i < count; i++) {
          values[i] = (float) nextOfPair();
        }
        return values;
      }
      for (int i = 0; i < count; i++) {
        values[i] = TorchNormal.uniform(words.next());
      }
      for (int from = 0; from + TorchNormal.BLOCK <= count; from += TorchNormal.BLOCK) {
        transform(values, from);
      }
      if (count % TorchNormal.BLOCK != 0) {
        int from = count - TorchNormal.BLOCK;
        for (int i = from; i < count; i++) {
          values[i] = TorchNormal.uniform(words.next());
        }
        transform(values, from);
      }
      return values;
    }

    private static void transform(float[] values, int from) {
      float[] block = new float[TorchNormal.BLOCK];
      System.arraycopy(values, from, block, 0, block.length);
      TorchNormal.transform(block);
      System.arraycopy(block, 0, values, from, block.length);
    }

    private double nextOfPair() {
      double result = second;
      second = Double.NaN;
      if (Double.isNaN(result)) {
        double u1 = nextDouble();
        double u2 = nextDouble();
        result = TorchNormal.ofPair(u1, u2, false);
        second = TorchNormal.ofPair(u1, u2, true);
      }
      return result;
    }

    double nextDouble() {
      return TorchNormal.uniform(words.next(), words.next());
    }
  }

  static List<JsonObject> cases() {
    return Json.objects(Json.shared("golden/math/torch_randn.json"), "cases");
  }

  /** Numbers that PyTorch 1.13.1 gave. */
  @ParameterizedTest
  @MethodSource("cases")
  void theNumbersAreThoseOfTheReference(JsonObject reference) {
    long seed = reference.get("seed").getAsLong();
    int checks = 0;
    if (reference.has("values")) {
      checks += checkNormals(reference, seed);
    }
    if (reference.has("rand8")) {
      double[] uniform = Json.doubles(reference.get("rand8"));
      MersenneTwister words = new MersenneTwister((int) seed);
      for (double expected : uniform) {
        assertEquals((float) expected, TorchNormal.uniform(words.next()));
      }
      checks++;
    }
    if (reference.has("randint_0_1000")) {
      MersenneTwister words = new MersenneTwister((int) seed);
      for (int expected : Json.ints(reference.get("randint_0_1000"))) {
        assertEquals(expected, Integer.remainderUnsigned(words.next(), 1000));
      }
      checks++;
    }
    if (reference.has("randn16_f64")) {
      double[] expected = Json.doubles(reference.get("randn16_f64"));
      Sequence sequence = new Sequence(seed);
      double[] u = new double[16];
      for (int i = 0; i < u.length; i++) {
        u[i] = sequence.nextDouble();
      }
      for (int j = 0; j < 8; j++) { // the block of 16, in double
        double radius = Math.sqrt(-2 * Math.log(1 - u[j]));
        assertEquals(expected[j], radius * Math.cos(2 * Math.PI * u[j + 8]), 1e-14);
        assertEquals(expected[j + 8], radius * Math.sin(2 * Math.PI * u[j + 8]), 1e-14);
      }
      checks++;
    }
    assertTrue(checks > 0, "a case of a kind that this test does not know: " + reference);
  }

  private static int checkNormals(JsonObject reference, long seed) {
    int[] sizes = Json.ints(reference.get("call_sizes"));
    double[] sums = Json.doubles(reference.get("sum_abs"));
    Sequence sequence = new Sequence(seed);
    for (int call = 0; call < sizes.length; call++) {
      float[] values = sequence.normals(sizes[call]);
      double[] expected = Json.doubles(reference.getAsJsonArray("values").get(call));
      double sum = 0;
      for (int i = 0; i < values.length; i++) {
        sum += Math.abs(values[i]);
        if (i < expected.length) {
          assertEquals((float) expected[i], values[i], "call " + call + ", number " + i);
        }
      }
      assertEquals(sums[call], sum, 1e-9 * sums[call]);
      if (call == 0) {
        assertArrayEquals(values, whole(TorchNoise.of(seed, 1), 1, sizes[0], 0));
      }
    }
    return sizes.length;
  }

  /** What {@code torch_randn.py}, beside the table, found for many seeds and sizes. */
  @Test
  void theBitsAreThoseOfPyTorch() throws IOException {
    int rows = 0;
    InputStream table = TorchNoiseTest.class.getResourceAsStream("/random/torch_randn.csv");
    assertNotNull(table);
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(table, StandardCharsets.US_ASCII))) {
      in.readLine();
      for (String line = in.readLine(); line != null; line = in.readLine(), rows++) {
        String[] cells = line.split(",");
        int size = Integer.parseInt(cells[1]);
        TorchNoise noise = TorchNoise.of(Long.parseLong(cells[0]), 1);
        CRC32 crc = new CRC32();
        for (int draw = 0; draw < Integer.parseInt(cells[2]); draw++) {
          ByteBuffer bytes = ByteBuffer.allocate(size * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(whole(noise, 1, size, draw));
          crc.update(bytes);
        }
        assertEquals(Long.parseLong(cells[3], 16), crc.getValue(), line);
      }
    }
    assertTrue(rows > 200, "rows: " + rows);
  }

  /** The table of docs/random.md, which PyTorch 2.13.0 printed. */
  @ParameterizedTest
  @CsvSource({
    "0, 1, 1024, 0, bf901b85 bf93808a be804bd6 bede255d 3f594515",
    "42, 1, 1024, 0, 3ff6a529 3fbe5f53 3f669567 c006c0db 3f2dacd5",
    "42, 1, 1024, 1, bf9cc5d7 3f767fb0 bfca0da4 3f2bedad bd7661cb",
    "42, 16, 1024, 1, bfa6ff0e 3fb9b0a6 3e7a2487 be8f4db2 3e05f0b6",
    "-1, 1, 75, 0, c02a83da bf8ba77b 3ee7241e 3e69d763 3ff305e9",
    "42, 1, 9, 1, 3e88e237 3f08ef83 3f4f3209 3f8e1dfe bfd84b55"
  })
  void theFirstNumbersAreThoseOfTheSpecification(
      long seed, int images, int elements, int draw, String bits) {
    float[] z = whole(TorchNoise.of(seed, images), images, elements, draw);
    String[] words = bits.split(" ");
    for (int i = 0; i < words.length; i++) {
      assertEquals(words[i], "%08x".formatted(Float.floatToRawIntBits(z[i])));
    }
  }

  /** Any batches, in the order of a run or in any other, are slices of the whole draw. */
  @ParameterizedTest
  @CsvSource({
    "1, 5", "2, 7", "3, 5", "7, 2", // pairs, that go on from draw to draw
    "16, 1", "3, 16", "4, 48", "5, 20", "13, 9", "7, 1029", "17, 1"
  })
  void batchesAreSlicesOfTheWholeDraw(int images, int elements) {
    int draws = 5;
    List<float[]> expected = new ArrayList<>();
    Sequence sequence = new Sequence(11);
    for (int draw = 0; draw < draws; draw++) {
      expected.add(sequence.normals(images * elements));
    }
    for (int batch = 1; batch <= images; batch++) {
      TorchNoise noise = TorchNoise.of(11, images);
      for (int repeat = 0; repeat < 2; repeat++) {
        for (int first = 0; first < images; first += batch) {
          for (int draw = 0; draw < draws; draw++) {
            assertSlice(expected, noise, first, Math.min(batch, images - first), draw);
          }
        }
      }
      Random random = new Random(batch);
      for (int i = 0; i < 50; i++) {
        int first = random.nextInt(images);
        int count = 1 + random.nextInt(images - first);
        assertSlice(expected, noise, first, count, random.nextInt(draws));
      }
    }
  }

  private static void assertSlice(
      List<float[]> expected, TorchNoise noise, int first, int count, int draw) {
    float[] all = expected.get(draw);
    int images = noise.images();
    int elements = all.length / images;
    float[] part = new float[count * elements];
    noise.fill(part, first, count, elements, draw);
    float[] slice = new float[count * elements];
    System.arraycopy(all, first * elements, slice, 0, slice.length);
    assertArrayEquals(
        slice, part, () -> "images from " + first + ", " + count + " of them, draw " + draw);
  }

  /** Not once per batch. */
  @Test
  void aRunInManyBatchesWalksTheSequenceAboutTwice() {
    int images = 64;
    int elements = 96;
    int draws = 20;
    TorchNoise noise = TorchNoise.of(5, images);
    float[] part = new float[2 * elements];
    for (int first = 0; first < images; first += 2) {
      for (int draw = 0; draw < draws; draw++) {
        noise.fill(part, first, 2, elements, draw);
      }
    }
    long sequence = (long) images * elements * draws;
    assertTrue(noise.walked() <= 2.1 * sequence, noise.walked() + " words, of " + sequence);
  }

  @Test
  void aSourceServesAnotherImageSize() {
    TorchNoise noise = TorchNoise.of(5, 2);
    whole(noise, 2, 100, 0);
    assertArrayEquals(new Sequence(5).normals(48), whole(noise, 2, 24, 0));
  }

  @Test
  void imagesBeyondTheGenerationAreRefused() {
    TorchNoise noise = TorchNoise.of(1, 8);
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> noise.fill(new float[64], 6, 4, 16, 0));
    assertEquals(
        "images: expected images 0 to 7, for which this noise was made, found 6 to 9",
        error.getMessage());
    assertThrows(IllegalArgumentException.class, () -> noise.fill(new float[64], -1, 4, 16, 0));
    assertThrows(IllegalArgumentException.class, () -> TorchNoise.of(1, 0));
  }

  @Test
  void generatorsAreKnownByName() {
    for (NoiseGenerator generator : NoiseGenerator.values()) {
      assertEquals(generator, NoiseGenerator.parse(generator.label()));
    }
    assertArrayEquals(
        whole(NoiseSource.ofSeed(9), 3, 32, 1),
        whole(NoiseGenerator.parse("philox").source(9, 3), 3, 32, 1));
    assertArrayEquals(
        whole(TorchNoise.of(9, 3), 3, 32, 1),
        whole(NoiseGenerator.parse("torch").source(9, 3), 3, 32, 1));
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> NoiseGenerator.parse("numpy"));
    assertEquals(
        "noise generator: expected one of philox, torch, found \"numpy\"", error.getMessage());
  }

  private static float[] whole(NoiseSource noise, int images, int elements, int draw) {
    float[] values = new float[images * elements];
    noise.fill(values, 0, images, elements, draw);
    return values;
  }
}
