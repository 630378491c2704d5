package io.ddpm4j.trainer.classifier;

import io.ddpm4j.runtime.image.LineChart;
import io.ddpm4j.runtime.image.PngWriter;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** The epochs of a run until now: {@code metrics.csv} and {@code accuracy.png}. */
final class EpochLog {
  private final ClassifierFolder folder;
  private final List<Epoch> epochs = new ArrayList<>();

  /**
   * @param step epochs after it are left out: they are trained anew
   * @throws IOException if the file is there and no such file
   */
  EpochLog(ClassifierFolder folder, long step) throws IOException {
    this.folder = folder;
    if (step > 0 && Files.exists(folder.metrics())) {
      try {
        Files.readAllLines(folder.metrics()).stream()
            .skip(1)
            .map(Epoch::ofCsv)
            .filter(epoch -> epoch.step() <= step)
            .forEach(epochs::add);
      } catch (IllegalArgumentException e) {
        throw new IOException(folder.metrics() + ": " + e.getMessage(), e);
      } catch (CharacterCodingException e) {
        throw new IOException(
            folder.metrics()
                + ": expected UTF-8 text, found other bytes; delete it to go on without the epochs"
                + " until now",
            e);
      }
    }
  }

  /**
   * Adds one.
   *
   * @return it with the digits that the file has, so that a resumed run compares the same numbers
   */
  Epoch add(Epoch measured) throws IOException {
    Epoch epoch = Epoch.ofCsv(measured.toCsv());
    epochs.add(epoch);
    StringBuilder csv = new StringBuilder(Epoch.HEADER).append('\n');
    epochs.forEach(each -> csv.append(each.toCsv()).append('\n'));
    folder.writeText(folder.metrics(), csv.toString());
    return epoch;
  }

  /** The step at which the newest epoch ended; 0 if none has. */
  long step() {
    return epochs.isEmpty() ? 0 : epochs.get(epochs.size() - 1).step();
  }

  /** That with the highest accuracy on the images that are held out; of equal ones the last. */
  Optional<Epoch> best() {
    return epochs.stream()
        .max(Comparator.comparingDouble(Epoch::heldOutAccuracy).thenComparing(Epoch::epoch));
  }

  void draw() throws IOException {
    LineChart chart =
        new LineChart("Accuracy on images that are held out")
            .xLabel("epoch")
            .yLabel("share that is right")
            .line("", 0x1F4E8C, values(Epoch::epoch), values(Epoch::heldOutAccuracy));
    PngWriter.write(folder.curve(), chart.render(900, 500), Map.of());
  }

  private double[] values(ToDoubleFunction<Epoch> value) {
    return epochs.stream().mapToDouble(value).toArray();
  }
}
