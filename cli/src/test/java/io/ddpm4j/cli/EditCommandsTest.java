package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.image.ImageBatch;
import io.ddpm4j.runtime.image.NumpyArray;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guidance, and the commands that work on pictures. The networks are untrained: 8x8, T = 20. */
class EditCommandsTest {
  @TempDir static Path shared;
  private static Path grey;
  private static Path guidable; // three classes and none
  private static Path picture; // left half white, 16x16
  private static Path other;

  @TempDir Path dir;

  @BeforeAll
  static void write() throws IOException {
    grey = TestModels.unet(shared.resolve("grey.onnx"), 1, List.of());
    List<String> four = List.of("Boot", "T-shirt", "Bag", "nothing");
    Map<String, String> metadata = new LinkedHashMap<>(TestModels.metadata(1, TestModels.CLASSES));
    metadata.put("ddpm4j.unet", TestModels.config(1, 4).toJson());
    metadata.put("ddpm4j.null_class", "3");
    guidable = TestModels.write(shared.resolve("guidable.onnx"), 1, four, metadata);
    picture = half(shared.resolve("half.png"), Color.WHITE, 8);
    other = half(shared.resolve("other.png"), Color.GRAY, 12);
  }

  private static Path half(Path file, Color color, int white) throws IOException {
    BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(color);
    graphics.fillRect(0, 0, white, 16);
    graphics.dispose();
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  /** The images of a command that writes a grid, at one pixel a pixel, without their frames. */
  private static int[] pixels(Path png) throws IOException {
    BufferedImage image = ImageIO.read(png.toFile());
    return IntStream.range(0, image.getWidth() * image.getHeight())
        .map(i -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
        .toArray();
  }

  private static String text(Path png) throws IOException {
    return Files.readString(png, StandardCharsets.ISO_8859_1);
  }

  private int[] sampled(Path model, Object... options) throws IOException {
    Path out = dir.resolve("sampled.png");
    Object[] common = {"sample", model, "-n", 2, "--seed", 3, "--steps", 5, "-o", out};
    List<Object> all = new ArrayList<>(List.of(common));
    all.addAll(List.of(options));
    if (!all.contains("--sampler")) {
      all.addAll(List.of("--sampler", "ddim"));
    }
    CommandRun.of(all.toArray()).succeeds();
    return pixels(out);
  }

  @Test
  void guidanceOfOneIsNoneAndThatOfZeroIsTheOther() throws IOException {
    int[] boot = sampled(guidable, "--class", "boot");
    int[] none = sampled(guidable, "--class", "none");
    assertFalse(Arrays.equals(boot, none));
    assertArrayEquals(boot, sampled(guidable, "--class", "boot", "--guidance", 1));
    assertArrayEquals(none, sampled(guidable, "--class", "boot", "--guidance", 0));
    int[] bag = sampled(guidable, "--class", "bag");
    assertArrayEquals(
        bag, sampled(guidable, "--class", "boot", "--guidance", 0, "--away-from", "bag"));
    assertFalse(Arrays.equals(boot, sampled(guidable, "--class", "boot", "--guidance", 4)));
    assertTrue(text(dir.resolve("sampled.png")).contains("Guidance scale\0" + "4.0"));
  }

  @Test
  void guidanceNeedsAClassToLeadAwayFrom() throws IOException {
    Path named = TestModels.unet(dir.resolve("named.onnx"), 1, TestModels.CLASSES);
    Path out = dir.resolve("x.png");
    CommandRun unled =
        CommandRun.of("sample", named, "--guidance", 3, "-o", out)
            .isWrongUsage("--guidance: expected 1, or --away-from CLASS beside it, since", named);
    assertEquals("", unled.out(), "nothing is announced");
    CommandRun.of("sample", grey, "--guidance", 3, "-o", out)
        .isWrongUsage("--guidance: expected 1, since", "is unconditional, found 3.0");
    CommandRun.of("sample", guidable, "--away-from", "bag", "-o", out)
        .isWrongUsage("--away-from: expected it beside --guidance");
    CommandRun.of("sample", guidable, "--guidance", 3, "--away-from", "hat", "-o", out)
        .isWrongUsage("--away-from: expected one of Boot, T-shirt, Bag, found 'hat'");
    CommandRun.of("sample", named, "--class", "none", "-o", out)
        .isWrongUsage("--class: expected one of", "found 'none'");
    assertFalse(Files.exists(out));
  }

  @Test
  void noiseLikePyTorchsDependsOnHowManyImagesThereAre() throws IOException {
    int[] philox = sampled(grey);
    int[] torch = sampled(grey, "--rng", "torch");
    assertFalse(Arrays.equals(philox, torch));
    assertTrue(text(dir.resolve("sampled.png")).contains("Noise\0torch"));
    assertArrayEquals(torch, sampled(grey, "--rng", "TORCH", "--batch-size", 1));
    CommandRun.of("sample", grey, "--rng", "numpy").isWrongUsage("--rng", "philox, torch");
    CommandRun.of("sample", grey, "--rng", "torch", "--first-image", 1, "-o", dir.resolve("x.png"))
        .isWrongUsage("first image: expected 0 with PyTorch's noise", "found 1");
  }

  @Test
  void stepsAreThoseThatTheUserAskedFor() throws IOException {
    Path out = dir.resolve("heun.png");
    CommandRun.of("sample", grey, "-n", 1, "--sampler", "heun", "--steps", 5, "-o", out)
        .succeeds()
        .prints("heun sampler, 5 steps");
    assertTrue(text(out).contains("Steps\0" + "5"));
  }

  @Test
  void repaintNeedsAMask() throws IOException {
    CommandRun run =
        CommandRun.of("sample", grey, "--sampler", "repaint", "-o", dir.resolve("x.png"))
            .isWrongUsage("sampler repaint: expected", "--from IMAGE", "--mask IMAGE");
    assertEquals("", run.out(), "nothing is announced");
  }

  @Test
  void fieldsOfTheSamplersConfigurationAreSet() throws IOException {
    int[] plain = sampled(grey);
    assertArrayEquals(plain, sampled(grey, "--set", "eta=0.0"));
    int[] noisy = sampled(grey, "--set", "eta=1", "--set", "use_clipped_model_output=true");
    assertFalse(Arrays.equals(plain, noisy));
    int[] euler = sampled(grey, "--sampler", "euler");
    int[] karras = sampled(grey, "--sampler", "euler", "--set", "use_karras_sigmas=true");
    assertFalse(Arrays.equals(euler, karras));
    int[] weaker = sampled(grey, "--set", "beta_end=0.1");
    assertFalse(Arrays.equals(plain, weaker), "the schedule changes as well");
    sampled(grey, "--set", "eta=0.5");
    assertTrue(text(dir.resolve("sampled.png")).contains("\"eta\":0.5"), "the picture says so");
    CommandRun.of("sample", grey, "--sampler", "ddim", "--set", "etta=1")
        .isWrongUsage("--set: field: expected one of", "found \"etta\"");
    CommandRun.of("sample", grey, "--sampler", "ddim", "--set", "eta=much")
        .isWrongUsage("eta: expected a number, found", "much");
    for (String noField : List.of("eta", "=1")) {
      CommandRun.of("sample", grey, "--sampler", "ddim", "--set", noField)
          .isWrongUsage("--set", "expected FIELD=VALUE, found '" + noField + "'");
    }
  }

  @Test
  void aPictureIsChangedALittleOrALot() throws IOException {
    int[] whole = sampled(grey);
    int[] little = sampled(grey, "--from", picture, "--strength", 0.2); // one step of five
    int[] much = sampled(grey, "--from", picture, "--strength", 1);
    assertFalse(Arrays.equals(whole, little));
    assertFalse(Arrays.equals(little, much));
    assertTrue(text(dir.resolve("sampled.png")).contains("Start\0image, strength 1.0"));
    CommandRun.of("sample", grey, "--strength", 0.5)
        .isWrongUsage("--strength: expected --from beside it");
    CommandRun.of("sample", grey, "--from", picture, "--strength", 0)
        .isWrongUsage("--strength", "above 0 and at most 1");
    CommandRun.of("sample", grey, "--from", picture, "--strength", 0.01, "--steps", 10)
        .isWrongUsage("strength: expected at least 1/10");
    CommandRun.of("sample", grey, "--from", dir.resolve("no.png")).failsSaying("no.png");
    Path noPicture = Files.writeString(dir.resolve("text.png"), "text");
    CommandRun.of("sample", grey, "--from", noPicture).failsSaying(noPicture, "expected a PNG");
  }

  @Test
  void aPictureIsCompletedWhereTheMaskIsBlack() throws IOException {
    for (String sampler : List.of("", "ddim")) {
      for (boolean invert : new boolean[] {false, true}) {
        Path out = dir.resolve("complete");
        List<Object> args =
            new ArrayList<>(
                List.of("sample", grey, "-n", 2, "--seed", 1, "--from", picture, "--mask"));
        args.addAll(List.of(picture, "--separate", out, "--steps", 6));
        if (invert) {
          args.add("--invert-mask");
        }
        if (!sampler.isEmpty()) {
          args.addAll(List.of("--sampler", sampler));
        }
        CommandRun.of(args.toArray())
            .succeeds()
            .prints("keeps 50 % of the pixels", sampler.isEmpty() ? "repaint" : sampler);
        for (int k = 0; k < 2; k++) {
          BufferedImage made = ImageIO.read(out.resolve("image-0000" + k + ".png").toFile());
          for (int i = 0; i < 64; i++) {
            int x = i % 8;
            if (x < 4 != invert) { // white on the left
              assertEquals(x < 4 ? 255 : 0, made.getRaster().getSample(x, i / 8, 0), "pixel " + i);
            }
          }
        }
      }
    }
    CommandRun.of("sample", grey, "--mask", picture).isWrongUsage("--mask: expected --from");
    CommandRun.of("sample", grey, "--from", picture, "--invert-mask")
        .isWrongUsage("--invert-mask: expected --mask");
  }

  @Test
  void aPictureIsCompletedFromTheMiddleOfTheWayByMethodsThatCan() throws IOException {
    Path out = dir.resolve("complete.png");
    List<Object> args =
        new ArrayList<>(List.of("sample", grey, "--from", picture, "--mask", picture, "-n", 1));
    args.addAll(List.of("--strength", 0.5, "--steps", 4, "-o", out));
    CommandRun.of(args.toArray()).succeeds().prints("ddim");
    args.addAll(List.of("--sampler", "repaint"));
    CommandRun.of(args.toArray())
        .isWrongUsage(
            "--strength: expected another --sampler than repaint, which starts from noise alone,"
                + " found 0.5");
    args.set(args.indexOf("--strength") + 1, 1);
    CommandRun.of(args.toArray()).isWrongUsage("--strength: expected another --sampler");
  }

  @Test
  void interpolationLeadsFromOneSeedToTheOther() throws IOException {
    Path out = dir.resolve("way.png");
    CommandRun.of(
            "interpolate", "--seeds", "3,9", "--frames", 3, "--steps", 5, "-m", grey, "-o", out)
        .succeeds()
        .prints(out, "3 images from seed 3 to seed 9");
    BufferedImage way = ImageIO.read(out.toFile());
    Path first = dir.resolve("first.png");
    Object[] one = {
      "sample", grey, "-n", 1, "--seed", 3, "--sampler", "ddim", "--steps", 5, "-o", first
    };
    CommandRun.of(one).succeeds();
    BufferedImage alone = ImageIO.read(first.toFile());
    for (int y = 0; y < alone.getHeight() - 2; y++) {
      for (int x = 2; x < alone.getWidth() - 2; x++) {
        assertEquals(alone.getRGB(x, y), way.getRGB(x, y));
      }
    }
  }

  @Test
  void interpolationLeadsFromOnePictureToTheOther() throws IOException {
    Path out = dir.resolve("way.png");
    CommandRun.of(
            "interpolate",
            picture,
            other,
            "--frames",
            4,
            "--strength",
            0.25,
            "--seed",
            1,
            "-m",
            guidable,
            "-o",
            out)
        .succeeds()
        .prints("4 images from " + picture + " to " + other + ", seed 1");
    assertTrue(
        text(out).contains("Classes\0none, none, none, none"), "no class, which all frames share");
    CommandRun.of("interpolate", picture, "-m", grey).isWrongUsage("two pictures", "found 1");
    CommandRun.of("interpolate", "-m", grey).isWrongUsage("two pictures", "found 0");
    CommandRun.of("interpolate", "--seeds", "1", "-m", grey).isWrongUsage("--seeds", "found 1");
    CommandRun.of("interpolate", picture, "--seeds", "1,2", "-m", grey)
        .isWrongUsage("--seeds: expected two seeds and no pictures, found 2 and 1 picture");
    CommandRun.of("interpolate", "--seeds", "1,2", "--strength", 0.5, "-m", grey)
        .isWrongUsage("--strength: expected it with two pictures");
    CommandRun.of("interpolate", "--seeds", "1,2", "--seed", 9, "-m", grey)
        .isWrongUsage("--seed: expected it with two pictures, found it with --seeds");
  }

  @Test
  void helpSaysTheDefaultsOfTheCommand() {
    String usual = "Steps per image (default: as many as the model was trained with";
    String none = "(default: none, where the model has learned it; else one has to be named).";
    assertTrue(help("sample").contains(usual + "; with --mask and no --sampler: 50)."));
    assertTrue(
        help("sample").contains("; with --mask: repaint, or ddim where --strength is given"));
    assertTrue(help("sample").contains("taken in turn (default: all in turn)."));
    assertTrue(help("interpolate").contains(usual + "; with --seeds and no --sampler: 50)."));
    assertTrue(help("interpolate").contains("ddpm where ddpm4j trained; with --seeds: ddim)."));
    assertTrue(help("interpolate").contains(none));
    for (String command : List.of("encode", "decode")) {
      assertTrue(help(command).contains("(default: 100, or all of a model with fewer timesteps)."));
      assertTrue(help(command).contains(none));
      for (String absent : List.of("--sampler", "--set", "--variance")) {
        assertFalse(help(command).contains(absent), command + " " + absent);
      }
    }
    assertTrue(help("evaluate").contains("taken in turn (default: all in turn)."));
  }

  /** Without its lines. */
  private static String help(String command) {
    return CommandRun.of(command, "--help").succeeds().out().replaceAll("\\s+", " ");
  }

  @Test
  void picturesAreEncodedAndDecodedAgain() throws IOException {
    Path latents = dir.resolve("deep/latents.npy");
    Path check = dir.resolve("check.png");
    CommandRun.of(
            "encode", picture, other, "-m", grey, "-o", latents, "--check", check, "--steps", 20)
        .succeeds()
        .prints(latents, "noise of 2 images", "standard deviation", check, "grey levels off");
    NumpyArray array = NumpyArray.read(latents);
    assertArrayEquals(new long[] {2, 1, 8, 8}, array.shape());
    assertEquals(3 * (96 + 2) + 2, ImageIO.read(check.toFile()).getHeight());

    Path again = dir.resolve("again");
    CommandRun.of("decode", latents, "-m", grey, "--separate", again, "--steps", 20).succeeds();
    BufferedImage made = ImageIO.read(again.resolve("image-00000.png").toFile());
    byte[] wanted = ImageBatch.ofImage(ImageIO.read(picture.toFile()), 1).bytes(0);
    double off = 0;
    for (int i = 0; i < 64; i++) {
      int level = wanted[i / 8 * 2 * 16 + i % 8 * 2] & 0xFF;
      off += Math.abs(level - made.getRaster().getSample(i % 8, i / 8, 0));
    }
    assertTrue(off / 64 < 40, "an untrained network is not smooth, but near: " + off / 64);
  }

  @Test
  void whatCannotBeEncodedOrDecodedIsSaid() throws IOException {
    Path named = TestModels.unet(dir.resolve("named.onnx"), 1, TestModels.CLASSES);
    CommandRun.of("encode", picture, "-m", named)
        .isWrongUsage("--class: expected the class of the images", named);
    CommandRun.of("encode", "-m", grey).isWrongUsage("IMAGE");
    for (String command : List.of("encode", "decode")) { // DDIM, which draws no noise
      CommandRun.of(command, picture, "-m", grey, "--sampler", "euler").isWrongUsage("--sampler");
      CommandRun.of(command, picture, "-m", grey, "--set", "eta=1").isWrongUsage("--set");
      CommandRun.of(command, picture, "-m", grey, "--variance", "fixed_large")
          .isWrongUsage("--variance");
      CommandRun.of(command, picture, "-m", grey, "--seed", 5).isWrongUsage("--seed");
      CommandRun.of(command, picture, "-m", grey, "--rng", "torch").isWrongUsage("--rng");
    }
    Path array = dir.resolve("wrong.npy");
    NumpyArray.of(new float[12], 1, 3, 2, 2).write(array);
    CommandRun.of("decode", array, "-m", grey)
        .failsSaying(array, "expected the shape (N, 1, 8, 8)", "found [1, 3, 2, 2]");
    CommandRun.of("decode", picture, "-m", grey).failsSaying(picture, "expected a .npy file");
    CommandRun.of("decode", dir.resolve("no.npy"), "-m", grey).failsSaying("no.npy");
    assertFalse(Files.exists(Path.of("latents.npy")));
  }
}
