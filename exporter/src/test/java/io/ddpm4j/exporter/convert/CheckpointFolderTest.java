package io.ddpm4j.exporter.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files of a folder are taken. */
class CheckpointFolderTest {
  private static final String NAME = "diffusion_pytorch_model";

  @TempDir Path dir;

  private Path touch(String name) throws IOException {
    Path file = dir.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, "{}");
  }

  private String weights(String... variant) throws IOException {
    Optional<String> wanted = variant.length == 0 ? Optional.empty() : Optional.of(variant[0]);
    return CheckpointFolder.of(dir, wanted).weights().getFileName().toString();
  }

  /** In whatever order the folder lists them. */
  @ParameterizedTest
  @ValueSource(strings = {"", ".fp16", ".non_ema"})
  void theFormatThatLoadsBestIsTaken(String variant) throws IOException {
    List<String> best =
        new ArrayList<>(
            List.of(
                NAME + variant + ".safetensors",
                NAME + variant + ".safetensors.index.json",
                NAME + variant + ".bin",
                NAME + variant + ".bin.index.json"));
    touch(NAME + "-00001-of-00002.safetensors"); // a shard is no checkpoint
    touch(NAME + variant + "-00001-of-00002.bin");
    Collections.reverse(best);
    for (String file : best) {
      touch(file);
      assertEquals(file, weights());
      if (!variant.isEmpty()) {
        assertEquals(file, weights(variant.substring(1)));
      }
    }
  }

  @Test
  void indicesHaveTheirVariantInEitherPlace() throws IOException {
    touch(NAME + ".safetensors.index.fp16.json");
    assertEquals(NAME + ".safetensors.index.fp16.json", weights());
    touch(NAME + ".fp16.bin");
    assertEquals(NAME + ".safetensors.index.fp16.json", weights("fp16"));
    touch(NAME + ".bin");
    assertEquals(NAME + ".bin", weights());
  }

  @Test
  void severalVariantsAreNamed() throws IOException {
    for (String variant : List.of(".fp16", ".bf16")) {
      touch(NAME + variant + ".bin");
      touch(NAME + variant + ".safetensors");
    }
    Exception e = assertThrows(ConversionException.class, () -> weights());
    assertTrue(
        e.getMessage()
            .endsWith(
                "found diffusion_pytorch_model.bf16.safetensors,"
                    + " diffusion_pytorch_model.bf16.bin,"
                    + " diffusion_pytorch_model.fp16.safetensors,"
                    + " diffusion_pytorch_model.fp16.bin; --variant names one of bf16, fp16"),
        e.getMessage());
    assertThrows(ConversionException.class, () -> weights("fp32"));
    assertEquals(NAME + ".bf16.safetensors", weights("bf16"));
  }

  @Test
  void ofATrainingsTwoNetworksTheAverageIsTaken() throws IOException {
    touch("unet/" + NAME + ".safetensors");
    assertEquals(List.of(), CheckpointFolder.of(dir, Optional.empty()).notes());
    Files.createDirectories(dir.resolve("unet_ema")); // without weights it is none
    assertEquals(List.of(), CheckpointFolder.of(dir, Optional.empty()).notes());
    Path average = touch("unet_ema/" + NAME + ".safetensors");
    Path config = touch("unet_ema/config.json");
    CheckpointFolder folder = CheckpointFolder.of(dir, Optional.empty());
    assertEquals(average, folder.weights());
    assertEquals(Optional.of(config), folder.config());
    assertTrue(folder.notes().get(0).contains("the average of the weights"));
    CheckpointFolder other = CheckpointFolder.of(dir.resolve("unet"), Optional.empty());
    assertEquals(dir.resolve("unet/" + NAME + ".safetensors"), other.weights());
    assertEquals(List.of(), other.notes());
  }

  @Test
  void pipelinesOfLatentsAreToldFromThoseOfPictures() throws IOException {
    touch("unet/" + NAME + ".safetensors");
    Path index = dir.resolve("model_index.json");
    Files.writeString(
        index,
        """
        {"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"], "vae": [null, null],
         "safety_checker": null}
        """);
    assertEquals(List.of(), CheckpointFolder.of(dir, Optional.empty()).notes());
    for (String decoder : List.of("vqvae", "vae")) {
      Files.writeString(index, "{\"%s\": [\"diffusers\", \"VQModel\"]}".formatted(decoder));
      for (Path folder : List.of(dir, dir.resolve("unet"))) {
        List<String> notes = CheckpointFolder.of(folder, Optional.empty()).notes();
        assertTrue(notes.get(0).startsWith("the model predicts latents"), notes.toString());
        assertTrue(notes.get(0).contains(" " + decoder + " "), notes.toString());
      }
    }
    for (String damaged : List.of("<html>", "[]", "{", "[".repeat(100_000), "")) {
      Files.writeString(index, damaged);
      Exception e =
          assertThrows(ConversionException.class, () -> CheckpointFolder.of(dir, Optional.empty()));
      assertTrue(e.getMessage().startsWith(index + ": expected a JSON object"), e.getMessage());
    }
  }

  /** As a cache of downloads lays them: links to files whose names say nothing. */
  @Test
  void linksAreFollowed() throws IOException {
    Path blob = touch("blobs/0123abc");
    Path unet = Files.createDirectories(dir.resolve("snapshot/unet"));
    Path link = Files.createSymbolicLink(unet.resolve(NAME + ".bin"), blob);
    Files.createDirectories(dir.resolve("snapshot/scheduler"));
    Path scheduler = touch("snapshot/scheduler/scheduler_config.json");
    CheckpointFolder folder = CheckpointFolder.of(unet, Optional.empty());
    assertEquals(link, folder.weights());
    assertEquals(Optional.of(scheduler), folder.scheduler());
    Path here = unet.resolve("../unet/.");
    assertEquals(
        scheduler.toRealPath(),
        CheckpointFolder.of(here, Optional.empty()).scheduler().orElseThrow().toRealPath());
  }
}
