package io.ddpm4j.trainer.loop;

import static io.ddpm4j.trainer.loop.TrainerTest.SILENT;
import static io.ddpm4j.trainer.loop.TrainerTest.fails;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ddpm4j.runtime.sampling.Cancellation;
import io.ddpm4j.trainer.checkpoint.CheckpointException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a run may begin, and what it must find there to go on. */
class RunFolderTest {
  @TempDir Path folder;
  private Path run;

  @BeforeEach
  void name() {
    run = folder.resolve("run");
  }

  private static TrainConfig config(long steps) {
    return TrainerTest.config(steps, 0, 1e-3, true);
  }

  private Trainer create() throws IOException {
    return Trainer.create(run, config(3), w -> {});
  }

  private Trainer resume(Long steps) throws IOException {
    return Trainer.resume(run, Optional.ofNullable(steps), w -> {});
  }

  @Test
  void aRunIsCalledAfterItsFolder() {
    assertEquals("photos", RunFolder.nameOf(folder.resolve("photos/.")));
    assertEquals("run", RunFolder.nameOf(folder.getRoot()), "a root has no name");
  }

  // --- beginning -------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(
      strings = {"run.json", "config.json", "metrics.csv", "loss.png", "notes.txt", "samples"})
  void somebodysFilesAreLeftAlone(String name) throws IOException {
    Files.createDirectory(run);
    Files.writeString(run.resolve(name), "{\"mine\": 1}");
    fails(
        IOException.class,
        this::create,
        run + ": expected an empty folder for a new run, found " + name);
    assertEquals("{\"mine\": 1}", Files.readString(run.resolve(name)));
    try (var files = Files.list(run)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void whatEndedBeforeItsFirstCheckpointMayBeginAgain() throws IOException {
    create();
    Files.writeString(run.resolve("metrics.csv"), "step,loss\n");
    Files.writeString(run.resolve(".DS_Store"), "");
    create().run(SILENT, new Cancellation());
    fails(IOException.class, this::create, "expected a folder without a run");
  }

  @Test
  void twoCannotTrainInOneFolder() throws IOException {
    create().run(SILENT, new Cancellation());
    String said = run + ": expected a folder in which no other training is at work";
    TrainListener another =
        new TrainListener() {
          @Override
          public void onStart(RunSummary summary) {
            fails(IOException.class, () -> resume(9L), said);
          }
        };
    Trainer second = resume(6L);
    resume(6L).run(another, new Cancellation());
    FolderLock lock = FolderLock.acquire(run, FolderLock.TRAINING, w -> {});
    try {
      fails(IOException.class, () -> second.run(SILENT, new Cancellation()), said);
    } finally {
      lock.close();
      lock.close();
    }
    assertEquals(6, new RunFolder(run).readConfig().run().steps());
    FolderLock.acquire(run, FolderLock.TRAINING, w -> {}).close();
  }

  @Test
  void aRunThatBeginsAgainWhileTheFirstIsAtWorkIsRefused() throws IOException {
    TrainListener another =
        new TrainListener() {
          @Override
          public void onStart(RunSummary summary) {
            fails(
                IOException.class,
                () -> create(),
                "in which no other training is at work, found one");
          }
        };
    create().run(another, new Cancellation());
  }

  @Test
  void anotherProcessHoldsTheLock() throws Exception {
    create();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Path holder = folder.resolve("Holder.java");
    Files.writeString(
        holder,
        """
        import java.nio.channels.FileChannel;
        import java.nio.file.*;
        public class Holder {
          public static void main(String[] args) throws Exception {
            FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE).lock();
            System.out.println("locked");
            System.in.read();
          }
        }
        """);
    Process process =
        new ProcessBuilder(java, holder.toString(), run.resolve(".training.lock").toString())
            .start();
    try {
      assertEquals("locked", process.inputReader().readLine());
      fails(IOException.class, this::create, "in which no other training is at work, found one");
    } finally {
      process.destroyForcibly().waitFor();
    }
    create().run(SILENT, new Cancellation());
  }

  // --- going on --------------------------------------------------------------------------------

  @Test
  void fewerStepsThanThereAreAreRefused() throws IOException {
    create().run(SILENT, new Cancellation());
    fails(
        IllegalArgumentException.class,
        () -> resume(2L),
        "--steps: expected at least 3, the step of ",
        ", found 2");
    assertEquals(3, new RunFolder(run).readConfig().run().steps());
    assertTrue(resume(3L).run(SILENT, new Cancellation()).finished());
  }

  private Path pictures(int colour) throws IOException {
    Path pictures = Files.createDirectories(folder.resolve("pictures"));
    for (String name : List.of("a", "b")) {
      BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
      image.setRGB(1, 1, colour);
      Path file = Files.createDirectories(pictures.resolve(name)).resolve("1.png");
      ImageIO.write(image, "png", file.toFile());
    }
    return pictures;
  }

  private TrainConfig onPictures() throws IOException {
    TrainConfig c = config(3);
    return new TrainConfig(
        new DataConfig(pictures(0xff0000).toString(), null, null, 8, null, null, true, false),
        c.network(),
        c.diffusion(),
        c.optimizer(),
        c.run());
  }

  @Test
  void otherDataAreRefused() throws IOException {
    Trainer.create(run, onPictures(), w -> {}).run(SILENT, new Cancellation());
    String said = "dataset.json: the run began with other data: expected ";
    resume(null);
    pictures(0x00ff00);
    fails(CheckpointException.class, () -> resume(null), said + "pixels and labels with SHA-256 ");
    Path one = pictures(0xff0000).resolve("b/1.png");
    Files.copy(one, one.resolveSibling("2.png"));
    fails(CheckpointException.class, () -> resume(null), said + "2 images, found 3");
    Files.delete(one.resolveSibling("2.png"));
    Files.move(one.getParent(), one.getParent().resolveSibling("c"));
    fails(CheckpointException.class, () -> resume(null), said + "the classes [a, b], found [a, c]");
  }

  @Test
  void earlyRunsHaveNoFingerprint() throws IOException {
    Trainer.create(run, onPictures(), w -> {}).run(SILENT, new Cancellation());
    Path file = new RunFolder(run).dataset();
    String whole = Files.readString(file);
    String early = whole.replaceAll(",\"shape\".*", "}");
    assertFalse(early.contains("sha256"), early);
    Files.writeString(file, early);
    resume(null);
    assertEquals(whole, Files.readString(file), "from now on it has one");
    Files.writeString(file, early.replace("\"images\":2", "\"images\":3"));
    fails(CheckpointException.class, () -> resume(null), "expected 3 images, found 2");
    Files.delete(file);
    resume(null);
    assertEquals(whole, Files.readString(file));
  }

  private void export() throws IOException {
    RunExporter.export(run, folder.resolve("model.onnx"));
  }

  @Test
  void anExportNeedsANameForEachClass() throws IOException {
    create().run(SILENT, new Cancellation());
    Path file = new RunFolder(run).dataset();
    String text = Files.readString(file);
    Files.writeString(file, text.replaceFirst("\"classes\":\\[[^]]*]", "\"classes\":[\"one\"]"));
    fails(IOException.class, this::export, file + ": expected 6 class names", "found 1");
    Files.writeString(file, text.replace("\"images\":6000", "\"images\":\"x\""));
    fails(IOException.class, this::export, file + ": expected the data of a run with a whole");
    fails(IOException.class, () -> resume(9L), file + ": expected the data of a run with a whole");
    Files.delete(file);
    fails(IOException.class, this::export, file + ": expected the description of the run's data");
    assertFalse(Files.exists(folder.resolve("model.onnx")));
  }
}
