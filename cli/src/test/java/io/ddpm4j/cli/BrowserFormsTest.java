package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.ddpm4j.runtime.DiffusionPipeline;
import io.ddpm4j.runtime.GenerationRequest;
import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.sampling.Samplers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sampling page of docs/browser takes every form that {@code ddpm export} writes. */
@Tag("slow")
class BrowserFormsTest {
  private static final Path PAGES = Documents.ROOT.resolve("docs/browser");
  private static final Path MODEL = Documents.ROOT.resolve("models/fashion-mnist");

  /** By name: the options of a form, all of DDIM in 6 steps. */
  private static final Map<String, List<String>> FORMS =
      Map.of(
          "half", List.of("--fp16", "--fp16-io"),
          "eighth", List.of("--int8"),
          "single", List.of("--batch", "1"),
          "three", List.of("--batch", "3"),
          "external", List.of("--external-data"),
          "loop", List.of("--sampler", "ddim:6"),
          "seeded", List.of("--sampler", "ddim:6", "--noise", "seed"),
          "pairs", List.of("--sampler", "ddim:6", "--batch", "2", "--pixels", "float"));

  /** How far images are from those of the model, on average: forms with other weights. */
  private static final Map<String, Double> ERRORS = Map.of("half", 2.0, "eighth", 8.0);

  @TempDir Path dir;

  @Test
  void everyFormGivesThePictureOfItsModel() throws IOException, InterruptedException {
    assumeTrue(
        OtherRuntime.CHROMIUM.isInstalled(),
        "skipped: no " + OtherRuntime.CHROMIUM.label + " (" + OtherRuntime.CHROMIUM.probe() + ")");
    for (Map.Entry<String, List<String>> form : FORMS.entrySet()) {
      Path file = dir.resolve(form.getKey() + ".onnx");
      List<String> command = new ArrayList<>(List.of("export", MODEL.toString()));
      command.addAll(form.getValue());
      command.addAll(List.of("-o", file.toString()));
      CommandRun.of(command.toArray()).succeeds();
    }
    JsonObject found = sampleThere();
    try (DiffusionPipeline pipeline =
        DiffusionPipeline.open(MODEL).sampler(Samplers.ddim()).steps(6).build()) {
      GenerationRequest request =
          GenerationRequest.of(4, 7).withClassLabels(1).withGuidanceScale(2.5);
      ImageBatch images = pipeline.generate(request).images();
      for (String form : FORMS.keySet()) {
        double error = meanError(images, found.getAsJsonObject(form));
        assertEquals(0, error, ERRORS.getOrDefault(form, 0.05), form);
      }
    }
  }

  private JsonObject sampleThere() throws IOException, InterruptedException {
    Path errors = dir.resolve("errors");
    Process node =
        new ProcessBuilder("node", "test/run-forms.js", dir.toString())
            .directory(PAGES.toFile())
            .redirectError(errors.toFile())
            .start();
    String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, node.waitFor(), Files.readString(errors));
    return JsonParser.parseString(said).getAsJsonObject();
  }

  /** Of the page's picture, two by two images with a pixel between, from images of one channel. */
  private static double meanError(ImageBatch images, JsonObject picture) {
    int side = images.width();
    int width = picture.get("width").getAsInt();
    assertEquals(2 * side + 1, width);
    JsonArray red = picture.getAsJsonArray("red");
    double sum = 0;
    for (int n = 0; n < 4; n++) {
      byte[] pixels = images.bytes(n);
      for (int i = 0; i < pixels.length; i++) {
        int at = (n / 2 * (side + 1) + i / side) * width + n % 2 * (side + 1) + i % side;
        sum += Math.abs((pixels[i] & 0xFF) - red.get(at).getAsInt());
      }
    }
    return sum / (4 * side * side);
  }
}
