package io.ddpm4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainClassifierCommandTest {
  @TempDir Path dir;

  /** Dark squares and bright ones, 40 of each. */
  private Path pictures() throws IOException {
    Random random = new Random(3);
    for (String name : new String[] {"dark", "bright"}) {
      Path folder = Files.createDirectories(dir.resolve("pictures").resolve(name));
      for (int i = 0; i < 40; i++) {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        int level = random.nextInt(100) + (name.equals("bright") ? 155 : 0);
        g.setColor(new Color(level, level, random.nextInt(256)));
        g.fillRect(0, 0, 8, 8);
        g.dispose();
        ImageIO.write(image, "png", folder.resolve(i + ".png").toFile());
      }
    }
    return dir.resolve("pictures");
  }

  private CommandRun train(Object... further) throws IOException {
    Object[] args = {
      "train-classifier",
      "--data",
      pictures(),
      "--image-size",
      8,
      "--widths",
      "8,8",
      "--epochs",
      2,
      "--batch-size",
      8,
      "--threads",
      1,
      "--held-out",
      0.2,
      "--learning-rate",
      0.01,
      "--warmup-steps",
      2,
      "--ema-decay",
      0.5,
      "--out",
      dir.resolve("run")
    };
    Object[] all = Arrays.copyOf(args, args.length + further.length);
    System.arraycopy(further, 0, all, args.length, further.length);
    return CommandRun.of(all);
  }

  @Test
  void trainsAndLeavesAModelThatSaysWhatItIs() throws IOException {
    Path run = dir.resolve("run");
    CommandRun trained = train("--labels-from-folders", "--horizontal-flips");
    assertEquals(0, trained.exitCode(), trained.err());
    trained.prints("parameters", run.resolve("model.onnx"), "right of the images held out");
    assertTrue(trained.err().contains("epoch 2: loss"), trained.err());
    for (String file : new String[] {"model.onnx", "metrics.csv", "accuracy.png", "dataset.json"}) {
      assertTrue(Files.isRegularFile(run.resolve(file)), file);
    }
    CommandRun shown = CommandRun.of("inspect", run).succeeds();
    shown
        .prints("images: float[batch, 3, 8, 8]", "logits: float[batch, 2]")
        .prints("classifier    channels 8, 8, residual blocks 1, 1")
        .prints("classes       2: bright, dark", "origin        dataset pictures");
    assertEquals(-1, shown.out().indexOf("\nschedule"), shown.out());
    CommandRun.of("sample", run, "-o", dir.resolve("x.png"))
        .failsSaying("model.onnx", "expected a network that predicts noise, found a classifier");
    CommandRun.of("train", "--data", "shapes", "--init", run, "--out", dir.resolve("other"))
        .failsSaying("model.onnx", "found a classifier");
    CommandRun.of("train-classifier", "--resume", "--out", run)
        .succeeds()
        .prints("right of the images held out");
  }

  @Test
  void refusesWhatDoesNotGo() throws IOException {
    train().isWrongUsage("--data", "at least two classes", "images without labels");
    train("--labels-from-folders", "--groups", 3)
        .isWrongUsage("widths", "multiple of the 3 groups", "[8, 8]");
    train("--labels-from-folders", "--label-smoothing", 1.5).isWrongUsage("--label-smoothing");
    train("--labels-from-folders", "--resume").isWrongUsage("--data does not apply with --resume");
    CommandRun.of("train-classifier", "--resume").isWrongUsage("--out: expected");
    CommandRun.of("train-classifier").isWrongUsage("--data: expected");
    CommandRun.of("train-classifier", "--resume", "--out", dir.resolve("none"))
        .failsSaying(dir.resolve("none"), "classifier.json", "no such folder");
    Path damaged = Files.createDirectories(dir.resolve("damaged"));
    Files.write(damaged.resolve("classifier.json"), new byte[] {'{', (byte) 0xFF, '}'});
    CommandRun.of("train-classifier", "--resume", "--out", damaged)
        .failsSaying("classifier.json: expected JSON, found something that is no text");
  }

  @Test
  void aRunWithoutAModelIsNoModel() throws IOException {
    Path run = Files.createDirectories(dir.resolve("begun"));
    Files.writeString(run.resolve("classifier.json"), "{}");
    Files.writeString(run.resolve("metrics.csv"), "epoch");
    CommandRun.of("sample", run, "-o", dir.resolve("x.png"))
        .failsSaying(run, "holds no model.onnx");
  }
}
