package io.ddpm4j.cli;

import io.ddpm4j.runtime.image.NumpyArray;
import io.ddpm4j.runtime.schedule.SchedulerConfig;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Noise schedules number by number, as files of their own. */
final class BetaFiles {
  private BetaFiles() {}

  /**
   * Reads betas.
   *
   * @param file a NumPy array of rank 1 if its name ends in {@code .npy}; else JSON, a list of
   *     numbers, or an object with one as {@code trained_betas}, {@code betas} or {@code
   *     alphas_cumprod}
   * @throws IOException if it cannot be read or holds no betas that make a schedule
   */
  static List<Double> read(Path file) throws IOException {
    try {
      SchedulerConfig config =
          file.toString().endsWith(".npy")
              ? SchedulerConfig.parse("{\"betas\": " + Arrays.toString(array(file)) + "}")
              : json(Files.readString(file).strip());
      double[] betas =
          config
              .trainedBetas()
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "expected trained_betas, betas or alphas_cumprod, found none of them"));
      return Arrays.stream(betas).boxed().toList();
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    } catch (MalformedInputException e) {
      throw new IOException(file + ": expected JSON, found something that is no text", e);
    }
  }

  private static SchedulerConfig json(String text) {
    return SchedulerConfig.parse(text.startsWith("[") ? "{\"betas\": " + text + "}" : text);
  }

  private static double[] array(Path file) throws IOException {
    NumpyArray array = NumpyArray.read(file);
    if (array.shape().length != 1) {
      throw new IllegalArgumentException(
          "expected an array of rank 1, found shape " + Arrays.toString(array.shape()));
    }
    double[] values = new double[array.size()];
    Arrays.setAll(values, array::doubleAt);
    return values;
  }
}
