package io.ddpm4j.trainer.evaluate.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Held against Pillow on planes of floats, {@code resize.json}: smaller, larger, both, neither. */
class PlaneResizerTest {

  @Test
  void planesAreResizedAsPillowDoes() throws IOException {
    int cases = 0;
    try (InputStream in = PlaneResizerTest.class.getResourceAsStream("resize.json")) {
      JsonObject file =
          JsonParser.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8))
              .getAsJsonObject();
      for (JsonElement element : file.getAsJsonArray("cases")) {
        JsonObject c = element.getAsJsonObject();
        int height = c.get("to_height").getAsInt();
        int width = c.get("to_width").getAsInt();
        PlaneResizer resizer =
            new PlaneResizer(
                ResizeFilter.valueOf(c.get("filter").getAsString().toUpperCase(Locale.ROOT)),
                c.get("height").getAsInt(),
                c.get("width").getAsInt(),
                height,
                width);
        float[] resized = new float[height * width];
        for (int again = 0; again < 2; again++) { // nothing is left from the plane before
          resizer.resize(floats(c.getAsJsonArray("levels")), resized);
          assertArrayEquals(floats(c.getAsJsonArray("resized")), resized, 2e-5f, c.toString());
        }
        cases++;
      }
    }
    assertTrue(cases >= 14, "cases: " + cases);
  }

  /** What a network is given, as clean-fid gives it: Pillow's numbers, clipped to 0 to 255. */
  @Test
  void networksAreGivenNothingBeyondBlackAndWhite() throws IOException {
    int clipped = 0;
    try (InputStream in = PlaneResizerTest.class.getResourceAsStream("resize.json")) {
      JsonObject file =
          JsonParser.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8))
              .getAsJsonObject();
      for (JsonElement element : file.getAsJsonArray("cases")) {
        JsonObject c = element.getAsJsonObject();
        int[] from = {1, c.get("height").getAsInt(), c.get("width").getAsInt()};
        int[] to = {1, c.get("to_height").getAsInt(), c.get("to_width").getAsInt()};
        ImagePreparation preparation =
            new ImagePreparation(
                from,
                to,
                false,
                PixelScale.UNIT,
                ResizeFilter.valueOf(c.get("filter").getAsString().toUpperCase(Locale.ROOT)));
        float[] levels = floats(c.getAsJsonArray("levels"));
        byte[] image = new byte[levels.length];
        for (int i = 0; i < image.length; i++) {
          image[i] = (byte) levels[i];
        }
        float[] given = new float[preparation.elements()];
        preparation.prepare(image, given, 0);
        float[] resized = floats(c.getAsJsonArray("resized"));
        for (int i = 0; i < resized.length; i++) {
          float level = Math.max(0, Math.min(255, resized[i]));
          clipped += level == resized[i] ? 0 : 1;
          assertEquals(level / 255, given[i], 1e-6f, c.toString());
        }
      }
    }
    assertTrue(clipped > 10, "numbers beyond black and white: " + clipped);
  }

  private static float[] floats(JsonArray array) {
    float[] floats = new float[array.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = array.get(i).getAsFloat();
    }
    return floats;
  }

  @Test
  void aPlaneOfOneLevelStaysOne() {
    for (ResizeFilter filter : ResizeFilter.values()) {
      float[] plane = new float[28 * 28];
      Arrays.fill(plane, 77);
      float[] resized = new float[299 * 10];
      new PlaneResizer(filter, 28, 28, 299, 10).resize(plane, resized);
      for (float level : resized) {
        assertEquals(77, level, 1e-4);
      }
    }
  }
}
